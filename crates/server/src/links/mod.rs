use crate::Server;
use axum::Router;
pub(crate) fn router() -> Router<Server> {
    Router::new()
}

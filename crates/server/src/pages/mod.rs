use crate::Server;
use axum::Router;
pub(crate) mod session;
pub(crate) fn router() -> Router<Server> {
    Router::new()
}

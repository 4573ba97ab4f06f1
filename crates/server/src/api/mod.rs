use crate::Server;
use axum::Router;
pub(crate) mod host {
    use axum::extract::{Request, State};
    use axum::middleware::Next;
    pub async fn check(State(_): State<crate::Server>, request: Request, next: Next) -> axum::response::Response {
        next.run(request).await
    }
}
pub(crate) fn router(_: &Server) -> Router<Server> {
    Router::new()
}

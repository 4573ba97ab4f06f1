//! `openapi`: the own API's description.

use crate::cli::Common;
use crate::exit::{Done, Exit};
use crate::output;

/// Prints the document of the running server.
pub async fn run(common: &Common) -> Done {
    let reply = common.client()?.get("/openapi.json").await?;
    output::json(&reply.body);
    Ok(Exit::Yes)
}

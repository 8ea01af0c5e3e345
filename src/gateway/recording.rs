//! (to be written)
use std::sync::Arc;
use axum::extract::State;
use axum::response::Response;
use super::node::Node;
use crate::http::Problem;
use crate::base::Code;
pub(super) async fn records(State(_node): State<Arc<Node>>) -> Result<Response, Problem> { Err(Problem::new(Code::NotReady)) }

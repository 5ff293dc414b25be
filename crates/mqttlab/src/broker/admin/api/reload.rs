//! Reading the files again.

use axum::extract::State;
use axum::http::StatusCode;
use tokio::sync::oneshot;

use super::Problem;
use crate::broker::admin::Admin;

/// Read configuration, passwords, rules, tokens and certificates again
///
/// As SIGHUP does. When the answer comes all threads go by what was read. Where anything is wrong everything stays as it was.
#[utoipa::path(post, path = "/api/v1/reload", tag = "configuration",
    responses((status = 204), (status = 422, body = Problem)))]
pub(super) async fn reload(State(admin): State<Admin>) -> Result<StatusCode, Problem> {
    let (asker, answer) = oneshot::channel();
    let stopping = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the broker is stopping");
    let asked = admin.reload.send(asker).await;
    asked.map_err(|_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the broker is stopping"))?;
    match answer.await.map_err(stopping)? {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(why) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why)),
    }
}

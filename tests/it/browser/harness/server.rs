//! Serves the built page on a port of its own, for as long as the runtime lives.

use std::path::PathBuf;

use anyhow::Result;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

/// Serves `folder` and says where, without a slash at the end.
pub(super) async fn serve(folder: PathBuf) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let router = axum::Router::new().fallback_service(ServeDir::new(folder));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(origin)
}

//! Serves the built page on a port of its own, for as long as the runtime lives.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use axum::routing::get;
use mqttlab_texts::compile::{PSEUDO, Texts, lines};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

/// The applications with texts: how their tables are called, and their folders.
const APPLICATIONS: &[(&str, &str)] = &[
    ("lab", "crates/mqttlab-web/texts"),
    ("sandbox", "crates/mqttlab-sandbox/texts"),
];

/// Serves `folder` and says where, without a slash at the end; `project` has the texts of a language for tests.
pub(super) async fn serve(folder: PathBuf, project: &Path) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let mut router = axum::Router::new().fallback_service(ServeDir::new(folder));
    for (name, texts) in APPLICATIONS {
        let texts = Texts::read(name, &project.join(texts));
        let texts = texts.map_err(|problems| anyhow!(lines(&problems)))?;
        let (file, table) = (texts.file_of(PSEUDO), texts.pseudo());
        router = router.route(&format!("/{file}"), get(async move || table));
    }
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(origin)
}

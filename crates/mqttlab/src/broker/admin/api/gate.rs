//! Who is let through to the admin interface.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::{BODY_MAX, Problem, parameters};
use crate::broker::admin::Admin;
use crate::broker::admin::door::Asker;
use crate::broker::admin::tokens::Verdict;
use crate::log;

/// Characters of a body that the log tells.
const BODY_TOLD_MAX: usize = 300;

/// Says in the document that a token is needed.
pub(super) struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A line of the file that `http.token-file` names."));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    }
}

/// Lets through whoever has a token. A browser does not send one by itself, and what a page of another origin asks for is
/// refused even with one.
pub(super) async fn guard(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if is_foreign(headers) {
        let code = StatusCode::FORBIDDEN;
        return Problem::new(code, "pages of other origins may not ask").into_response();
    }
    match admin.keys.judge(token(headers)) {
        Verdict::Good(line) => attend(request, next, line).await,
        Verdict::Wrong => {
            let challenge = (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            let problem = Problem::new(
                StatusCode::UNAUTHORIZED,
                "send Authorization: Bearer TOKEN with a token of http.token-file",
            );
            ([challenge], problem).into_response()
        }
        Verdict::Closed => Problem::new(
            StatusCode::FORBIDDEN,
            "the admin interface is closed; give --token-file, a file with a token a line, to open it",
        )
        .into_response(),
    }
}

/// Has the request fulfilled. What is more than a look is in the log, for those who ask later who did what.
async fn attend(request: Request, next: Next, token_line: u32) -> Response {
    if let Err(problem) = parameters::check(&request) {
        return problem.into_response();
    }
    if request.method() == Method::GET {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_MAX).await else {
        let code = StatusCode::PAYLOAD_TOO_LARGE;
        let problem = Problem::new(code, format!("the body may have {BODY_MAX} bytes"));
        return problem.into_response();
    };
    let peer = head.extensions.get::<Asker>().map(|asker| asker.0);
    let (method, uri, wish) = (head.method.clone(), head.uri.to_string(), wish(&body));
    let response = next.run(Request::from_parts(head, body.into())).await;
    let status = response.status().as_u16();
    tracing::info!(
        peer = peer.map(tracing::field::display), token_line, %method, uri = &*log::plain(&uri), status, body = wish,
        "asked for by an operator"
    );
    response
}

/// The beginning of a body, fit for the log.
fn wish(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let begin: String = text.chars().take(BODY_TOLD_MAX).collect();
    let more = if begin.len() < text.len() { "…" } else { "" };
    (!text.is_empty()).then(|| format!("{}{more}", log::plain(&begin)))
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a page asks that did not come from here.
fn is_foreign(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let from = origin.to_str().ok().and_then(|o| o.split_once("://"));
    from.is_none_or(|(_, authority)| Some(authority) != host)
}

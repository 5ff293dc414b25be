//! Who is let through to the admin interface.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::Problem;
use crate::broker::admin::Admin;
use crate::broker::admin::tokens::Verdict;
use crate::log;

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
        Verdict::Good => attend(request, next).await,
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

/// Has the request fulfilled. What is more than a look is in the log, for those who ask later who did that.
async fn attend(request: Request, next: Next) -> Response {
    let asked = (request.method() != Method::GET).then(|| {
        let uri = request.uri().to_string();
        (request.method().clone(), uri)
    });
    let response = next.run(request).await;
    if let Some((method, uri)) = asked {
        let status = response.status().as_u16();
        tracing::info!(%method, uri = &*log::plain(&uri), status, "asked for by an operator");
    }
    response
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

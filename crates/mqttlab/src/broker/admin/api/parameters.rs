//! What requests say in their paths and queries, and what is said where that is wrong.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::Method;
use axum::http::request::Parts;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};

use super::{Document, PAGE_MAX, Problem};

/// How alike a name must be to one that is known, to be taken for a slip.
const SIMILARITY_MIN: f64 = 0.7;

/// What stands in the query.
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        let axum::extract::Query(it) = query.map_err(|error| refusal(&error.body_text()))?;
        Ok(Self(it))
    }
}

/// What stands in the path where its template has a name.
pub(super) struct Path(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Path {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        let axum::extract::Path(it) = path.map_err(|error| refusal(&error.body_text()))?;
        Ok(Self(it))
    }
}

/// Without what the library says before the point.
fn refusal(text: &str) -> Problem {
    let point = text.split_once(": ").map_or(text, |(_, point)| point);
    Problem::bad(point)
}

/// A number in a query.
pub(super) fn number<'de, D: Deserializer<'de>>(source: D) -> Result<Option<usize>, D::Error> {
    let text = String::deserialize(source)?;
    let wrong = |_| D::Error::custom(format!("give a number up to {PAGE_MAX}"));
    text.parse().map(Some).map_err(wrong)
}

/// The parameters of all operations, by path and method, as the document says.
static KNOWN: LazyLock<BTreeMap<(String, Method), Vec<String>>> = LazyLock::new(|| {
    let paths = Document::openapi().paths.paths;
    let operations = paths.into_iter().flat_map(|(path, item)| {
        let PathItem {
            get,
            put,
            post,
            delete,
            ..
        } = item;
        let all = [
            (Method::GET, get),
            (Method::PUT, put),
            (Method::POST, post),
            (Method::DELETE, delete),
        ];
        all.into_iter().filter_map(move |(method, operation)| {
            let names = in_query(operation?);
            Some(((path.clone(), method), names))
        })
    });
    operations.collect()
});

fn in_query(operation: Operation) -> Vec<String> {
    let parameters = operation.parameters.unwrap_or_default();
    parameters
        .into_iter()
        .filter(|parameter| parameter.parameter_in == ParameterIn::Query)
        .map(|parameter| parameter.name)
        .collect()
}

/// Refuses parameters that the operation does not have: whoever misspells one would get or clear more than was meant.
pub(super) fn check(request: &Request) -> Result<(), Problem> {
    let path = request.extensions().get::<MatchedPath>();
    // What is not there has nothing to be wrong with.
    let Some(path) = path.map(MatchedPath::as_str) else {
        return Ok(());
    };
    let known = (path.to_owned(), request.method().clone());
    let Some(known) = KNOWN.get(&known) else {
        return Ok(());
    };
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let axum::extract::Query(pairs) = query.map_err(|error| refusal(&error.body_text()))?;
    let mut names = pairs.iter().map(|(name, _)| name);
    match names.find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => Err(unknown(name, known)),
    }
}

fn unknown(name: &str, known: &[String]) -> Problem {
    let likeness = |other: &str| strsim::jaro_winkler(name, other);
    let nearest = known
        .iter()
        .map(|other| (likeness(other), other))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness >= SIMILARITY_MIN);
    let hint = match (nearest, known) {
        (Some((_, nearest)), _) => format!("did you mean {nearest}?"),
        (None, []) => "there are none here".into(),
        (None, known) => format!("there are {}", known.join(", ")),
    };
    Problem::bad(format!("{name}: no such parameter; {hint}"))
}

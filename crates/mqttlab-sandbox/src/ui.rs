//! What the sandbox shows.

pub(crate) mod fields;
pub(crate) mod forms;
pub(crate) mod lists;
pub(crate) mod start;
pub(crate) mod steps;
pub(crate) mod text;

use yew::{Html, component};

/// Nothing at all.
#[component]
pub(crate) fn Nothing() -> Html {
    Html::default()
}

//! The words of the page: a constant for each text of `texts/en.ftl`, a function for each that has arguments.
//!
//! `docs/translating.md` says how they are written, and how another language is added.

use yew::{Html, html};

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// Stands for an element within a text, until [`around`] puts it there.
pub(crate) const PLACE: &str = "\u{fffc}";

/// A text with an element in the place of its argument.
pub(crate) fn around(text: &str, element: Html) -> Html {
    let (before, after) = text.split_once(PLACE).unwrap_or((text, ""));
    html! { <>{ before }{ element }{ after }</> }
}

//! The page inside another one: what its parent may ask, and what it is told. `docs/embed.md` describes it.

use js_sys::{Object, Reflect};
use mqttlab_sim::view::Micros;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Window};
use yew::Callback;

use super::files::{Listener, hear};
use super::{document, window};
use crate::lab::{Message, Step};

/// The version of what is said.
const VERSION: u32 = 1;
/// The key that says what a message is.
const KIND: &str = "mqttlab";

/// Whether the address asks for a page that is part of another one.
pub(crate) fn is_embedded() -> bool {
    let search = window().and_then(|window| window.location().search().ok());
    let search = search.unwrap_or_default();
    let mut parts = search.trim_start_matches('?').split('&');
    parts.any(|part| part == "embed" || part.starts_with("embed="))
}

/// Tells the style sheets.
pub(crate) fn mark() {
    if let Some(root) = document().and_then(|document| document.document_element()) {
        // Without it the page only has more around it.
        let _ = root.set_attribute("data-embed", "");
    }
}

/// What the parent asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish {
    Lab(Message),
    /// Play unless it plays, or pause unless it is paused.
    Playing(bool),
    /// Open this scenario.
    Open(String),
}

/// Hears what the parent asks for.
pub(crate) fn listen(on: Callback<Wish>) -> Option<Listener> {
    let here = window()?;
    let parent = here.parent().ok().flatten()?;
    Some(hear(&here.into(), "message", move |event| {
        let Some(event) = event.dyn_ref::<MessageEvent>() else {
            return;
        };
        let from_parent = event
            .source()
            .is_some_and(|source| *source == *AsRef::<JsValue>::as_ref(&parent));
        if let Some(wish) = wish(&event.data()).filter(|_| from_parent) {
            on.emit(wish);
        }
    }))
}

/// Anything that is not exactly a wish is passed over.
fn wish(data: &JsValue) -> Option<Wish> {
    let value = |key: &str| Reflect::get(data, &key.into()).ok();
    data.is_object().then_some(())?;
    let lab = |message| Some(Wish::Lab(message));
    match value(KIND)?.as_string()?.as_str() {
        "play" => Some(Wish::Playing(true)),
        "pause" => Some(Wish::Playing(false)),
        "step" => lab(Message::Step(Step::Event)),
        "step-back" => lab(Message::Step(Step::EventBack)),
        "seek" => {
            let at = value("at")?.as_f64()?;
            let at = (at.is_finite() && at >= 0.0).then_some(at * 1_000_000.0)?;
            lab(Message::Seek(at.round() as Micros))
        }
        "open" => Some(Wish::Open(value("scenario")?.as_string()?)),
        _ => None,
    }
}

/// What the parent is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum News<'a> {
    Ready,
    Moment {
        at: Micros,
        end: Micros,
        playing: bool,
        hash: &'a str,
    },
}

/// Tells the parent.
pub(crate) fn tell(news: &News<'_>) {
    let Some(parent) = window().and_then(|window| window.parent().ok().flatten()) else {
        return;
    };
    let message = Object::new();
    let set = |key: &str, value: JsValue| {
        // It fails only for frozen objects.
        let _ = Reflect::set(&message, &key.into(), &value);
    };
    let seconds = |at: Micros| JsValue::from(at as f64 / 1_000_000.0);
    match *news {
        News::Ready => {
            set(KIND, "ready".into());
            set("version", VERSION.into());
        }
        News::Moment {
            at,
            end,
            playing,
            hash,
        } => {
            set(KIND, "moment".into());
            set("at", seconds(at));
            set("end", seconds(end));
            set("playing", playing.into());
            set("hash", hash.into());
        }
    }
    post(&parent, &message);
}

fn post(parent: &Window, message: &Object) {
    // Anybody may know at which moment the run stands: there is no secret in it.
    let _ = parent.post_message(message, "*");
}

//! The sandbox: a part of the page that comes when somebody opens it. It describes itself what is said here.

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use yew::Callback;

use super::files::{Listener, hear};
use super::{document, window};

/// The kind of its events, and of the list in which it is told something.
const KIND: &str = "mqttlab-sandbox";

/// Hears what it asks for.
pub(crate) fn listen(on: Callback<String>) -> Option<Listener> {
    Some(hear(&document()?.into(), KIND, move |event| {
        let said = Reflect::get(&event, &"detail".into()).ok();
        on.emit(said.and_then(|said| said.as_string()).unwrap_or_default());
    }))
}

/// Tells it something; it hears that once it is there.
pub(crate) fn tell(what: &str) {
    let Some(window) = window() else { return };
    let key = JsValue::from(KIND);
    let mut list = Reflect::get(&window, &key).unwrap_or_default();
    if list.is_undefined() {
        list = Array::new().into();
        // It fails only for frozen objects.
        let _ = Reflect::set(&window, &key, &list);
    }
    list.unchecked_ref::<Array>().push(&what.into());
}

//! The browser: storage, files, focus.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, BlobPropertyBag, Element, Event, File, HtmlAnchorElement, HtmlElement,
    HtmlTextAreaElement, Response, Storage, Url,
};
use yew::Callback;

use crate::page::window;

/// Under which name the browser keeps the text.
const KEPT: &str = "mqttlab.sandbox";
/// The largest file that is read, in bytes.
const FILE_MAX: f64 = (1 << 20) as f64;

/// What was worked on the last time.
pub(crate) fn stored() -> Option<String> {
    let text = storage()?.get_item(KEPT).ok()??;
    (!text.is_empty()).then_some(text)
}

/// Keeps it; where storage is switched off it lasts as long as the page.
pub(crate) fn store(text: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(KEPT, text);
    }
}

/// Which language the page speaks.
pub(crate) fn language() -> String {
    let root = window().and_then(|window| window.document()?.document_element());
    root.and_then(|root| root.get_attribute("lang"))
        .unwrap_or_default()
}

/// Fetches a file of the page as text.
pub(crate) fn load(path: String, done: impl FnOnce(Option<String>) + 'static) {
    let Some(window) = window() else { return };
    let request = window.fetch_with_str(&path);
    spawn_local(async move { done(text_of(request).await) });
}

async fn text_of(request: Promise) -> Option<String> {
    let response = JsFuture::from(request).await.ok()?;
    let response: Response = response.dyn_into().ok()?;
    let text = response.text().ok().filter(|_| response.ok())?;
    JsFuture::from(text).await.ok()?.as_string()
}

fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

/// Hands a file to the user.
pub(crate) fn download(name: &str, text: &str) {
    let options = BlobPropertyBag::new();
    options.set_type("text/plain;charset=utf-8");
    let parts = Array::of1(&Uint8Array::from(text.as_bytes()));
    let given = || -> Result<(), JsValue> {
        let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options)?;
        let address = Url::create_object_url_with_blob(&blob)?;
        let document = window()
            .and_then(|window| window.document())
            .ok_or(JsValue::NULL)?;
        let link: HtmlAnchorElement = document.create_element("a")?.dyn_into()?;
        link.set_href(&address);
        link.set_download(name);
        link.click();
        Url::revoke_object_url(&address)
    };
    // A browser that refuses downloads says so itself.
    let _ = given();
}

/// Reads a file; nothing comes of one that is too large or no text.
pub(crate) fn read(file: File, done: Callback<Option<String>>) {
    if file.size() > FILE_MAX {
        done.emit(None);
        return;
    }
    spawn_local(async move {
        let text = JsFuture::from(file.text()).await;
        let text = text.ok().and_then(|text| text.as_string());
        // What is no UTF-8 has become replacement characters.
        done.emit(text.filter(|text| !text.contains(['\0', '\u{FFFD}'])));
    });
}

fn element(id: &str) -> Option<Element> {
    window()?.document()?.get_element_by_id(id)
}

/// Moves the focus to the element with this id.
pub(crate) fn focus(id: &str) {
    if let Some(element) = element(id).and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Selects a part of a text field, by bytes of its `text`, and moves the focus there.
pub(crate) fn select(id: &str, text: &str, (start, end): (usize, usize)) {
    // The browser counts in UTF-16.
    let units = |bytes: usize| text[..bytes].encode_utf16().count() as u32;
    if let Some(field) = element(id).and_then(|it| it.dyn_into::<HtmlTextAreaElement>().ok()) {
        let _ = field.focus();
        let _ = field.set_selection_range(units(start), units(end));
    }
}

/// The value of the field that an event is about.
pub(crate) fn value(event: &Event) -> String {
    let target = event.target();
    let value = target.and_then(|field| js_sys::Reflect::get(&field, &"value".into()).ok());
    value
        .and_then(|value| value.as_string())
        .unwrap_or_default()
}

/// Whether the box that an event is about is ticked.
pub(crate) fn is_ticked(event: &Event) -> bool {
    let target = event.target();
    let ticked = target.and_then(|field| js_sys::Reflect::get(&field, &"checked".into()).ok());
    ticked.is_some_and(|ticked| ticked.is_truthy())
}

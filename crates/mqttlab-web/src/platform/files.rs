//! Files and texts that somebody hands to the page.

use js_sys::Uint8Array;
use mqttlab_sim::job::TRAFFIC_MAX;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ClipboardEvent, DragEvent, Element, EventTarget, File};
use yew::Callback;

use super::{document, window};
use crate::opening::{Content, FileTrouble};

/// Reads a file: the text of a scenario, or what a broker has recorded.
pub(crate) fn read(file: File, done: Callback<Result<Content, FileTrouble>>) {
    if file.size() > TRAFFIC_MAX as f64 {
        done.emit(Err(FileTrouble::TooLarge));
        return;
    }
    spawn_local(async move {
        let buffer = JsFuture::from(file.array_buffer()).await;
        done.emit(match buffer {
            Ok(buffer) => Content::of(Uint8Array::new(&buffer).to_vec()),
            Err(_) => Err(FileTrouble::Unreadable),
        });
    });
}

/// Reads a file as text.
pub(crate) fn read_text(file: File, done: Callback<Result<String, FileTrouble>>) {
    let text = done.reform(|content| match content {
        Ok(Content::Text(text)) => Ok(text),
        Ok(Content::Traffic(_)) => Err(FileTrouble::NotText),
        Err(trouble) => Err(trouble),
    });
    read(file, text);
}

/// Something that listens as long as the page lives.
pub(crate) type Listener = Closure<dyn FnMut(web_sys::Event)>;

/// Hears of files and texts that are dropped anywhere on the page, or pasted where nothing is typed.
pub(crate) fn listen(on_file: Callback<File>, on_text: Callback<String>) -> Vec<Listener> {
    let Some(root) = document().and_then(|document| document.document_element()) else {
        return Vec::new();
    };
    let over = hear(&root, "dragover", |event| event.prevent_default());
    let texts = on_text.clone();
    let dropped = hear(&root, "drop", move |event| {
        event.prevent_default();
        let Some(data) = event
            .dyn_ref::<DragEvent>()
            .and_then(DragEvent::data_transfer)
        else {
            return;
        };
        if let Some(file) = data.files().and_then(|files| files.get(0)) {
            on_file.emit(file);
        } else if let Ok(text) = data.get_data("text/plain")
            && !text.is_empty()
        {
            texts.emit(text);
        }
    });
    let pasted = hear(&root, "paste", move |event| {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        if target.is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA")) {
            return;
        }
        let data = event.dyn_ref::<ClipboardEvent>();
        let data = data.and_then(ClipboardEvent::clipboard_data);
        if let Some(text) = data.and_then(|data| data.get_data("text/plain").ok())
            && !text.is_empty()
        {
            event.prevent_default();
            on_text.emit(text);
        }
    });
    vec![over, dropped, pasted]
}

/// Hears that the address has another fragment.
pub(crate) fn listen_address(on: Callback<()>) -> Option<Listener> {
    Some(hear(&window()?.into(), "hashchange", move |_| on.emit(())))
}

pub(super) fn hear(
    target: &EventTarget,
    name: &str,
    heard: impl FnMut(web_sys::Event) + 'static,
) -> Listener {
    let listener = Listener::new(heard);
    // It fails only for what is no function.
    let _ = target.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    listener
}

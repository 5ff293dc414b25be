//! The browser: storage, theme, frames, sizes.

pub(crate) mod download;
pub(crate) mod embed;
pub(crate) mod files;
pub(crate) mod pointing;
pub(crate) mod sandbox;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Document, Element, HtmlDialogElement, HtmlElement, ResizeObserver, ResizeObserverEntry,
    ScrollIntoViewOptions, ScrollLogicalPosition, Window,
};
use yew::{Callback, NodeRef, hook, use_effect_with, use_node_ref, use_state_eq};

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What was chosen the last time.
    pub(crate) fn stored() -> Self {
        match stored("theme").as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            Some(_) | None => Self::System,
        }
    }

    /// Shows the page in this theme, and remembers it.
    pub(crate) fn apply(self) {
        store("theme", self.name());
        let Some(root) = document().and_then(|document| document.document_element()) else {
            return;
        };
        // Nothing is lost if it fails: the page keeps the theme it has.
        let _ = match self {
            Self::System => root.remove_attribute("data-theme"),
            Self::Light | Self::Dark => root.set_attribute("data-theme", self.name()),
        };
    }
}

pub(crate) fn window() -> Option<Window> {
    web_sys::window()
}

pub(crate) fn document() -> Option<Document> {
    window()?.document()
}

/// Says which language the page is in.
pub(crate) fn set_language(language: &str) {
    if let Some(root) = document().and_then(|document| document.document_element()) {
        // Nothing is lost if it fails: the page can be read all the same.
        let _ = root.set_attribute("lang", language);
    }
}

/// The time on the clock of the browser's frames, in milliseconds.
pub(crate) fn now() -> f64 {
    window()
        .and_then(|window| window.performance())
        .map_or(f64::MAX, |performance| performance.now())
}

/// What was stored under a name; `None` also where storage is switched off.
pub(crate) fn stored(name: &str) -> Option<String> {
    let storage = window()?.local_storage().ok()??;
    storage.get_item(&format!("mqttlab.{name}")).ok()?
}

/// Stores a choice; where storage is switched off it lasts as long as the page.
pub(crate) fn store(name: &str, value: &str) {
    let storage = window().and_then(|window| window.local_storage().ok().flatten());
    if let Some(storage) = storage {
        let _ = storage.set_item(&format!("mqttlab.{name}"), value);
    }
}

/// What the address has after its `#`.
pub(crate) fn fragment() -> String {
    window()
        .and_then(|window| window.location().hash().ok())
        .unwrap_or_default()
}

/// Puts `fragment` into the address, and returns the whole of it.
pub(crate) fn put_fragment(fragment: &str) -> Option<String> {
    let location = window()?.location();
    location.set_hash(fragment).ok()?;
    location.href().ok()
}

/// Puts a text onto the clipboard; says whether it is there.
pub(crate) fn copy(text: &str, done: Callback<bool>) {
    match window().filter(Window::is_secure_context) {
        Some(window) => {
            let written = window.navigator().clipboard().write_text(text);
            spawn_local(async move {
                done.emit(JsFuture::from(written).await.is_ok());
            });
        }
        // There is no clipboard for this page.
        None => done.emit(false),
    }
}

/// Fetches a file of the page.
pub(crate) fn load(path: &str, done: Callback<Option<Vec<u8>>>) {
    let Some(window) = window() else { return };
    let request = window.fetch_with_str(path);
    spawn_local(async move { done.emit(bytes_of(request).await) });
}

async fn bytes_of(request: js_sys::Promise) -> Option<Vec<u8>> {
    let response = JsFuture::from(request).await.ok()?;
    let response: web_sys::Response = response.dyn_into().ok()?;
    let buffer = response.array_buffer().ok().filter(|_| response.ok())?;
    let buffer = JsFuture::from(buffer).await.ok()?;
    Some(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// The colour of text in an element of this class, as the theme has it.
pub(crate) fn color_of(place: &Element, class: &str) -> String {
    let color = || {
        // The class is borrowed for the question only.
        let own = place.class_name();
        place.set_class_name(&format!("{own} colour {class}"));
        let color = window()?
            .get_computed_style(place)
            .ok()??
            .get_property_value("color");
        place.set_class_name(&own);
        color.ok()
    };
    color().unwrap_or_else(|| "gray".to_owned())
}

/// Moves the focus to the element with this id.
pub(crate) fn focus(id: &str) {
    let element = document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Scrolls the element with this id into view, no further than needed.
pub(crate) fn reveal(id: &str) {
    let element = document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Shows `text` in the page's box for what went wrong.
pub(crate) fn show_problem(text: &str) {
    let Some(document) = document() else { return };
    if let Some(place) = document.get_element_by_id("problem-text") {
        place.set_text_content(Some(text));
    }
    if let Some(place) = document.get_element_by_id("problem") {
        let _ = place.remove_attribute("hidden");
    }
}

/// Calls back before each repaint that was asked for.
pub(crate) struct Frames {
    callback: Closure<dyn FnMut(f64)>,
    is_asked: bool,
}

impl Frames {
    /// `callback` gets the browser's time stamp in milliseconds.
    pub(crate) fn new(callback: impl FnMut(f64) + 'static) -> Self {
        Self {
            callback: Closure::new(callback),
            is_asked: false,
        }
    }

    /// Asks for one call before the next repaint.
    pub(crate) fn ask(&mut self) {
        if self.is_asked {
            return;
        }
        let function = self.callback.as_ref().unchecked_ref();
        self.is_asked =
            window().is_some_and(|window| window.request_animation_frame(function).is_ok());
    }

    /// To be called when the callback ran.
    pub(crate) fn came(&mut self) {
        self.is_asked = false;
    }
}

/// The size of an element in CSS pixels, followed as it changes.
#[hook]
pub(crate) fn use_size(node: NodeRef) -> (f64, f64) {
    let size = use_state_eq(|| (0.0, 0.0));
    let sizes = size.clone();
    use_effect_with(node, move |node| {
        let element = node.cast::<Element>();
        if let Some(element) = &element {
            let at_once = element.get_bounding_client_rect();
            sizes.set((at_once.width(), at_once.height()));
        }
        let changed = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            if let Some(entry) = entries.pop().dyn_ref::<ResizeObserverEntry>() {
                let rect = entry.content_rect();
                sizes.set((rect.width(), rect.height()));
            }
        });
        let observer = ResizeObserver::new(changed.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, &element) {
            observer.observe(element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(changed);
        }
    });
    *size
}

/// A dialog that is open as long as it is drawn.
#[hook]
pub(crate) fn use_dialog() -> NodeRef {
    let dialog = use_node_ref();
    use_effect_with(dialog.clone(), |dialog| {
        if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
            // It fails only for a dialog that is open already.
            let _ = dialog.show_modal();
        }
    });
    dialog
}

/// Which worker belongs to this page, as its build has written into it.
pub(crate) fn worker_id() -> Option<String> {
    let app = document()?.get_element_by_id("app")?;
    app.get_attribute("data-worker")
}

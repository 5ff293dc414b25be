//! Right clicks and long presses on whatever in the page shows something of the run.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent, PointerEvent};
use yew::Callback;

use super::files::{Listener, hear};
use super::{document, window};
use crate::acting::Target;

/// How long a long press is, in milliseconds.
const LONG_MS: i32 = 500;
/// How far a finger may slip during it, in CSS pixels.
const SLIP_MAX: i32 = 10;

/// What an element shows, with the element that says so.
pub(crate) fn target_of(element: &Element) -> Option<(Target, Element)> {
    let element = element.closest("[data-target]").ok()??;
    let target = Target::parse(&element.get_attribute("data-target")?)?;
    Some((target, element))
}

/// What is asked about, and where in the window.
pub(crate) type Asked = (Target, (i32, i32));

/// A press of a finger that goes on: its timer, where it began, and what it is about.
#[derive(Clone, Default)]
struct Press {
    timer: Rc<Cell<Option<(i32, i32, i32)>>>,
    asked: Rc<Cell<Option<Asked>>>,
    /// It was long: the click that the browser makes of its end is none.
    was_long: Rc<Cell<bool>>,
}

impl Press {
    /// Begins unless it is a mouse, which has a second button; `function` is called when it was long.
    fn begin(&self, event: &web_sys::Event, function: &js_sys::Function) {
        self.end();
        self.was_long.set(false);
        let Some(pointer) = event
            .dyn_ref::<PointerEvent>()
            .filter(|pointer| pointer.pointer_type() == "touch")
        else {
            return;
        };
        if let Some((target, _)) = element_of(event).and_then(|element| target_of(&element)) {
            let (x, y) = (pointer.client_x(), pointer.client_y());
            self.asked.set(Some((target, (x, y))));
            let timer = window().and_then(|window| {
                window
                    .set_timeout_with_callback_and_timeout_and_arguments_0(function, LONG_MS)
                    .ok()
            });
            self.timer.set(timer.map(|timer| (timer, x, y)));
        }
    }

    /// A finger that slips away presses no more.
    fn slip(&self, event: &web_sys::Event) {
        if let (Some(pointer), Some((_, x, y))) =
            (event.dyn_ref::<PointerEvent>(), self.timer.get())
            && (pointer.client_x() - x).abs() + (pointer.client_y() - y).abs() > SLIP_MAX
        {
            self.end();
        }
    }

    /// Keeps the end of a long press from choosing what has come to be under the finger, or closing it.
    fn swallow(&self, event: &web_sys::Event) {
        if self.was_long.take() {
            event.stop_propagation();
            event.prevent_default();
        }
    }

    fn end(&self) {
        if let (Some((timer, ..)), Some(window)) = (self.timer.take(), window()) {
            window.clear_timeout_with_handle(timer);
        }
    }
}

/// Hears where something is asked what can be done to it.
pub(crate) fn listen(on: Callback<Asked>) -> Vec<Listener> {
    let Some(root) = document().and_then(|document| document.document_element()) else {
        return Vec::new();
    };
    let asked = on.clone();
    let right = hear(&root, "contextmenu", move |event| {
        if let Some((target, _)) = element_of(&event).and_then(|element| target_of(&element))
            && let Some(mouse) = event.dyn_ref::<MouseEvent>()
        {
            event.prevent_default();
            asked.emit((target, (mouse.client_x(), mouse.client_y())));
        }
    });
    let press = Press::default();
    let long = Listener::new({
        let press = press.clone();
        move |_| {
            press.timer.set(None);
            if let Some(asked) = press.asked.take() {
                press.was_long.set(true);
                on.emit(asked);
            }
        }
    });
    let function: js_sys::Function = long.as_ref().unchecked_ref::<js_sys::Function>().clone();
    let click = Listener::new({
        let press = press.clone();
        move |event| press.swallow(&event)
    });
    // Before anybody else hears of it. It fails only for what is no function.
    let heard = click.as_ref().unchecked_ref();
    let _ = root.add_event_listener_with_callback_and_bool("click", heard, true);
    let (down, moved, up, cancelled) = (press.clone(), press.clone(), press.clone(), press);
    vec![
        right,
        long,
        click,
        hear(&root, "pointerdown", move |event| {
            down.begin(&event, &function);
        }),
        hear(&root, "pointermove", move |event| moved.slip(&event)),
        hear(&root, "pointerup", move |_| up.end()),
        hear(&root, "pointercancel", move |_| cancelled.end()),
    ]
}

fn element_of(event: &web_sys::Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

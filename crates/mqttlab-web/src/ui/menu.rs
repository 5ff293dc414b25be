//! The menu of what can be done to something, and the forms behind it.

use mqttlab_sim::scenario::Message as Content;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, HtmlSelectElement, MouseEvent};
use yew::functional::{Hook, HookContext};
use yew::{
    Callback, Html, KeyboardEvent, NodeRef, SubmitEvent, hook, html, use_effect_with, use_node_ref,
    use_state_eq,
};

use super::icons::{Glyph, icon};
use crate::acting::{Does, Form, Item, Menu};
use crate::lab::Message;
use crate::platform::use_dialog;
use crate::platform::window;
use crate::say::{self, Text};
use crate::ui::part::{Draw, part};

/// How wide the menu is, and how high one line of it, in CSS pixels: as the style sheet has them.
const WIDTH: i32 = 300;
const LINE: i32 = 34;

#[derive(PartialEq)]
pub(crate) struct MenuProps {
    pub(crate) menu: Menu,
    pub(crate) on: Callback<Message>,
}

impl Draw for MenuProps {
    const KIND: &'static str = "menu";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_menu(self).run(cx)
    }
}

#[hook]
fn use_menu(props: &MenuProps) -> Html {
    let dialog = use_dialog();
    let asked = props.menu.instead.as_ref().map(|instead| instead.form);
    let form = use_state_eq(|| asked);
    let on_close = props.on.reform(|_: yew::Event| Message::CloseMenu);
    // A click beside the dialog is one on the dialog itself: what is in it covers it.
    let on_beside = {
        let on = props.on.clone();
        let dialog = dialog.clone();
        Callback::from(move |event: MouseEvent| {
            if event.target().is_some()
                && event.target() == dialog.cast::<HtmlElement>().map(Into::into)
            {
                on.emit(Message::CloseMenu);
            }
        })
    };
    let style = place(&props.menu);
    html! {
        <dialog class="menu" ref={dialog.clone()} {style} aria-labelledby="menu-title" onclose={on_close} onclick={on_beside} data-testid="menu">
            <div class="menu-in">
                <h2 id="menu-title">{ &props.menu.title }</h2>
                if let Some(form) = *form {
                    { part(FillProps {
                        menu: props.menu.clone(),
                        form,
                        on: props.on.clone(),
                    }) }
                } else {
                    { lines(props, &dialog, form.setter().into_choose()) }
                }
            </div>
        </dialog>
    }
}

/// Chooses a form.
trait IntoChoose {
    fn into_choose(self) -> Callback<Form>;
}

impl IntoChoose for yew::UseStateSetter<Option<Form>> {
    fn into_choose(self) -> Callback<Form> {
        Callback::from(move |form| self.set(Some(form)))
    }
}

fn lines(props: &MenuProps, dialog: &NodeRef, choose: Callback<Form>) -> Html {
    let line = |item: &Item| {
        let does = item.does.clone();
        let (on, choose) = (props.on.clone(), choose.clone());
        let onclick = Callback::from(move |_: MouseEvent| match &does {
            Does::Deeds(deeds) => on.emit(Message::Act(deeds.clone())),
            Does::Form(form) => choose.emit(*form),
        });
        html! {
            <button type="button" role="menuitem" {onclick}>{ icon(item.glyph) }{ item.label }</button>
        }
    };
    let group = |(name, items): &(Text, Vec<Item>)| {
        html! {
            <div role="group" aria-label={*name}>
                <p class="menu-group" aria-hidden="true">{ *name }</p>
                { for items.iter().map(line) }
            </div>
        }
    };
    html! {
        <div role="menu" aria-labelledby="menu-title" onkeydown={arrows(dialog.clone())}>
            { for props.menu.groups.iter().map(group) }
        </div>
    }
}

/// Up and down go from line to line.
fn arrows(dialog: NodeRef) -> Callback<KeyboardEvent> {
    Callback::from(move |event: KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            "Home" => i32::MIN,
            "End" => i32::MAX,
            _ => return,
        };
        let Some(lines) = dialog
            .cast::<HtmlElement>()
            .and_then(|dialog| dialog.query_selector_all("[role=menuitem]").ok())
        else {
            return;
        };
        event.prevent_default();
        event.stop_propagation();
        let count = lines.length() as i32;
        let focused = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let at = (0..count).find(|index| lines.get(*index as u32) == focused);
        let to = match step {
            i32::MIN => 0,
            i32::MAX => count - 1,
            step => (at.unwrap_or(0) + step).rem_euclid(count.max(1)),
        };
        let line = lines.get(to as u32);
        if let Some(line) = line.and_then(|line| line.dyn_into::<HtmlElement>().ok()) {
            let _ = line.focus();
        }
    })
}

/// Beside where it was asked for, and within the window.
fn place(menu: &Menu) -> Option<String> {
    let (x, y) = menu.place?;
    let window = window()?;
    let size = |value: Result<wasm_bindgen::JsValue, _>| value.ok()?.as_f64();
    let (width, height) = (size(window.inner_width())?, size(window.inner_height())?);
    let lines: usize = menu.groups.iter().map(|(_, items)| items.len() + 1).sum();
    let tall = (lines as i32 + 2) * LINE;
    let x = x.min(width as i32 - WIDTH - 8).max(8);
    let y = y.min(height as i32 - tall - 8).max(8);
    Some(super::variables(&[
        ("x", f64::from(x)),
        ("y", f64::from(y)),
    ]))
}

#[derive(PartialEq)]
struct FillProps {
    menu: Menu,
    form: Form,
    on: Callback<Message>,
}

impl Draw for FillProps {
    const KIND: &'static str = "fill";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_fill(self).run(cx)
    }
}

const LEVELS: &[Text] = &[say::FILL_QOS_0, say::FILL_QOS_1, say::FILL_QOS_2];

/// Asks for what a client is to publish, or to subscribe to.
#[hook]
fn use_fill(props: &FillProps) -> Html {
    let (topic, payload, qos, retain) = (
        use_node_ref(),
        use_node_ref(),
        use_node_ref(),
        use_node_ref(),
    );
    use_effect_with((), {
        let topic = topic.clone();
        move |()| {
            if let Some(topic) = topic.cast::<HtmlElement>() {
                let _ = topic.focus();
            }
        }
    });
    let known = props.menu.content(props.form);
    let is_pace = props.form == Form::SlowDown;
    let onsubmit = {
        let known = known.clone();
        let (menu, form, on) = (props.menu.clone(), props.form, props.on.clone());
        let (topic, payload, qos, retain) =
            (topic.clone(), payload.clone(), qos.clone(), retain.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = |field: &NodeRef| {
                field
                    .cast::<HtmlInputElement>()
                    .map_or_else(String::new, |field| field.value())
            };
            let level = qos
                .cast::<HtmlSelectElement>()
                .map_or(0, |qos| qos.selected_index());
            let content = Content {
                topic: text(&topic),
                payload: text(&payload),
                qos: u8::try_from(level)
                    .ok()
                    .and_then(|level| level.try_into().ok())
                    .unwrap_or_default(),
                retain: retain
                    .cast::<HtmlInputElement>()
                    .is_some_and(|retain| retain.checked()),
                // What has no field here stays as it was.
                ..known.clone()
            };
            on.emit(menu.filled(form, content));
        })
    };
    let (name, example, does) = match props.form {
        Form::Publish => (say::FILL_TOPIC, "status/1", say::FILL_PUBLISH),
        Form::Subscribe => (say::FILL_FILTER, "status/#", say::FILL_SUBSCRIBE),
        Form::Unsubscribe => (say::FILL_FILTER, "status/#", say::FILL_UNSUBSCRIBE),
        Form::SlowDown => (say::FILL_LATENCY, "200", say::FILL_SLOW_DOWN),
    };
    let does = match props.menu.instead {
        Some(_) => say::FILL_INSTEAD,
        None => does,
    };
    let level = |(index, name): (usize, &Text)| {
        let selected = index == usize::from(known.qos.number());
        html! { <option {selected}>{ *name }</option> }
    };
    html! {
        <form class="fill" {onsubmit}>
            <label>
                <span>{ name }</span>
                <input ref={topic} type={if is_pace { "number" } else { "text" }} min="0" max="3600000" value={known.topic.clone()} required=true maxlength="1000" placeholder={example} autocomplete="off" spellcheck="false" data-testid="topic" />
            </label>
            if props.form == Form::Publish || is_pace {
                <label>
                    <span>{ if is_pace { say::FILL_BANDWIDTH } else { say::FILL_PAYLOAD } }</span>
                    <input ref={payload} type={if is_pace { "number" } else { "text" }} min="1" max="4000000" value={known.payload.clone()} maxlength="10000" autocomplete="off" spellcheck="false" />
                </label>
            }
            if props.form == Form::Publish || props.form == Form::Subscribe {
                <label>
                    <span>{ say::FILL_QOS }</span>
                    <select ref={qos}>
                        { for LEVELS.iter().enumerate().map(level) }
                    </select>
                </label>
            }
            if props.form == Form::Publish {
                <label class="check">
                    <input ref={retain} type="checkbox" checked={known.retain} />
                    { say::FILL_RETAIN }
                </label>
            }
            <div class="fill-row">
                <button type="button" class="ghost" onclick={props.on.reform(|_| Message::CloseMenu)}>{ say::FILL_CANCEL }</button>
                <button type="submit" class="primary">{ does }</button>
            </div>
        </form>
    }
}

/// The button that opens the menu for those who have no second mouse button.
pub(crate) fn act_button(on: &Callback<Message>, target: crate::acting::Target) -> Html {
    html! {
        <button
            type="button"
            class="act-button"
            title={say::ACT_TITLE}
            onclick={on.reform(move |event: MouseEvent| Message::OpenMenu(Some(target), Some((event.client_x(), event.client_y()))))}
        >
            { icon(Glyph::Action) }{ say::ACT }
        </button>
    }
}

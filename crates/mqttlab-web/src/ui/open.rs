//! The left panel behind the door Inspect: what is open, and how something else gets there.

use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::functional::{Hook, HookContext};
use yew::{
    Callback, Event, Html, SubmitEvent, TargetCast, hook, html, use_effect_with, use_node_ref,
};

use super::icons::{Glyph, icon};
use crate::desk::Ask;
use crate::opening::{Recents, Trouble};
use crate::platform::focus;
use crate::say;
use crate::texts::{self, opening as words};
use crate::ui::part::{Draw, part};

/// What is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) title: String,
    pub(crate) about: String,
    /// What must come of it, and whether it does so far.
    pub(crate) expected: Vec<Expected>,
}

/// Something that must come of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) text: String,
    /// `None` while it is open.
    pub(crate) holds: Option<bool>,
}

#[derive(PartialEq)]
pub(crate) struct OpenProps {
    /// `None` while the lesson is still on the desk.
    pub(crate) opened: Option<Opened>,
    pub(crate) trouble: Option<Trouble>,
    pub(crate) busy: bool,
    pub(crate) recents: Recents,
    /// How far a hunt is, in percent.
    pub(crate) hunting: Option<u8>,
    pub(crate) hunted_in_vain: bool,
    pub(crate) on_hunt: Callback<OnHunt>,
    pub(crate) on: Callback<Ask>,
    pub(crate) on_build: Callback<yew::MouseEvent>,
}

/// What can be asked about a hunt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnHunt {
    Start,
    Cancel,
}

/// Id of the box that says what is wrong.
const TROUBLE: &str = "open-trouble";

impl Draw for OpenProps {
    const KIND: &'static str = "open";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_open(self).run(cx)
    }
}

#[hook]
fn use_open(props: &OpenProps) -> Html {
    use_effect_with(props.trouble.clone(), |trouble| {
        if trouble.is_some() {
            focus(TROUBLE);
        }
    });
    html! {
        <section class="panel story" id="lesson" aria-labelledby="open-title">
            <div class="scroll story-text">
                { for props.trouble.iter().map(trouble) }
                { for props.opened.iter().map(opened) }
                { hunt(props) }
                if props.opened.is_some() {
                    <button type="button" class="ghost" data-testid="build" onclick={props.on_build.clone()}>{ say::OPEN_IN_SANDBOX }</button>
                    <h3 id="open-title">{ say::OPEN_ELSE }</h3>
                } else {
                    <h2 id="open-title" class="story-title">{ say::OPEN_OWN }</h2>
                    <p>{ super::lesson::with_code(&say::OPEN_INTRO) }</p>
                }
                { part(WaysProps {
                    on: props.on.clone(),
                    busy: props.busy,
                }) }
                { recents(props) }
            </div>
        </section>
    }
}

/// What must come of a run.
pub(crate) fn expected(all: &[Expected]) -> Html {
    let expected = |expected: &Expected| {
        let (class, glyph, says) = match expected.holds {
            None => ("open", Glyph::Timer, say::OPEN_SO_FAR),
            Some(true) => ("holds", Glyph::Right, say::OPEN_HOLDS),
            Some(false) => ("fails", Glyph::Wrong, say::OPEN_FAILS),
        };
        html! {
            <li {class}>
                { icon(glyph) }<code>{ &expected.text }</code><span class="muted">{ says }</span>
            </li>
        }
    };
    html! { <ul class="expected">{ for all.iter().map(expected) }</ul> }
}

fn opened(opened: &Opened) -> Html {
    html! {
        <>
            <h2 class="story-title" data-testid="opened">{ &opened.title }</h2>
            if !opened.about.is_empty() {
                <p>{ super::lesson::with_code(&opened.about) }</p>
            }
            if !opened.expected.is_empty() {
                <h3>{ say::OPEN_EXPECTED }</h3>
                { expected(&opened.expected) }
            }
        </>
    }
}

#[derive(PartialEq)]
struct WaysProps {
    busy: bool,
    on: Callback<Ask>,
}

impl Draw for WaysProps {
    const KIND: &'static str = "ways";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_ways(self).run(cx)
    }
}

/// The picker, and the field for text.
#[hook]
fn use_ways(props: &WaysProps) -> Html {
    let field = use_node_ref();
    let onchange = {
        let on = props.on.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                on.emit(Ask::File(file));
            }
            // The same file may be chosen again, after it was mended.
            input.set_value("");
        })
    };
    let onsubmit = {
        let (on, field) = (props.on.clone(), field.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(field) = field.cast::<HtmlTextAreaElement>() {
                on.emit(Ask::Text(field.value()));
            }
        })
    };
    html! {
        <form class="ways" {onsubmit}>
            <label class="file ghost">
                { icon(Glyph::Open) }
                { say::OPEN_CHOOSE }
                <input type="file" class="hidden-visually" data-testid="file" {onchange} />
            </label>
            <p class="muted small">{ say::OPEN_DROP }</p>
            <label class="paste">
                <span class="small">{ say::OPEN_PASTE }</span>
                <textarea ref={field} rows="5" spellcheck="false" class="mono" placeholder={words::PLACEHOLDER} data-testid="paste" />
            </label>
            <button type="submit" class="ghost" disabled={props.busy}>
                { if props.busy { say::OPEN_READING } else { say::OPEN_OPEN } }
            </button>
        </form>
    }
}

fn trouble(trouble: &Trouble) -> Html {
    let (head, place, help) = texts::opening::trouble(trouble);
    html! {
        <div class="trouble" id={TROUBLE} role="alert" tabindex="-1" data-testid="trouble">
            <h2>{ icon(Glyph::Wrong) }{ " " }{ say::OPEN_TROUBLE }</h2>
            <p>{ super::lesson::with_code(&head) }</p>
            if let Some(place) = place {
                <pre>{ place }</pre>
            }
            if let Some(help) = help {
                <p class="muted">{ super::lesson::with_code(&help) }</p>
            }
        </div>
    }
}

/// Where something is expected, a seed can be looked for with which it does not hold.
fn hunt(props: &OpenProps) -> Html {
    let expects = props
        .opened
        .as_ref()
        .is_some_and(|opened| !opened.expected.is_empty());
    if !expects {
        return Html::default();
    }
    let on = |what: OnHunt| props.on_hunt.reform(move |_| what);
    match props.hunting {
        Some(percent) => html! {
            <div class="hunt">
                <progress max="100" value={percent.to_string()} aria-label={say::HUNT_PROGRESS} />
                <button type="button" class="ghost" onclick={on(OnHunt::Cancel)}>{ say::HUNT_STOP }</button>
            </div>
        },
        None => html! {
            <div class="hunt">
                <button type="button" class="ghost" title={say::HUNT_TRY_TITLE} onclick={on(OnHunt::Start)} data-testid="hunt">
                    { say::hunt_try(crate::desk::SEEDS) }
                </button>
                if props.hunted_in_vain {
                    <p class="muted small" role="status">{ say::HUNT_IN_VAIN }</p>
                }
            </div>
        },
    }
}

fn recents(props: &OpenProps) -> Html {
    if props.recents.is_empty() {
        return Html::default();
    }
    let recent = |recent: &crate::opening::Recent| {
        let text = recent.text.clone();
        let open = props.on.reform(move |_| Ask::Link(text.clone()));
        html! { <li><button type="button" onclick={open}>{ &recent.title }</button></li> }
    };
    html! {
        <>
            <h3>{ say::RECENTS_TITLE }</h3>
            <ul class="recents">{ for props.recents.iter().map(recent) }</ul>
            <button type="button" class="quiet small" onclick={props.on.reform(|_| Ask::Forget)}>
                { say::RECENTS_FORGET }
            </button>
        </>
    }
}

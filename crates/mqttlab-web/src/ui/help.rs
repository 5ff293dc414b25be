//! The help: what this is, and every key.

use crate::language;
use crate::platform::use_dialog;
use crate::say::{self, LANGUAGES, Text};
use crate::ui::part::Draw;
use web_sys::HtmlSelectElement;
use yew::functional::{Hook, HookContext};
use yew::{Callback, Event, Html, TargetCast, hook, html};

#[derive(PartialEq)]
pub(crate) struct HelpProps {
    pub(crate) letters: bool,
    pub(crate) on_close: Callback<()>,
    pub(crate) on_letters: Callback<bool>,
}

/// Keys, what they do, and whether they are single letters.
const KEYS: &[(&[&str], Text)] = &[
    (&["Space"], say::HELP_PLAY),
    (&["→"], say::HELP_NEXT),
    (&["←"], say::HELP_PREVIOUS),
    (&["Shift →", "Shift ←"], say::HELP_PACKET),
    (&["Alt →"], say::HELP_TIMER),
    (&["Home", "End"], say::HELP_ENDS),
    (&["Ctrl Z", "Ctrl Shift Z"], say::HELP_UNDO),
    (&["PageDown", "PageUp"], say::HELP_STORY),
];

const LETTERS: &[(&[&str], Text)] = &[
    (&["1", "2", "3"], say::HELP_ANSWER),
    (&["]", "["], say::HELP_STORY),
    (&["W"], say::HELP_WHY),
    (&["A"], say::HELP_ACT),
    (&["X", "H", "R"], say::HELP_QUICK),
    (&["L"], say::HELP_SLOW),
    (&["K"], say::HELP_CRASH),
    (&["U"], say::HELP_UNTIL),
    (&["F"], say::HELP_SEARCH),
    (&["S"], say::HELP_SHARE),
    (&["T"], say::HELP_THEME),
    (&["?"], say::HELP_HELP),
];

impl Draw for HelpProps {
    const KIND: &'static str = "help";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_help(self).run(cx)
    }
}

#[hook]
fn use_help(props: &HelpProps) -> Html {
    let dialog = use_dialog();
    let letters = props.letters;
    let key = |(keys, does): &(&'static [&'static str], Text)| {
        html! {
            <div>
                <dt>{ for keys.iter().map(|key| html! { <kbd>{ for key.split(' ').map(key_name) }</kbd> }) }</dt>
                <dd>{ *does }</dd>
            </div>
        }
    };
    html! {
        <dialog class="help" ref={dialog} aria-labelledby="help-title" onclose={props.on_close.reform(|_| ())}>
            <h2 id="help-title">{ say::HELP }</h2>
            <p>{ say::HELP_ABOUT }</p>
            <p>{ say::HELP_SELECT }</p>
            { languages() }
            <h3>{ say::HELP_KEYS }</h3>
            <dl class="keys-list">{ for KEYS.iter().map(key) }</dl>
            <h3>{ say::HELP_LETTERS }</h3>
            <label class="check">
                <input type="checkbox" checked={letters} onchange={props.on_letters.reform(move |_| !letters)} />
                { say::HELP_LISTEN }
            </label>
            <dl class="keys-list">{ for LETTERS.iter().map(key) }</dl>
            <form method="dialog"><button type="submit" class="primary">{ say::CLOSE }</button></form>
        </dialog>
    }
}

/// What stands on a key; keys that are pressed together are apart by a space.
fn key_name(key: &str) -> Html {
    let name = match key {
        "Space" => say::KEY_SPACE,
        "Shift" => say::KEY_SHIFT,
        "Alt" => say::KEY_ALT,
        "Ctrl" => say::KEY_CTRL,
        "Home" => say::KEY_HOME,
        "End" => say::KEY_END,
        "PageDown" => say::KEY_PAGE_DOWN,
        "PageUp" => say::KEY_PAGE_UP,
        other => return html! { { other } },
    };
    html! { { name } }
}

/// The languages to choose from, where there is a choice.
fn languages() -> Html {
    if LANGUAGES.len() < 2 {
        return Html::default();
    }
    let current = language::current();
    let onchange = |event: Event| {
        let field: HtmlSelectElement = event.target_unchecked_into();
        language::choose(&field.value());
    };
    let option = |(code, name): &(&'static str, &'static str)| {
        html! { <option value={*code} lang={*code} selected={current == *code}>{ *name }</option> }
    };
    html! {
        <label class="language">
            { say::HELP_LANGUAGE }{ " " }
            <select {onchange} data-testid="language">{ for LANGUAGES.iter().map(option) }</select>
        </label>
    }
}

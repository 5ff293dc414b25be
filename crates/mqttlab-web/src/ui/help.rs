//! The help: what this is, and every key.

use crate::platform::use_dialog;
use crate::ui::part::Draw;
use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, hook, html};

#[derive(PartialEq)]
pub(crate) struct HelpProps {
    pub(crate) letters: bool,
    pub(crate) on_close: Callback<()>,
    pub(crate) on_letters: Callback<bool>,
}

/// Keys, what they do, and whether they are single letters.
const KEYS: &[(&[&str], &str)] = &[
    (&["Space"], "play or pause"),
    (&["→"], "next event"),
    (&["←"], "previous event"),
    (&["Shift →", "Shift ←"], "next, previous packet"),
    (&["Alt →"], "next timer"),
    (&["Home", "End"], "start, end of the run"),
    (&["Ctrl Z", "Ctrl Shift Z"], "undo, redo what you did"),
    (&["PageDown", "PageUp"], "story: play on, back"),
];

const LETTERS: &[(&[&str], &str)] = &[
    (&["1", "2", "3"], "choose an answer; Enter checks it"),
    (&["]", "["], "story: play on, back"),
    (&["W"], "why did this happen?"),
    (
        &["A"],
        "what can be done here? (also right click, long press)",
    ),
    (&["X", "H", "R"], "pull the cable, hold, release"),
    (&["K"], "crash it"),
    (&["U"], "go on until something happens"),
    (&["F"], "search"),
    (&["S"], "share: a link to this moment"),
    (&["T"], "theme: system, light, dark"),
    (&["?"], "this help"),
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
    let key = |(keys, does): &(&'static [&'static str], &'static str)| {
        html! {
            <div>
                <dt>{ for keys.iter().map(|key| html! { <kbd>{ *key }</kbd> }) }</dt>
                <dd>{ *does }</dd>
            </div>
        }
    };
    html! {
        <dialog class="help" ref={dialog} aria-labelledby="help-title" onclose={props.on_close.reform(|_| ())}>
            <h2 id="help-title">{ "Help" }</h2>
            <p>
                { "This page runs a real MQTT broker, its clients and the network between them, on a clock of its own. Nothing is recorded: the same \
                   scenario and the same seed give the same run, here and everywhere." }
            </p>
            <p>
                { "Select a packet anywhere and it lights up everywhere: on the wire, in the ladder, in the list, in its bytes. The scrubber goes to \
                   any moment, forwards and back. Paced time gives every packet the same time to be seen and skips the quiet." }
            </p>
            <h3>{ "Keys" }</h3>
            <dl class="keys-list">{ for KEYS.iter().map(key) }</dl>
            <h3>{ "Single letters" }</h3>
            <label class="check">
                <input type="checkbox" checked={letters} onchange={props.on_letters.reform(move |_| !letters)} />
                { "Listen to single letters (turn this off if you control the page by voice)" }
            </label>
            <dl class="keys-list">{ for LETTERS.iter().map(key) }</dl>
            <form method="dialog"><button type="submit" class="primary">{ "Close" }</button></form>
        </dialog>
    }
}

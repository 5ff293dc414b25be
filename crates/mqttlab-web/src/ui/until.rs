//! Going on until something happens.

use mqttlab_sim::view::ParticipantId;
use web_sys::HtmlInputElement;
use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, SubmitEvent, hook, html, use_node_ref};

use crate::lab::Step;
use crate::platform::use_dialog;
use crate::say;
use crate::ui::part::Draw;

/// What can be asked of the dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OnUntil {
    Open,
    Close,
    Step(Step),
    Condition(String),
    Cancel,
}

/// Where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Until {
    /// What is wrong with the condition, or that it never becomes true.
    pub(crate) says: Option<String>,
}

#[derive(PartialEq)]
pub(crate) struct UntilProps {
    pub(crate) until: Until,
    /// How far the search is, in percent.
    pub(crate) progress: Option<u8>,
    /// Everybody, the broker first.
    pub(crate) names: Vec<String>,
    pub(crate) on: Callback<OnUntil>,
}

/// More participants are chosen by a condition.
const NAMES_MAX: usize = 8;

const EXAMPLES: &[&str] = &[
    "state(\"A\") == \"waiting\"",
    "connections(\"pump-1\") > 1",
    "queued(\"monitor\") >= 3",
    "arrived(\"A\", \"CONNACK\") == 2",
];

impl Draw for UntilProps {
    const KIND: &'static str = "until";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_until(self).run(cx)
    }
}

#[hook]
fn use_until(props: &UntilProps) -> Html {
    let dialog = use_dialog();
    let field = use_node_ref();
    let onsubmit = {
        let (on, field) = (props.on.clone(), field.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(field) = field.cast::<HtmlInputElement>() {
                on.emit(OnUntil::Condition(field.value()));
            }
        })
    };
    let step = |name: String, step: Step| {
        html! { <button type="button" class="ghost" onclick={props.on.reform(move |_| OnUntil::Step(step))}>{ name }</button> }
    };
    let names = props.names.iter().take(NAMES_MAX).enumerate();
    let busy = props.progress.is_some();
    html! {
        <dialog class="help until-sheet" ref={dialog} aria-labelledby="until-title" onclose={props.on.reform(|_| OnUntil::Close)} data-testid="until">
            <h2 id="until-title">{ say::UNTIL_TITLE }</h2>
            <div class="until-steps">
                { step(say::UNTIL_PACKET.to_string(), Step::Packet) }
                { step(say::UNTIL_TIMER.to_string(), Step::Timer) }
                { for names.map(|(id, name)| step(say::until_somebody(name), Step::Of(id as ParticipantId))) }
            </div>
            <form {onsubmit}>
                <label class="paste">
                    <span>{ say::UNTIL_CONDITION }</span>
                    <input ref={field} type="text" class="mono" required=true maxlength="1000" list="until-examples" autocomplete="off" spellcheck="false" placeholder={EXAMPLES[0]} data-testid="condition" />
                </label>
                <datalist id="until-examples">{ for EXAMPLES.iter().map(|example| html! { <option value={*example} /> }) }</datalist>
                <p class="muted small">{ say::UNTIL_FACTS }</p>
                if let Some(says) = &props.until.says {
                    <p role="alert" class="failed">{ super::lesson::with_code(says) }</p>
                }
                if let Some(percent) = props.progress {
                    <progress max="100" value={percent.to_string()} aria-label={say::UNTIL_PROGRESS} />
                }
                <div class="fill-row">
                    if busy {
                        <button type="button" class="ghost" onclick={props.on.reform(|_| OnUntil::Cancel)}>{ say::UNTIL_STOP }</button>
                    } else {
                        <button type="button" class="ghost" onclick={props.on.reform(|_| OnUntil::Close)}>{ say::CLOSE }</button>
                    }
                    <button type="submit" class="primary" disabled={busy}>{ say::UNTIL_GO }</button>
                </div>
            </form>
        </dialog>
    }
}

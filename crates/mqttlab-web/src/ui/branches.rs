//! The futures of the run as rows below the scrubber.

use mqttlab_sim::recording::{Branch, BranchId};
use mqttlab_sim::view::Micros;
use web_sys::HtmlInputElement;
use yew::functional::{Hook, HookContext};
use yew::{
    Callback, Html, KeyboardEvent, TargetCast, hook, html, use_effect_with, use_node_ref,
    use_state_eq,
};

use super::icons::{Glyph, icon};
use super::tenth;
use crate::lab::{Message, OnBranch};
use crate::say;
use crate::ui::part::{Draw, part};

/// The most rows: the latest branches, and the one that is played.
const ROWS_MAX: usize = 40;
/// The most marks of inputs in a row.
const MARKS_MAX: usize = 200;

/// What is drawn, and where it says what was pressed.
pub(crate) struct BranchesProps {
    pub(crate) branches: Vec<Branch>,
    pub(crate) current: BranchId,
    pub(crate) compared: Option<BranchId>,
    pub(crate) end: Micros,
    pub(crate) on: Callback<Message>,
}

pub(crate) fn branches(props: &BranchesProps) -> Html {
    let count = props.branches.len();
    if count < 2 {
        return Html::default();
    }
    let first_shown = count.saturating_sub(ROWS_MAX);
    let shown = props.branches.iter().enumerate().filter(|(index, branch)| {
        *index >= first_shown || branch.id == 0 || branch.id == props.current
    });
    let shown: Vec<Html> = shown.map(|(_, branch)| row(props, branch)).collect();
    let (rows, all) = (shown.len(), count);
    html! {
        <div class="branches" role="group" aria-label={say::BRANCHES}>
            <ul>{ for shown }</ul>
            if rows < all {
                <p class="muted small">{ say::branches_shown(rows, all) }</p>
            }
        </div>
    }
}

fn row(props: &BranchesProps, branch: &Branch) -> Html {
    let id = branch.id;
    let is_current = id == props.current;
    let on =
        |message: fn(BranchId) -> OnBranch| props.on.reform(move |_| Message::Branch(message(id)));
    let is_compared = props.compared == Some(id);
    let compare = props
        .on
        .reform(move |_| Message::Branch(OnBranch::Compare((!is_compared).then_some(id))));
    html! {
        <li key={id} class={if is_current { "branch current" } else { "branch" }}>
            { part(NameProps {
                id,
                name: branch.name.clone(),
                is_current,
                on: props.on.clone(),
            }) }
            { line(props, branch) }
            <span class="branch-does">
                if !is_current {
                    <button type="button" class="square" aria-pressed={is_compared.to_string()} aria-label={say::branch_compare(&branch.name)} title={say::BRANCH_COMPARE_TITLE} onclick={compare}>
                        { icon(Glyph::Tcp) }
                    </button>
                }
                if id != 0 {
                    <button type="button" class="square" aria-label={say::branch_delete(&branch.name)} title={say::BRANCH_DELETE_TITLE} onclick={on(OnBranch::Remove)}>
                        { icon(Glyph::Close) }
                    </button>
                }
            </span>
        </li>
    }
}

/// When it left its parent, how far it has been played, and what was done in it.
fn line(props: &BranchesProps, branch: &Branch) -> Html {
    let end = props.end.max(1);
    let place = |at: Micros| at.min(end) as f64 / end as f64 * 1_000.0;
    let (from, to) = (
        place(branch.forked_at),
        place(branch.explored.max(branch.forked_at)),
    );
    let marks = branch.changes.inputs.iter().take(MARKS_MAX);
    let mark = |at: Micros| {
        let x = tenth(place(at));
        html! { <line class="branch-mark" x1={x.clone()} x2={x} y1="3" y2="17" /> }
    };
    html! {
        <svg class="branch-line" viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">
            <line class="branch-future" x1={tenth(from)} x2="1000" y1="10" y2="10" />
            <line class="branch-past" x1={tenth(from)} x2={tenth(to)} y1="10" y2="10" />
            { for marks.map(|input| mark(input.at)) }
        </svg>
    }
}

#[derive(PartialEq)]
struct NameProps {
    id: BranchId,
    name: String,
    is_current: bool,
    on: Callback<Message>,
}

impl Draw for NameProps {
    const KIND: &'static str = "name";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_name(self).run(cx)
    }
}

/// The name: a click plays the branch, and the pen beside it names it anew.
#[hook]
fn use_name(props: &NameProps) -> Html {
    let edits = use_state_eq(|| false);
    let field = use_node_ref();
    use_effect_with(*edits, {
        let field = field.clone();
        move |edits| {
            if let Some(field) = field.cast::<HtmlInputElement>().filter(|_| *edits) {
                let _ = field.focus();
                field.select();
            }
        }
    });
    let id = props.id;
    if *edits {
        let rename = {
            let (on, edits) = (props.on.clone(), edits.clone());
            move |field: HtmlInputElement| {
                on.emit(Message::Branch(OnBranch::Rename(id, field.value())));
                edits.set(false);
            }
        };
        let onkeydown = {
            let (rename, edits) = (rename.clone(), edits.clone());
            Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
                "Enter" => rename(event.target_unchecked_into()),
                "Escape" => edits.set(false),
                _ => {}
            })
        };
        return html! {
            <span class="branch-name">
                <input ref={field} type="text" maxlength="100" aria-label={say::BRANCH_NAME} value={props.name.clone()} {onkeydown} data-testid="branch-name" />
            </span>
        };
    }
    let choose = props
        .on
        .reform(move |_| Message::Branch(OnBranch::Switch(id)));
    html! {
        <span class="branch-name">
            <button type="button" class="branch-choose" aria-pressed={props.is_current.to_string()} title={props.name.clone()} onclick={choose}>
                { &props.name }
            </button>
            <button type="button" class="square" aria-label={say::branch_rename(&props.name)} title={say::BRANCH_RENAME_TITLE} onclick={Callback::from(move |_| edits.set(true))}>
                { icon(Glyph::Pen) }
            </button>
        </span>
    }
}

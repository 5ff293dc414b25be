//! Tabs, as the ARIA practices have them: one stop for the tab key, arrows between them.

use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, KeyboardEvent, hook, html};

use crate::platform::focus;
use crate::say::Text;
use crate::ui::part::Draw;

#[derive(PartialEq)]
pub(crate) struct TabsProps {
    /// What the tabs choose.
    pub(crate) label: Text,
    /// Makes their ids: `inspector` gives `inspector-tab-0`; the panel they open is `inspector-panel`.
    pub(crate) id: &'static str,
    pub(crate) names: Vec<String>,
    pub(crate) chosen: usize,
    pub(crate) choose: Callback<usize>,
    pub(crate) class: &'static str,
}

impl Draw for TabsProps {
    const KIND: &'static str = "tabs";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_tabs(self).run(cx)
    }
}

#[hook]
fn use_tabs(props: &TabsProps) -> Html {
    let count = props.names.len();
    let (id, chosen, choose) = (props.id, props.chosen, props.choose.clone());
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        let to = match event.key().as_str() {
            "ArrowRight" => (chosen + 1) % count,
            "ArrowLeft" => (chosen + count - 1) % count,
            "Home" => 0,
            "End" => count - 1,
            _ => return,
        };
        event.prevent_default();
        choose.emit(to);
        focus(&format!("{id}-tab-{to}"));
    });
    let tab = |(index, name): (usize, &String)| {
        let choose = props.choose.reform(move |_| index);
        let is_chosen = index == chosen;
        html! {
            <button
                role="tab"
                type="button"
                id={format!("{id}-tab-{index}")}
                aria-selected={is_chosen.to_string()}
                aria-controls={format!("{id}-panel")}
                tabindex={if is_chosen { "0" } else { "-1" }}
                onclick={choose}
            >{ name }</button>
        }
    };
    html! {
        <div class={props.class} role="tablist" aria-label={props.label} {onkeydown}>
            { for props.names.iter().enumerate().map(tab) }
        </div>
    }
}

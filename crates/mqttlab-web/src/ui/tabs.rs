//! Tabs, as the ARIA practices have them: one stop for the tab key, arrows between them.

use yew::{Callback, Html, KeyboardEvent, Properties, component, html};

use crate::platform::focus;

#[derive(PartialEq, Properties)]
pub(crate) struct TabsProps {
    /// What the tabs choose.
    pub(crate) label: String,
    /// Makes their ids: `inspector` gives `inspector-tab-0`; the panel they open is `inspector-panel`.
    pub(crate) id: &'static str,
    pub(crate) names: Vec<String>,
    pub(crate) chosen: usize,
    pub(crate) choose: Callback<usize>,
    #[prop_or("tabs")]
    pub(crate) class: &'static str,
}

#[component]
pub(crate) fn Tabs(props: &TabsProps) -> Html {
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
        <div class={props.class} role="tablist" aria-label={props.label.clone()} {onkeydown}>
            { for props.names.iter().enumerate().map(tab) }
        </div>
    }
}

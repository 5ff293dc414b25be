//! The run as a whole: ladder or list, and the search that both obey.

use mqttlab_sim::view::Micros;
use yew::{Callback, Html, InputEvent, Properties, TargetCast, component, html};

use super::events::Events;
use super::icons::{Glyph, icon};
use super::ladder::LadderView;
use super::tabs::Tabs;
use crate::filter::Filter;
use crate::lab::{Message, RunTab, Selection};
use crate::scene::Scene;

#[derive(PartialEq, Properties)]
pub(crate) struct RunProps {
    pub(crate) scene: Scene,
    pub(crate) shown: Micros,
    pub(crate) playing: bool,
    pub(crate) selection: Selection,
    pub(crate) shows_tcp: bool,
    pub(crate) filter: Filter,
    pub(crate) filter_text: String,
    pub(crate) tab: RunTab,
    /// A question is open: say why the future is empty.
    pub(crate) asks: bool,
    pub(crate) on: Callback<Message>,
}

const TABS: [RunTab; 2] = [RunTab::Ladder, RunTab::Events];

/// Id of the search field.
pub(crate) const SEARCH: &str = "search";

#[component]
pub(crate) fn Run(props: &RunProps) -> Html {
    let chosen = TABS.iter().position(|tab| *tab == props.tab).unwrap_or(0);
    let choose = props
        .on
        .reform(|index: usize| Message::Run(TABS.get(index).copied().unwrap_or_default()));
    let is_ladder = props.tab == RunTab::Ladder;
    html! {
        <section class="panel run" aria-labelledby="run-title">
            <div class="panel-bar run-bar">
                <h2 id="run-title" class="hidden-visually">{ "Run" }</h2>
                <Tabs label="How the run is shown" id="run" class="segments" names={vec!["Ladder".to_owned(), "Events".to_owned()]} {chosen} {choose} />
                { search(props) }
                <label class="check small">
                    <input
                        type="checkbox"
                        checked={props.shows_tcp}
                        onchange={props.on.reform({ let shows = !props.shows_tcp; move |_| Message::ShowTcp(shows) })}
                    />
                    { "TCP" }
                </label>
            </div>
            <div class="run-panel" id="run-panel" role="tabpanel" aria-labelledby={format!("run-tab-{chosen}")}>
                if is_ladder {
                    <LadderView
                        scene={props.scene.clone()}
                        shown={props.shown}
                        playing={props.playing}
                        selection={props.selection}
                        shows_tcp={props.shows_tcp}
                        filter={props.filter.clone()}
                        asks={props.asks}
                        on={props.on.clone()}
                    />
                }
                <div class="events-wrap" hidden={is_ladder}>
                    <Events
                        scene={props.scene.clone()}
                        selected={props.selection.event}
                        shows_tcp={props.shows_tcp}
                        filter={props.filter.clone()}
                        visible={!is_ladder}
                        on={props.on.clone()}
                    />
                </div>
            </div>
        </section>
    }
}

fn search(props: &RunProps) -> Html {
    let oninput = props.on.reform(|event: InputEvent| {
        let field: web_sys::HtmlInputElement = event.target_unchecked_into();
        Message::Filter(field.value())
    });
    html! {
        <label class="search">
            <span class="hidden-visually">{ "Show only" }</span>
            { icon(Glyph::Search) }
            <input
                id={SEARCH}
                type="search"
                placeholder="type:connect from:A"
                title="type: topic: from: to: kind: qos: dup retain, or any text. A minus turns a word round."
                value={props.filter_text.clone()}
                autocomplete="off"
                spellcheck="false"
                {oninput}
            />
        </label>
    }
}

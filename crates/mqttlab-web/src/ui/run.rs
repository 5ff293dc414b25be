//! The run as a whole: ladder or list, and the search that both obey.

use mqttlab_sim::view::{Micros, ParticipantId};
use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, InputEvent, TargetCast, hook, html};

use super::events::EventsProps;
use super::icons::{Glyph, icon};
use super::ladder::LadderProps;
use super::tabs::TabsProps;
use crate::filter::Filter;
use crate::lab::{Message, RunTab, Selection};
use crate::say::{self, Text};
use crate::scene::Scene;
use crate::ui::part::{Draw, part};

#[derive(PartialEq)]
pub(crate) struct RunProps {
    pub(crate) scene: Scene,
    pub(crate) shown: Micros,
    pub(crate) playing: bool,
    pub(crate) selection: Selection,
    pub(crate) shows_tcp: bool,
    pub(crate) filter: Filter,
    pub(crate) filter_text: String,
    pub(crate) tab: RunTab,
    /// Whose state is looked at.
    pub(crate) state_of: ParticipantId,
    /// What the tabs show that are not drawn here.
    pub(crate) more: Html,
    /// A question is open: say why the future is empty.
    pub(crate) asks: bool,
    pub(crate) on: Callback<Message>,
}

const TABS: [(RunTab, Text); 4] = [
    (RunTab::Ladder, say::RUN_LADDER),
    (RunTab::Events, say::RUN_EVENTS),
    (RunTab::Actions, say::RUN_ACTIONS),
    (RunTab::Compare, say::RUN_COMPARE),
];

/// Id of the search field.
pub(crate) const SEARCH: &str = "search";

impl Draw for RunProps {
    const KIND: &'static str = "run";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_run(self).run(cx)
    }
}

#[hook]
fn use_run(props: &RunProps) -> Html {
    let chosen = TABS
        .iter()
        .position(|(tab, _)| *tab == props.tab)
        .unwrap_or(0);
    let choose = props.on.reform(|index: usize| {
        Message::Run(TABS.get(index).map_or(RunTab::Ladder, |(tab, _)| *tab))
    });
    let is_ladder = props.tab == RunTab::Ladder;
    let is_list = props.tab == RunTab::Events;
    let names = TABS
        .iter()
        .map(|(_, name)| name.to_string())
        .collect::<Vec<_>>();
    html! {
        <section class="panel run" aria-labelledby="run-title">
            <div class="panel-bar run-bar">
                <h2 id="run-title" class="hidden-visually">{ say::RUN }</h2>
                { part(TabsProps {
                    label: say::RUN_TABS,
                    id: "run",
                    class: "segments",
                    names,
                    chosen,
                    choose,
                }) }
                if is_ladder || is_list {
                    { search(props) }
                    { tcp(props) }
                }
            </div>
            <div class="run-panel" id="run-panel" role="tabpanel" aria-labelledby={format!("run-tab-{chosen}")}>
                if is_ladder {
                    { part(LadderProps {
                        scene: props.scene.clone(),
                        shown: props.shown,
                        playing: props.playing,
                        selection: props.selection,
                        shows_tcp: props.shows_tcp,
                        filter: props.filter.clone(),
                        state_of: props.state_of,
                        asks: props.asks,
                        on: props.on.clone(),
                    }) }
                }
                { props.more.clone() }
                <div class="events-wrap" hidden={!is_list}>
                    { part(EventsProps {
                        scene: props.scene.clone(),
                        selected: props.selection.event,
                        shows_tcp: props.shows_tcp,
                        filter: props.filter.clone(),
                        visible: is_list,
                        on: props.on.clone(),
                    }) }
                </div>
            </div>
        </section>
    }
}

fn tcp(props: &RunProps) -> Html {
    let shows = !props.shows_tcp;
    html! {
        <label class="check small">
            <input
                type="checkbox"
                checked={props.shows_tcp}
                onchange={props.on.reform(move |_| Message::ShowTcp(shows))}
            />
            { say::PACKET_TCP }
        </label>
    }
}

fn search(props: &RunProps) -> Html {
    let oninput = props.on.reform(|event: InputEvent| {
        let field: web_sys::HtmlInputElement = event.target_unchecked_into();
        Message::Filter(field.value())
    });
    html! {
        <label class="search">
            <span class="hidden-visually">{ say::SEARCH }</span>
            { icon(Glyph::Search) }
            <input
                id={SEARCH}
                type="search"
                placeholder="type:connect from:A"
                title={say::SEARCH_TITLE}
                value={props.filter_text.clone()}
                autocomplete="off"
                spellcheck="false"
                {oninput}
            />
        </label>
    }
}

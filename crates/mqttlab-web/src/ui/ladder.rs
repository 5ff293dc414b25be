//! The ladder: lanes across, time down, a line for every flight.

use mqttlab_sim::view::{FlightId, Micros, ParticipantId};
use web_sys::HtmlElement;
use yew::functional::{Hook, HookContext};
use yew::{
    Callback, Html, NodeRef, hook, html, use_effect_with, use_memo, use_mut_ref, use_node_ref,
    use_state_eq,
};

use super::{tenth, variables};
use crate::filter::Filter;
use crate::lab::{Message, Selection};
use crate::layout::ladder::{Item, LANES_MAX, Ladder, Options};
use crate::platform::use_size;
use crate::say;
use crate::scene::{Inner, Scene};
use crate::texts;
use crate::ui::part::Draw;

mod labels;
mod lines;

#[derive(PartialEq)]
pub(crate) struct LadderProps {
    pub(crate) scene: Scene,
    pub(crate) shown: Micros,
    pub(crate) playing: bool,
    pub(crate) selection: Selection,
    pub(crate) shows_tcp: bool,
    pub(crate) filter: Filter,
    /// Whose state is looked at.
    pub(crate) state_of: ParticipantId,
    pub(crate) asks: bool,
    pub(crate) on: Callback<Message>,
}

/// From the latest thing to the line of now.
const NOW_GAP: f64 = 13.0;

/// What the parts of the drawing have in common.
struct Drawing<'a> {
    props: &'a LadderProps,
    scene: &'a Inner,
    ladder: &'a Ladder,
    /// The items near what can be seen.
    items: Vec<&'a Item>,
    height: f64,
    now: f64,
}

impl Draw for LadderProps {
    const KIND: &'static str = "ladder";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_ladder(self).run(cx)
    }
}

#[hook]
fn use_ladder(props: &LadderProps) -> Html {
    let port = use_node_ref();
    let (width, height) = use_size(port.clone());
    let scroll = use_state_eq(|| 0.0_f64);
    let wanted = wanted_lanes(props);
    let given = (
        props.scene.clone(),
        props.filter.clone(),
        props.shows_tcp,
        tenth(width),
        wanted,
    );
    let ladder = use_memo(given, |(scene, filter, shows_tcp, _, wanted)| {
        Ladder::of(
            scene,
            &Options {
                width,
                shows_tcp: *shows_tcp,
                filter,
                wanted,
            },
        )
    });
    // Below what has just happened, so that it strikes nothing through.
    let now = ladder.y(props.shown) + NOW_GAP;
    let selected = props
        .selection
        .flight
        .and_then(|flight| ladder.line(flight));
    let is_away = use_follow(&port, height, now, selected.map(|(from, _)| from.1), props);
    let onscroll = {
        let (port, scroll) = (port.clone(), scroll.clone());
        Callback::from(move |_| {
            if let Some(port) = port.cast::<HtmlElement>() {
                scroll.set(f64::from(port.scroll_top()));
            }
        })
    };
    let away = Callback::from({
        let is_away = is_away.clone();
        move |()| *is_away.borrow_mut() = true
    });
    let drawing = Drawing {
        props,
        scene: &props.scene,
        ladder: &ladder,
        items: ladder.window(*scroll, *scroll + height).collect(),
        // Room below, so that now is never at the very bottom.
        height: (now + 96.0).max(height - 44.0),
        now,
    };
    html! {
        <div class="ladder" ref={port} {onscroll} onwheel={away.reform(|_| ())} ontouchmove={away.reform(|_| ())}>
            if width > 0.0 {
                <div class="ladder-sheet" style={variables(&[("w", ladder.width), ("sheet", drawing.height)])}>
                    { heads(&drawing) }
                    { lines::draw(&drawing) }
                    { labels::draw(&drawing) }
                    { now_line(&drawing) }
                </div>
            }
            { some_lanes(&drawing) }
        </div>
    }
}

/// Keeps now in sight while time passes, unless somebody has scrolled away; after a jump, what is selected too.
#[hook]
fn use_follow(
    port: &NodeRef,
    height: f64,
    now: f64,
    selected: Option<f64>,
    props: &LadderProps,
) -> std::rc::Rc<std::cell::RefCell<bool>> {
    let is_away = use_mut_ref(|| false);
    let (port, away, playing) = (port.clone(), is_away.clone(), props.playing);
    use_effect_with(playing, {
        let away = is_away.clone();
        move |_| *away.borrow_mut() = false
    });
    let given = (height as i64, now as i64, selected.map(|y| y as i64));
    use_effect_with(given, move |(_, now, selected)| {
        let Some(port) = port.cast::<HtmlElement>() else {
            return;
        };
        if playing && *away.borrow() {
            return;
        }
        let (top, height) = (
            i64::from(port.scroll_top()),
            i64::from(port.client_height()),
        );
        let is_seen = |y: i64, below: i64| y > top + 8 && y + 44 + below < top + height;
        let wanted = selected.filter(|_| !playing).unwrap_or(*now);
        if !is_seen(wanted, 40) {
            // A new line comes into view with room below it for what follows.
            let to = (wanted - height * 6 / 10).clamp(0, i64::from(i32::MAX));
            port.set_scroll_top(to as i32);
        }
    });
    is_away
}

/// In a crowd, those whom somebody looks at must have lanes.
fn wanted_lanes(props: &LadderProps) -> Vec<ParticipantId> {
    if props.scene.clients().len() <= LANES_MAX {
        return Vec::new();
    }
    let flight = props.selection.flight.and_then(|id| props.scene.flight(id));
    // While it plays the selection changes all the time: the lanes would too.
    let flight = flight.filter(|_| !props.playing);
    let mut wanted = vec![props.state_of];
    wanted.extend(flight.map(|flight| flight.from.max(flight.to)));
    wanted
}

fn some_lanes(drawing: &Drawing<'_>) -> Html {
    let all = drawing.scene.clients().len();
    let shown = drawing.ladder.lanes.iter().skip(1);
    let shown = shown.filter(|lane| !lane.is_nan()).count();
    if shown == all {
        return Html::default();
    }
    html! {
        <p class="ladder-some">{ say::ladder_some(shown, all) }</p>
    }
}

fn heads(drawing: &Drawing<'_>) -> Html {
    let participants = drawing.scene.view.participants.iter();
    let head = |(participant, x): (&mqttlab_sim::view::Participant, &f64)| {
        let id = participant.id;
        let text = if participant.client_id.is_empty() || participant.client_id == participant.name
        {
            participant.name.clone()
        } else {
            format!("{} · {}", participant.name, participant.client_id)
        };
        html! {
            <li key={id} style={variables(&[("x", *x)])}>
                <button type="button" onclick={drawing.props.on.reform(move |_| Message::StateOf(id))}>{ text }</button>
            </li>
        }
    };
    html! {
        <ul class="ladder-heads" aria-label={say::LADDER_LANES}>
            { for participants.zip(&drawing.ladder.lanes).filter(|(_, lane)| !lane.is_nan()).map(head) }
        </ul>
    }
}

fn now_line(drawing: &Drawing<'_>) -> Html {
    html! {
        <div class="ladder-now" style={variables(&[("y", drawing.now)])}>
            <span class="now-badge">{ say::LADDER_NOW }</span>
            if drawing.props.asks {
                <span class="now-text">{ say::LADDER_NOW_ASKS }</span>
            }
        </div>
    }
}

impl Drawing<'_> {
    /// How far a flight has come: its tip, while it travels.
    fn tip(&self, id: FlightId, from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
        let Some(flight) = self.scene.flight(id) else {
            return to;
        };
        if flight.arrived_at.is_some() {
            return to;
        }
        let Some(due) = flight.due_at else {
            return (to.0, to.1.max(from.1));
        };
        let whole = due.saturating_sub(flight.sent_at).max(1);
        let part = self.props.shown.saturating_sub(flight.sent_at).min(whole) as f64 / whole as f64;
        let y = (self.now - NOW_GAP).min(to.1).max(from.1);
        (from.0 + (to.0 - from.0) * part, y)
    }

    fn is_selected(&self, id: FlightId) -> bool {
        self.props.selection.flight == Some(id)
    }

    fn says(&self, id: FlightId) -> String {
        let Some(flight) = self.scene.flight(id) else {
            return String::new();
        };
        let sent = texts::moment(flight.sent_at);
        let route = texts::route(flight, self.scene);
        match flight.arrived_at {
            Some(at) => say::ladder_arrived(&route, &sent, &texts::moment(at)),
            None => say::ladder_travels(&route, &sent),
        }
    }
}

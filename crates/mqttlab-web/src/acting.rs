//! What can be done to whatever is in the picture, and how it is asked.

use mqttlab_sim::scenario::{Act, Action, Ending, Memory, Message, QoS, Ways};
use mqttlab_sim::view::{
    Connection, EndState, Fate, Flight, FlightId, Micros, Participant, ParticipantId,
    ParticipantState,
};

use crate::keys::Quick;
use crate::lab::{Edit, Message as Ask};
use crate::say::{self, Text};
use crate::scene::Inner;
use crate::ui::actions::Source;
use crate::ui::icons::Glyph;

#[cfg(test)]
mod tests;

/// How long something is held that is to come late.
pub(crate) const DELAY: Micros = 1_000_000;

/// What a link is slowed down to where nothing else is known, and how far the keyboard goes.
const LATENCY: Micros = 200_000;
const LATENCY_MAX: Micros = 60_000_000;

/// Something in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Participant(ParticipantId),
    Flight(FlightId),
}

impl Target {
    /// As elements say whom they show: `p1`, `f12`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, number) = text.split_at_checked(1)?;
        let number = number.parse().ok()?;
        match kind {
            "p" => Some(Self::Participant(number)),
            "f" => Some(Self::Flight(number)),
            _ => None,
        }
    }
}

/// The attribute of an element that shows a participant.
pub(crate) fn participant_target(id: ParticipantId) -> String {
    format!("p{id}")
}

/// The attribute of an element that shows a flight.
pub(crate) fn flight_target(id: FlightId) -> String {
    format!("f{id}")
}

/// Something done at its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    pub(crate) at: Micros,
    pub(crate) action: Action,
}

/// What is still to be said before something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Publish,
    Subscribe,
    Unsubscribe,
    /// It asks for milliseconds where others ask for a topic, and for kbit/s where they ask for a payload.
    SlowDown,
}

/// What a line of the menu leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    Deeds(Vec<Deed>),
    Form(Form),
}

/// A line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) label: Text,
    pub(crate) glyph: Glyph,
    pub(crate) does: Does,
}

/// Something that was done, and is to be something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instead {
    pub(crate) of: Source,
    pub(crate) form: Form,
    /// What stands in the form at first.
    pub(crate) content: Message,
}

/// The form for what can be said in another way, with what is said now.
pub(crate) fn form_of(act: &Act) -> Option<(Form, Message)> {
    let about = |filter: &str, qos| Message {
        topic: filter.to_owned(),
        qos,
        ..Message::default()
    };
    match act {
        Act::Publish(message) => Some((Form::Publish, message.clone())),
        Act::Subscribe { filter, qos } => Some((Form::Subscribe, about(filter, *qos))),
        Act::Unsubscribe { filter } => Some((Form::Unsubscribe, about(filter, QoS::default()))),
        Act::SlowDown {
            latency, bandwidth, ..
        } => Some((
            Form::SlowDown,
            pace(latency.unwrap_or(LATENCY), bandwidth.unwrap_or_default()),
        )),
        Act::Connect
        | Act::Disconnect { .. }
        | Act::Crash { .. }
        | Act::PowerOff
        | Act::Restart { .. }
        | Act::Cut { .. }
        | Act::Heal
        | Act::Stall { .. }
        | Act::Release { .. }
        | Act::Reset
        | Act::Close
        | Act::Refuse
        | Act::Accept
        | Act::Pause
        | Act::Resume
        | Act::Sleep
        | Act::Wake
        | Act::SpeedUp { .. }
        | Act::Send { .. } => None,
    }
}

/// What the form about a link's pace says: whole milliseconds, and whole kilobits a second unless it is as it was.
fn pace(latency: Micros, bandwidth: u64) -> Message {
    let rate = (bandwidth > 0).then(|| bandwidth.div_ceil(1_000).to_string());
    Message {
        topic: latency.div_ceil(1_000).to_string(),
        payload: rate.unwrap_or_default(),
        ..Message::default()
    }
}

/// Ten times as slow as the connection is, for who has none as slow as others are.
fn slower(connection: Option<&Connection>) -> Micros {
    let latency = connection.map_or(LATENCY / 10, |it| it.latency);
    (latency * 10).clamp(1_000, LATENCY_MAX)
}

/// What can be done to something, in groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Menu {
    pub(crate) title: String,
    /// Who would do what a form asks for.
    pub(crate) who: ParticipantId,
    pub(crate) at: Micros,
    pub(crate) groups: Vec<(Text, Vec<Item>)>,
    /// The latency that a form proposes for the link.
    pub(crate) slower: Micros,
    /// What is done instead, where a form is about something that was done already.
    pub(crate) instead: Option<Instead>,
    /// Where it was asked for, in the window; `None` is anywhere.
    pub(crate) place: Option<(i32, i32)>,
}

impl Menu {
    /// The menu for `target` at the moment `shown`; `None` where there is no such thing.
    pub(crate) fn of(target: Target, scene: &Inner, shown: Micros) -> Option<Self> {
        let (title, who, groups) = match target {
            Target::Participant(0) => {
                let broker = scene.participant(0)?;
                (broker.name.clone(), 0, broker_items(broker, shown))
            }
            Target::Participant(id) => {
                let client = scene.participant(id)?;
                let connection = scene.connection(id);
                (
                    client.name.clone(),
                    id,
                    client_items(client, connection, shown),
                )
            }
            Target::Flight(id) => {
                let flight = scene.flight(id)?;
                let client = flight.from.max(flight.to);
                (
                    crate::texts::route(flight, scene),
                    client,
                    flight_items(flight, client, shown),
                )
            }
        };
        Some(Self {
            title,
            who,
            at: shown,
            groups,
            slower: slower(scene.connection(who)),
            instead: None,
            place: None,
        })
    }

    /// What a form says at first.
    pub(crate) fn content(&self, form: Form) -> Message {
        match (&self.instead, form) {
            (Some(instead), _) => instead.content.clone(),
            (None, Form::SlowDown) => pace(self.slower, 0),
            (None, Form::Publish | Form::Subscribe | Form::Unsubscribe) => Message {
                qos: QoS::AtLeastOnce,
                ..Message::default()
            },
        }
    }

    /// The form to do something else in the place of an action; `None` where there is nothing to be said about it.
    pub(crate) fn instead(of: Source, at: Micros, action: &Action, title: String) -> Option<Self> {
        let (form, content) = form_of(&action.act)?;
        Some(Self {
            title,
            who: action.who,
            at,
            groups: Vec::new(),
            slower: LATENCY,
            instead: Some(Instead { of, form, content }),
            place: None,
        })
    }

    /// What a key does at once to a target.
    pub(crate) fn quick(quick: Quick, target: Target, scene: &Inner, shown: Micros) -> Vec<Deed> {
        let (who, way) = match target {
            Target::Participant(who) => (who, Ways::Both),
            Target::Flight(id) => match scene.flight(id) {
                Some(flight) if flight.from == 0 => (flight.to, Ways::Down),
                Some(flight) => (flight.from, Ways::Up),
                None => return Vec::new(),
            },
        };
        let act = match quick {
            Quick::Crash => Act::Crash { how: Ending::Fin },
            // The others are done to a client's link.
            Quick::Cut | Quick::Hold | Quick::Release | Quick::SlowDown if who == 0 => {
                return Vec::new();
            }
            Quick::SlowDown => Act::SlowDown {
                way: Ways::Both,
                latency: Some(slower(scene.connection(who))),
                bandwidth: None,
            },
            Quick::Cut => Act::Cut { way: Ways::Both },
            Quick::Hold => Act::Stall { way },
            Quick::Release => Act::Release { way: Ways::Both },
        };
        vec![deed(shown, who, act)]
    }

    /// What a filled form asks for.
    pub(crate) fn filled(&self, form: Form, message: Message) -> Ask {
        let act = match form {
            Form::Publish => Act::Publish(message),
            Form::Subscribe => Act::Subscribe {
                filter: message.topic,
                qos: message.qos,
            },
            Form::Unsubscribe => Act::Unsubscribe {
                filter: message.topic,
            },
            Form::SlowDown => Act::SlowDown {
                way: Ways::Both,
                latency: thousands(&message.topic),
                bandwidth: thousands(&message.payload).filter(|rate| *rate > 0),
            },
        };
        match &self.instead {
            Some(instead) => Ask::Edit(Edit::Instead {
                of: instead.of,
                action: deed(self.at, self.who, act).action,
            }),
            None => Ask::Act(vec![deed(self.at, self.who, act)]),
        }
    }
}

/// A number of thousands; `None` where nothing is said.
fn thousands(text: &str) -> Option<u64> {
    let number: u32 = text.trim().parse().ok()?;
    Some(u64::from(number) * 1_000)
}

fn deed(at: Micros, who: ParticipantId, act: Act) -> Deed {
    Deed {
        at,
        action: Action { who, act },
    }
}

fn item(label: Text, glyph: Glyph, deeds: Vec<Deed>) -> Item {
    Item {
        label,
        glyph,
        does: Does::Deeds(deeds),
    }
}

fn form(label: Text, glyph: Glyph, form: Form) -> Item {
    Item {
        label,
        glyph,
        does: Does::Form(form),
    }
}

fn broker_items(broker: &Participant, at: Micros) -> Vec<(Text, Vec<Item>)> {
    let one = |label, glyph, act| item(label, glyph, vec![deed(at, 0, act)]);
    let kept = Memory::Kept;
    if broker.state == ParticipantState::Crashed {
        let lost = Memory::Lost;
        return vec![(
            say::MENU_PROCESS,
            vec![
                one(say::DO_START, Glyph::Connect, Act::Restart { memory: kept }),
                one(
                    say::DO_START_EMPTY_DISK,
                    Glyph::Connect,
                    Act::Restart { memory: lost },
                ),
            ],
        )];
    }
    vec![
        (
            say::MENU_PROCESS,
            vec![
                form(say::DO_PUBLISH_OWN, Glyph::Publish, Form::Publish),
                one(say::DO_CRASH, Glyph::Fault, Act::Crash { how: Ending::Fin }),
                one(say::DO_LOSE_POWER, Glyph::Connect, Act::PowerOff),
                one(say::DO_RESTART, Glyph::Skip, Act::Restart { memory: kept }),
            ],
        ),
        (
            say::MENU_NEW_CONNECTIONS,
            vec![
                one(say::DO_REFUSE, Glyph::Wrong, Act::Refuse),
                one(say::DO_ACCEPT, Glyph::Right, Act::Accept),
            ],
        ),
    ]
}

fn client_items(
    client: &Participant,
    connection: Option<&Connection>,
    at: Micros,
) -> Vec<(Text, Vec<Item>)> {
    let who = client.id;
    let one = |label, glyph, act| item(label, glyph, vec![deed(at, who, act)]);
    let is_down = client.state == ParticipantState::Crashed;
    let mut groups = Vec::new();
    if !is_down {
        let mut mqtt = vec![
            form(say::DO_PUBLISH, Glyph::Publish, Form::Publish),
            form(say::DO_SUBSCRIBE, Glyph::Subscribe, Form::Subscribe),
            form(say::DO_UNSUBSCRIBE, Glyph::Subscribe, Form::Unsubscribe),
        ];
        match client.state {
            ParticipantState::Connected => {
                let will = false;
                mqtt.push(one(
                    say::DO_DISCONNECT,
                    Glyph::Connect,
                    Act::Disconnect { will },
                ));
            }
            ParticipantState::Idle | ParticipantState::Waiting => {
                mqtt.push(one(say::DO_CONNECT, Glyph::Connect, Act::Connect));
            }
            ParticipantState::Running
            | ParticipantState::Opening
            | ParticipantState::Connecting
            | ParticipantState::Asleep
            | ParticipantState::Crashed => {}
        }
        groups.push((say::MENU_MQTT, mqtt));
    }
    groups.push((say::MENU_LINK, link_items(who, connection, at)));
    let process = if is_down {
        vec![
            one(
                say::DO_START,
                Glyph::Connect,
                Act::Restart {
                    memory: Memory::Kept,
                },
            ),
            one(
                say::DO_START_FORGOTTEN,
                Glyph::Connect,
                Act::Restart {
                    memory: Memory::Lost,
                },
            ),
        ]
    } else {
        vec![
            one(say::DO_PAUSE, Glyph::Pause, Act::Pause),
            one(say::DO_RESUME, Glyph::Play, Act::Resume),
            match client.state {
                ParticipantState::Asleep => one(say::DO_WAKE, Glyph::Light, Act::Wake),
                ParticipantState::Running
                | ParticipantState::Idle
                | ParticipantState::Opening
                | ParticipantState::Connecting
                | ParticipantState::Connected
                | ParticipantState::Waiting
                | ParticipantState::Crashed => one(say::DO_SLEEP, Glyph::Dark, Act::Sleep),
            },
            one(say::DO_CRASH, Glyph::Fault, Act::Crash { how: Ending::Fin }),
            one(say::DO_LOSE_POWER, Glyph::Connect, Act::PowerOff),
        ]
    };
    groups.push((say::MENU_PROCESS, process));
    groups
}

fn link_items(who: ParticipantId, connection: Option<&Connection>, at: Micros) -> Vec<Item> {
    let one = |label, glyph, act| item(label, glyph, vec![deed(at, who, act)]);
    let way = Ways::Both;
    let is_cut = connection.is_some_and(|link| link.cut);
    let is_stalled = connection.is_some_and(|link| link.stalled_up || link.stalled_down);
    let is_open = connection.is_some_and(|link| {
        [link.client_end, link.broker_end]
            .into_iter()
            .any(|end| end == EndState::Open || end == EndState::Opening)
    });
    let mut items = Vec::new();
    if !is_cut {
        items.push(one(say::DO_CUT, Glyph::Scissors, Act::Cut { way }));
        let (up, down) = (Ways::Up, Ways::Down);
        items.push(one(say::DO_CUT_UP, Glyph::Scissors, Act::Cut { way: up }));
        items.push(one(
            say::DO_CUT_DOWN,
            Glyph::Scissors,
            Act::Cut { way: down },
        ));
    }
    if is_cut || !is_open {
        items.push(one(say::DO_HEAL, Glyph::Tcp, Act::Heal));
    }
    if !is_stalled {
        items.push(one(say::DO_HOLD, Glyph::Pause, Act::Stall { way }));
    }
    if is_stalled || !is_open {
        items.push(one(say::DO_RELEASE, Glyph::Play, Act::Release { way }));
    }
    items.push(form(say::DO_SLOW_DOWN, Glyph::Timer, Form::SlowDown));
    items.push(one(say::DO_SPEED_UP, Glyph::Skip, Act::SpeedUp { way }));
    if is_open {
        items.push(one(say::DO_RESET, Glyph::Close, Act::Reset));
        items.push(one(say::DO_CLOSE, Glyph::Close, Act::Close));
    }
    items
}

/// On a byte stream no packet is lost alone: what can be done to a packet is done to its link, at the right moment.
fn flight_items(flight: &Flight, client: ParticipantId, shown: Micros) -> Vec<(Text, Vec<Item>)> {
    let to = Hand {
        client,
        way: match flight.from {
            0 => Ways::Down,
            _ => Ways::Up,
        },
    };
    let items = match (flight.fate, flight.arrived_at) {
        (Fate::Arrived, Some(arrived)) => {
            // The last moment in which it was still on its way.
            let before = arrived.saturating_sub(1).max(flight.sent_at);
            vec![
                to.late(say::IF_LATE, before),
                to.cut(say::IF_CUT_BEFORE, before),
                to.cut(say::IF_CUT_AFTER, arrived),
                to.reset(say::IF_RESET, before),
            ]
        }
        (Fate::Travelling, _) => {
            let (stall, release) = (Act::Stall { way: to.way }, Act::Release { way: to.way });
            let mut items = vec![
                to.one(say::PACKET_HOLD, Glyph::Pause, shown, stall),
                to.one(say::PACKET_RELEASE, Glyph::Play, shown, release),
                to.late(say::PACKET_LATE, shown),
                to.cut(say::PACKET_CUT, shown),
            ];
            let after = |due| to.cut(say::PACKET_CUT_AFTER, due);
            items.extend(flight.due_at.map(after));
            items.push(to.reset(say::DO_RESET, shown));
            items
        }
        (Fate::Lost | Fate::Arrived, _) => vec![to.cut(say::IF_CUT_SENT, flight.sent_at)],
    };
    vec![(say::MENU_ITS_LINK, items)]
}

/// The link of a packet, to do something to it.
struct Hand {
    client: ParticipantId,
    way: Ways,
}

impl Hand {
    fn one(&self, label: Text, glyph: Glyph, at: Micros, act: Act) -> Item {
        item(label, glyph, vec![deed(at, self.client, act)])
    }

    fn cut(&self, label: Text, at: Micros) -> Item {
        let way = Ways::Both;
        self.one(label, Glyph::Scissors, at, Act::Cut { way })
    }

    fn reset(&self, label: Text, at: Micros) -> Item {
        self.one(label, Glyph::Close, at, Act::Reset)
    }

    /// Held, and let go a while later.
    fn late(&self, label: Text, at: Micros) -> Item {
        let way = self.way;
        let stall = deed(at, self.client, Act::Stall { way });
        let release = deed(at + DELAY, self.client, Act::Release { way });
        item(label, Glyph::Timer, vec![stall, release])
    }
}

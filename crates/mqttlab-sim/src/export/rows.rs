//! What diagrams draw of a run, in its order: packets, and what disturbs them.

use crate::recording::Recording;
use crate::view::{Event, EventKind, Flight, Micros, ParticipantId};

/// A longer silence is drawn as a break.
pub(super) const QUIET: Micros = 1_000_000;

/// Something that is drawn.
pub(super) struct Row<'r> {
    pub(super) event: &'r Event,
    /// The packet that is sent with it; `None` for what disturbs the network or a machine.
    pub(super) flight: Option<&'r Flight>,
    /// How long nothing was drawn before it, where that is a break.
    pub(super) silence: Option<Micros>,
}

/// Everything up to the moment of `recording` that is drawn, if of the packets only those are that `shows` says.
pub(super) fn rows<'r>(
    recording: &'r Recording,
    shows: impl Fn(&Flight) -> bool + 'r,
) -> impl Iterator<Item = Row<'r>> {
    let drawn = move |event: &'r Event| match event.kind {
        EventKind::Sent => {
            let flight = recording.flights().get(event.flight? as usize)?;
            shows(flight).then_some((event, Some(flight)))
        }
        EventKind::Fault => Some((event, None)),
        EventKind::Action
        | EventKind::Arrived
        | EventKind::Connection
        | EventKind::Timer
        | EventKind::Decision
        | EventKind::Application => None,
    };
    let drawn = recording.events().iter().filter_map(drawn);
    drawn.scan(0, |last, (event, flight)| {
        let passed = event.at - std::mem::replace(last, event.at);
        Some(Row {
            event,
            flight,
            silence: Some(passed).filter(|passed| *passed > QUIET),
        })
    })
}

/// The participants from left to right: the broker stands between the first client and the others.
pub(super) fn order(clients: usize) -> Vec<ParticipantId> {
    let clients = 1..=clients as ParticipantId;
    let mut order: Vec<ParticipantId> = clients.collect();
    order.insert(order.len().min(1), 0);
    order
}

//! What happened how often.

use alloc::collections::BTreeMap;

use crate::broker::CloseReason;
use crate::reason::ReasonCode;
use crate::why::DropCause;

/// Counts since the broker was made. They only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct Counters {
    /// CONNECTs that were accepted.
    pub accepted: u64,
    /// Connections that another one with the same Client Identifier took over.
    pub taken_over: u64,
    /// Network connections that went away by themselves.
    pub lost: u64,
    /// Sessions that ended.
    pub sessions_ended: u64,
    /// Those of them whose Session Expiry Interval was over.
    pub sessions_expired: u64,
    /// PUBLISHes that were accepted, by QoS.
    pub received: [u64; 3],
    /// PUBLISHes that were sent for the first time, by QoS.
    pub sent: [u64; 3],
    /// PUBLISHes that were sent again on a new connection.
    pub resent: u64,
    /// QoS 2 PUBLISHes that had been passed on before.
    pub repeated: u64,
    /// Messages that nobody subscribed to.
    pub unwanted: u64,
    /// Messages that were queued.
    pub queued: u64,
    /// QoS 1 and 2 messages that clients acknowledged.
    pub completed: u64,
    /// QoS 1 and 2 messages that clients refused.
    pub refused_by_clients: u64,
    /// PUBLISHes that were refused.
    pub publish_refused: u64,
    /// Topic Filters that were refused.
    pub subscriptions_refused: u64,
    /// Subscriptions that were taken away because they are not allowed any more.
    pub subscriptions_revoked: u64,
    /// Acknowledgements that fit nothing.
    pub acks_unexpected: u64,
    /// Messages that did not go back to their publisher because of No Local.
    pub no_local: u64,
    /// Messages for which a shared subscription had nobody.
    pub share_empty: u64,
    /// Messages that were not retained for want of room.
    pub retained_refused: u64,
    /// Retained messages that expired.
    pub retained_expired: u64,
    /// Wills that were published.
    pub wills_published: u64,
    /// Wills that were thrown away.
    pub wills_discarded: u64,
    /// Packets of ours that were larger than the client accepts.
    pub unsendable: u64,
    /// What came from connections that were gone.
    pub late: u64,
    dropped: BTreeMap<DropCause, u64>,
    refused: BTreeMap<ReasonCode, u64>,
    closed: BTreeMap<CloseKind, u64>,
}

/// Why a connection was closed, as far as counting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum CloseKind {
    /// The client said DISCONNECT.
    Disconnect,
    /// CONNECT was refused.
    Refused,
    /// No CONNECT came in time.
    ConnectTimeout,
    /// Nothing came for one and a half times the Keep Alive.
    KeepAlive,
    /// Another connection came with the same Client Identifier.
    TakenOver,
    /// The bytes were no packet.
    Malformed,
    /// The packet was not allowed there.
    ProtocolError,
    /// A limit was reached.
    Quota,
    /// The broker stops or an operator closed it.
    Administrative,
    /// It was banned.
    Banned,
    /// It sent too fast.
    Rate,
    /// Its time was up: that of its token, or of the permission that it was given.
    ConnectTime,
}

impl From<CloseReason> for CloseKind {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Disconnect => Self::Disconnect,
            CloseReason::Refused(_) => Self::Refused,
            CloseReason::ConnectTimeout => Self::ConnectTimeout,
            CloseReason::KeepAlive => Self::KeepAlive,
            CloseReason::TakenOver => Self::TakenOver,
            CloseReason::Malformed => Self::Malformed,
            CloseReason::ProtocolError(_) => Self::ProtocolError,
            CloseReason::Quota(_) => Self::Quota,
            CloseReason::Administrative(ReasonCode::Banned) => Self::Banned,
            CloseReason::Administrative(ReasonCode::MessageRateTooHigh) => Self::Rate,
            CloseReason::Administrative(ReasonCode::MaximumConnectTime) => Self::ConnectTime,
            CloseReason::Administrative(_) => Self::Administrative,
        }
    }
}

impl Counters {
    /// Messages that sessions were meant to get and did not, by cause.
    pub fn drops(&self) -> impl Iterator<Item = (DropCause, u64)> {
        self.dropped.iter().map(|(&cause, &count)| (cause, count))
    }

    /// CONNECTs that were refused, by reason.
    pub fn refusals(&self) -> impl Iterator<Item = (ReasonCode, u64)> {
        self.refused.iter().map(|(&reason, &count)| (reason, count))
    }

    /// Connections that were closed from here or by DISCONNECT, by kind.
    pub fn closes(&self) -> impl Iterator<Item = (CloseKind, u64)> {
        self.closed.iter().map(|(&kind, &count)| (kind, count))
    }

    /// Adds what another broker has counted, which is a part of the same whole.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.numbers().into_iter().zip(other.clone().numbers()) {
            *count += *more;
        }
        add_all(&mut self.dropped, &other.dropped);
        add_all(&mut self.refused, &other.refused);
        add_all(&mut self.closed, &other.closed);
    }

    fn numbers(&mut self) -> [&mut u64; 29] {
        let Self {
            accepted,
            taken_over,
            lost,
            sessions_ended,
            sessions_expired,
            received: [received_0, received_1, received_2],
            sent: [sent_0, sent_1, sent_2],
            resent,
            repeated,
            unwanted,
            queued,
            completed,
            refused_by_clients,
            publish_refused,
            subscriptions_refused,
            subscriptions_revoked,
            acks_unexpected,
            no_local,
            share_empty,
            retained_refused,
            retained_expired,
            wills_published,
            wills_discarded,
            unsendable,
            late,
            dropped: _,
            refused: _,
            closed: _,
        } = self;
        [
            accepted,
            taken_over,
            lost,
            sessions_ended,
            sessions_expired,
            received_0,
            received_1,
            received_2,
            sent_0,
            sent_1,
            sent_2,
            resent,
            repeated,
            unwanted,
            queued,
            completed,
            refused_by_clients,
            publish_refused,
            subscriptions_refused,
            subscriptions_revoked,
            acks_unexpected,
            no_local,
            share_empty,
            retained_refused,
            retained_expired,
            wills_published,
            wills_discarded,
            unsendable,
            late,
        ]
    }

    pub(super) fn dropped(&mut self, cause: DropCause) {
        *self.dropped.entry(cause).or_default() += 1;
    }

    pub(super) fn refused(&mut self, reason: ReasonCode) {
        *self.refused.entry(reason).or_default() += 1;
    }

    pub(super) fn closed(&mut self, reason: CloseReason) {
        *self.closed.entry(reason.into()).or_default() += 1;
    }
}

fn add_all<K: Copy + Ord>(counts: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (&key, &count) in more {
        *counts.entry(key).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::Counters;
    use crate::broker::CloseReason;
    use crate::reason::ReasonCode;

    #[test]
    fn two_parts_make_one_whole() {
        let mut one = Counters {
            accepted: 1,
            received: [1, 2, 3],
            late: 1,
            ..Counters::default()
        };
        one.closed(CloseReason::KeepAlive);
        let mut other = one.clone();
        other.refused(ReasonCode::Banned);
        other.closed(CloseReason::TakenOver);
        one.add(&other);
        assert_eq!((one.accepted, one.received, one.late), (2, [2, 4, 6], 2));
        assert_eq!(one.refusals().collect::<alloc::vec::Vec<_>>().len(), 1);
        let closes: alloc::vec::Vec<_> = one.closes().map(|(_, count)| count).collect();
        assert_eq!(closes, [2, 1]);
    }
}

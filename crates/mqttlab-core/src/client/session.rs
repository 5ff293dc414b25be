//! What outlives a network connection.

use alloc::string::String;
use alloc::vec::Vec;

use crate::clause::Clause;
use crate::client::event::Dropped;
use crate::client::options::LostSession;
use crate::client::queue::Outgoing;
use crate::client::{Client, Decision, DiscardBecause, Event, Sink, Subscription, TimerKind, say};
use crate::packet::Version;
use crate::qos::{Receiver, Sender, Stage};
use crate::time::Duration;

/// The client's part of the session state (section 4.1).
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Session {
    /// The server has accepted it once, and it has not ended.
    pub(super) exists: bool,
    /// The Client Identifier that it belongs to. [MQTT-3.1.3-2]
    pub(super) client_id: String,
    /// How long it outlives its connection, in seconds; `u32::MAX` is for ever.
    pub(super) expiry: u32,
    /// Messages that are sent and not completed.
    pub(super) outgoing: Sender<Outgoing>,
    /// Incoming QoS 2 messages that wait for PUBREL.
    pub(super) incoming: Receiver,
    /// What the server granted.
    pub(super) subscriptions: Vec<Subscription>,
}

impl Client {
    /// Forgets the session; what was in flight is dropped or becomes new messages.
    pub(super) fn discard_session<S: Sink>(&mut self, because: DiscardBecause, sink: &mut S) {
        self.timers.stop(TimerKind::SessionExpiry);
        if !self.session.exists && self.session.outgoing.is_empty() {
            return;
        }
        let outgoing = self.session.outgoing.len();
        let clause = self.discard_clause(because);
        say(sink, clause, || Decision::DiscardSession {
            because,
            outgoing,
        });
        self.session.exists = false;
        self.session.incoming.clear();
        self.resend.clear();
        let in_flight: Vec<_> = self.session.outgoing.drain().collect();
        // The queue is older than its front grows: the last goes in first.
        for in_flight in in_flight.into_iter().rev() {
            let ticket = in_flight.message.ticket;
            match (self.options.lost_session, in_flight.stage) {
                (LostSession::Republish, Stage::PubAck | Stage::PubRec) => {
                    say(sink, None, || Decision::Republish { ticket });
                    self.queue.push_front(in_flight.message);
                }
                (LostSession::Drop, Stage::PubAck | Stage::PubRec) | (_, Stage::PubComp) => {
                    let why = Dropped::SessionEnded(in_flight.stage);
                    say(sink, None, || Decision::Drop { ticket, why });
                    sink.event(Event::Dropped { ticket, why });
                }
            }
        }
    }

    fn discard_clause(&self, because: DiscardBecause) -> Option<Clause> {
        match because {
            DiscardBecause::ConnectionEnded => match self.options.version {
                Version::V3_1 | Version::V3_1_1 => Some(Clause::V311_3_1_2_6),
                Version::V5 => None,
            },
            DiscardBecause::CleanStart => self.clause(Clause::V311_3_1_2_6, Clause::V5_3_1_2_4),
            DiscardBecause::OtherClientId => self.clause(Clause::V311_3_1_3_2, Clause::V5_3_1_3_2),
            DiscardBecause::NotAtServer => Some(Clause::V5_3_2_2_5),
            DiscardBecause::Expired => None,
        }
    }

    /// The network connection is gone: what becomes of the session?
    pub(super) fn leave_session<S: Sink>(&mut self, sink: &mut S) {
        if self.session.expiry == 0 {
            self.discard_session(DiscardBecause::ConnectionEnded, sink);
            return;
        }
        let (outgoing, incoming) = (self.session.outgoing.len(), self.session.incoming.len());
        let clause = self.clause(Clause::V311_3_1_2_4, Clause::V5_3_1_2_23);
        say(sink, clause, || Decision::KeepSession {
            outgoing,
            incoming,
        });
        if self.session.expiry != u32::MAX {
            let after = Duration::from_secs(self.session.expiry.into());
            self.timers.start(TimerKind::SessionExpiry, self.now, after);
        }
    }

    /// CONNACK came: does the session go on?
    pub(super) fn enter_session<S: Sink>(&mut self, session_present: bool, sink: &mut S) {
        self.timers.stop(TimerKind::SessionExpiry);
        if self.session.exists && !session_present {
            match self.options.version {
                // 3.1 has no Session Present: nobody knows.
                Version::V3_1 => {}
                Version::V3_1_1 => self.go_on_alone(sink),
                Version::V5 => self.discard_session(DiscardBecause::NotAtServer, sink),
            }
        }
        if self.session.exists && session_present {
            let (outgoing, incoming) = (self.session.outgoing.len(), self.session.incoming.len());
            let clause = self.clause(Clause::V311_3_2_2_2, Clause::V5_3_2_2_3);
            say(sink, clause, || Decision::ResumeSession {
                outgoing,
                incoming,
            });
        } else if !self.session.exists {
            say(sink, None, || Decision::BeginSession);
        }
        self.session.exists = true;
        self.session.client_id.clone_from(&self.client_id);
    }

    /// 3.1.1 has unacknowledged messages sent again after Clean Session 0 whatever Session Present says; but a server
    /// without a session may use the identifiers of incoming messages for new ones.
    fn go_on_alone<S: Sink>(&mut self, sink: &mut S) {
        let (outgoing, incoming) = (self.session.outgoing.len(), self.session.incoming.len());
        if outgoing > 0 {
            let clause = Some(Clause::V311_4_4_0_1);
            say(sink, clause, || Decision::ResumeWithoutServer { outgoing });
        }
        if incoming > 0 {
            say(sink, None, || Decision::ForgetIncoming { incoming });
            self.session.incoming.clear();
        }
    }
}

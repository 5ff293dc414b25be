//! Telling the log why the broker did what it did to one client.

use std::time::Duration;

use mqttlab_core::broker::shard::{Room, To, Word};
use mqttlab_core::broker::{
    Access, AuthRequest, Authorization, Change, CloseReason, Established, Identity, Sink,
};
use mqttlab_core::frame::Frame;
use mqttlab_core::id::ConnId;
use mqttlab_core::time::Instant;
use mqttlab_core::why::{Decision, Refusal, Why};
use mqttlab_sim::scenario::duration;

use super::socket::Sockets;
use crate::log;

const DAY_S: u64 = 24 * 60 * 60;
/// From so many days on hours are of no interest.
const DAYS_MIN: u64 = 2;

/// The same sockets, with the reasons. A type of its own, so that nobody pays for reasons that nobody wants.
pub(super) struct Traced<'a>(pub(super) &'a mut Sockets);

impl Sink for Traced<'_> {
    const TRACE: bool = true;

    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        self.0.send(conn, frame);
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        self.0.close(conn, reason);
    }

    fn refused(&mut self, conn: ConnId, client_id: &str, because: Refusal) {
        self.0.refused(conn, client_id, because);
    }

    fn established(&mut self, conn: ConnId, established: &Established<'_>) {
        self.0.established(conn, established);
    }

    fn authorize(&mut self, conn: ConnId, request: &AuthRequest<'_>) -> Authorization {
        self.0.authorize(conn, request)
    }

    fn permits(&mut self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        self.0.permits(who, access, topic)
    }

    fn has_room(&mut self, room: Room) -> bool {
        self.0.has_room(room)
    }

    fn tell(&mut self, to: To, word: Word) {
        self.0.tell(to, word);
    }

    fn persist(&mut self, change: &Change<'_>) {
        self.0.persist(change);
    }

    fn why(&mut self, why: Why) {
        let socket = why.conn.and_then(|conn| self.0.of(conn));
        let Some((id, conn)) = socket.and_then(|socket| Some((socket.traced?, socket.serial())))
        else {
            return;
        };
        let why = told(&why, self.0.now);
        if let Some(client_id) = self.0.traces.note(id, conn, why.clone()) {
            let client_id = &*log::plain(client_id);
            tracing::info!(client_id, conn, %why, "decided");
        }
    }
}

/// A decision in words, for people: how long from now on, or until now, in place of moments on the broker's time line.
fn told(why: &Why, now: Instant) -> String {
    let text = why.to_string();
    let span = |word: &str, moment: Instant, span: Duration| {
        let (moment, span) = (format!("{word} {moment}"), in_words(span));
        text.replace(&moment, &format!("for {span}"))
    };
    if let Decision::SessionKept {
        until: Some(until), ..
    }
    | Decision::WillDelayed { until, .. } = why.decision
    {
        return span("until", until, until.since(now));
    }
    if let Decision::KeepAliveExpired { last_packet_at, .. } = why.decision {
        return span("since", last_packet_at, now.since(last_packet_at));
    }
    text
}

/// A span as people say it.
fn in_words(span: Duration) -> String {
    let days = span.as_secs() / DAY_S;
    if days >= DAYS_MIN {
        return format!("{days} days");
    }
    // Whoever waits for seconds does not ask for their parts.
    let whole = Duration::from_secs(span.as_secs());
    let told = if whole.is_zero() { span } else { whole };
    duration::words(told.as_micros() as u64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use mqttlab_core::time::Instant;
    use mqttlab_core::why::{Decision, Why};

    use super::told;

    #[test]
    fn moments_are_told_as_spans() {
        let now = Instant::ZERO + Duration::from_secs(1_796_631_621);
        let client_id: Arc<str> = "c7".into();
        let until = |s| now + Duration::from_secs(s);
        for (decision, expected) in [
            (
                Decision::SessionKept {
                    client_id: Arc::clone(&client_id),
                    until: Some(until(1_209_600)),
                },
                "the session of c7 is kept for 14 days",
            ),
            (
                Decision::SessionKept {
                    client_id: Arc::clone(&client_id),
                    until: Some(until(9_000)),
                },
                "the session of c7 is kept for 2 h 30 min",
            ),
            (
                Decision::SessionKept {
                    client_id: Arc::clone(&client_id),
                    until: None,
                },
                "the session of c7 is kept without end",
            ),
            (
                Decision::WillDelayed {
                    client_id: Arc::clone(&client_id),
                    topic: "w".into(),
                    until: until(30) + Duration::from_micros(12),
                },
                "the will of c7 for w waits for 30 s",
            ),
            (
                Decision::KeepAliveExpired {
                    client_id,
                    keep_alive: 60,
                    last_packet_at: Instant::ZERO + Duration::from_secs(1_796_631_531),
                },
                "c7 was silent for 90 s, longer than 1.5 x 60 s",
            ),
        ] {
            let why = Why {
                conn: None,
                clause: None,
                decision,
            };
            assert_eq!(told(&why, now), expected);
        }
    }
}

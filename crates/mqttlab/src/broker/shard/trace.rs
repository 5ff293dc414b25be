//! Telling the log why the broker did what it did to one client.

use mqttlab_core::broker::shard::{Room, To, Word};
use mqttlab_core::broker::{
    Access, AuthRequest, Authorization, Change, CloseReason, Established, Identity, Sink,
};
use mqttlab_core::frame::Frame;
use mqttlab_core::id::ConnId;
use mqttlab_core::why::Why;

use super::socket::Sockets;
use crate::log;

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
        if let Some(client_id) = self.0.traces.note(id, conn, why.to_string()) {
            let client_id = &*log::plain(client_id);
            tracing::info!(client_id, conn, %why, "decided");
        }
    }
}

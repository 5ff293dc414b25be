//! What the broker wants done with its connections.

use std::sync::Arc;

use mqttlab_core::broker::shard::{Room, To, Word};
use mqttlab_core::broker::{
    Access, AuthRequest, Authorization, Change, CloseReason, Established, Identity, Sink,
};
use mqttlab_core::frame::Frame;
use mqttlab_core::id::ConnId;
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::why::Refusal;

use super::super::super::auth::Denial;
use super::super::super::store::is_kept;
use super::{Phase, Sockets, index};
use crate::log;

impl Sink for Sockets {
    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        let Some(socket) = self.slots[index(conn) as usize].as_mut() else {
            return;
        };
        debug_assert_eq!(socket.conn, conn, "the broker knows no closed connection");
        self.packets_written += 1;
        let unsettled = self.store.as_ref().is_some_and(|store| !store.is_settled());
        // Those who get no promise need not wait for the disk because others do; but nothing overtakes anything.
        let told = self.post.told;
        let is_free = !self.changed && !told && !socket.waiting && frame.promises_nothing();
        if (unsettled || told || socket.waiting) && !is_free {
            return self.hold(conn, frame);
        }
        let out = socket.out.get_or_insert_with(|| self.pool.take());
        out.push(frame);
        if !socket.dirty && !socket.blocked {
            socket.dirty = true;
            self.dirty.push(index(conn));
        }
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        self.watched.disconnect(conn);
        self.doorkeeper.closed(conn);
        let asking = self.asking.take_if(|it| it.conn == conn);
        let asking = self.patience.remove(conn).or(asking);
        if self.of(conn).is_some() {
            self.log_end(conn, &reason, asking.as_ref());
        }
        if let Some(socket) = self.of(conn) {
            socket.phase = Phase::Closing;
            self.mark_dirty(index(conn));
            self.closed.push(conn);
        }
    }

    fn refused(&mut self, conn: ConnId, client_id: &str, because: Refusal) {
        if self.asking.as_ref().is_none_or(|it| it.conn() != conn) {
            self.note_asking(conn, client_id, None);
        }
        // Whoever has answered a question of the broker's has said more already.
        if let Some(asking) = &mut self.asking {
            asking.deny(Denial::Broker(because));
        }
    }

    fn established(&mut self, conn: ConnId, established: &Established<'_>) {
        self.established = true;
        self.asking = None;
        if let Some(socket) = self.of(conn) {
            let Established {
                client_id,
                user_name,
                version,
                ..
            } = established;
            let (serial, peer) = (socket.serial(), socket.peer);
            let name = user_name.map(log::plain);
            tracing::info!(
                client_id = &*log::plain(client_id), user_name = name.as_deref(), %version, %peer,
                conn = serial, "connected"
            );
            socket.client_id = Some(Arc::clone(client_id));
            socket.transport.establish();
            self.welcome(conn, client_id, *user_name, peer);
        }
    }

    fn authorize(&mut self, conn: ConnId, request: &AuthRequest<'_>) -> Authorization {
        if let Some(id) = self.traces.id(request.client_id)
            && let Some(socket) = self.of(conn)
        {
            socket.traced = Some(id);
        }
        self.note_asking(conn, request.client_id, request.user_name);
        if self.refuses_sessions && self.wants_session {
            self.note_denial(Denial::NoStore);
            return Authorization::Deny(ReasonCode::ServerUnavailable);
        }
        let (client_id, user_name) = (request.client_id, request.user_name);
        let common = &self.watched.common;
        let because = common.bans().keeps_out(client_id, user_name, self.now);
        if let Some(because) = because {
            self.note_denial(Denial::Banned);
            return Authorization::Deny(because.reason());
        }
        let Some(socket) = self.slots[index(conn) as usize].as_ref() else {
            return Authorization::Deny(ReasonCode::UnspecifiedError);
        };
        let caller = socket.caller();
        let answer = self.doorkeeper.authorize(self.now, &caller, request);
        self.note_doorkeepers_denial();
        let authorization = self.review(conn, client_id, user_name, answer);
        if authorization == Authorization::Pending {
            self.pending = true;
            let until = self.now + self.doorkeeper.login_timeout();
            if let Some(asking) = self.asking.take() {
                self.patience.insert(until, asking);
            }
        }
        authorization
    }

    #[inline]
    fn permits(&mut self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        let permits = self.doorkeeper.permits(who, access, topic);
        if !permits && access != Access::Receive {
            let line = || self.doorkeeper.denied_by(who, access, topic);
            self.denials.tell(self.now, who, access, topic, line);
        }
        permits
    }

    fn has_room(&mut self, room: Room) -> bool {
        let share = self.share.as_mut();
        share.is_none_or(|share| share.has_room(room))
    }

    fn tell(&mut self, to: To, word: Word) {
        self.post.write(to, &word);
        if self.hears && word.wants_answer() {
            // Somebody else takes over what was promised because of an earlier word.
            self.gates.raise(self.post.needed());
        }
    }

    #[inline]
    fn persist(&mut self, change: &Change<'_>) {
        if let Change::SessionEnded { client_id } = change {
            self.doorkeeper.end(client_id);
        }
        if let Some(store) = &mut self.store
            && is_kept(change)
        {
            store.note(change);
            self.changed = true;
        }
    }
}

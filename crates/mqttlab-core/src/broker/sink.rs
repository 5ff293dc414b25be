//! What the broker says back to its driver.

use crate::broker::shard::{Room, To, Word};
use crate::broker::{
    Access, AuthRequest, Authorization, Change, CloseReason, Established, Identity,
};
use crate::frame::Frame;
use crate::id::ConnId;
use crate::reason::ReasonCode;
use crate::why::{Refusal, Why};

/// Takes what the broker wants done, in causal order: a why comes before the sends it explains.
///
/// Only [`send`](Self::send) and [`close`](Self::close) must be written; the defaults of the rest let everybody in and
/// keep nothing.
pub trait Sink {
    /// Whether decisions are wanted. When false the compiler drops every one of them.
    const TRACE: bool = false;

    /// Append this packet to what goes to `conn`.
    fn send(&mut self, conn: ConnId, frame: &Frame<'_>);

    /// Close `conn` once what was sent to it is written. The broker has forgotten it already: it needs no
    /// [`Input::Lost`](crate::broker::Input::Lost), and what still comes from it is ignored.
    fn close(&mut self, conn: ConnId, reason: CloseReason);

    /// The CONNECT of `conn`, from a client that calls itself so, is refused for this reason; what it is told of that and
    /// [`close`](Self::close) follow.
    fn refused(&mut self, conn: ConnId, client_id: &str, because: Refusal) {
        let _ = (conn, client_id, because);
    }

    /// `conn` has proven who it is and got its CONNACK: limits for strangers end here.
    fn established(&mut self, conn: ConnId, established: &Established<'_>) {
        let _ = (conn, established);
    }

    /// May this client connect? A driver that has to ask elsewhere answers [`Authorization::Pending`], hands in no more
    /// packets of `conn`, and brings the answer with [`Input::Authorized`](crate::broker::Input::Authorized).
    ///
    /// Without a driver's own answer everybody may, except with an Authentication Method: there is none.
    /// [MQTT-4.12.0-1]
    fn authorize(&mut self, conn: ConnId, request: &AuthRequest<'_>) -> Authorization {
        let _ = conn;
        match request.method {
            Some(_) => Authorization::Deny(ReasonCode::BadAuthenticationMethod),
            None => Authorization::Allow,
        }
    }

    /// May `who` publish or receive on `topic`, at this moment? Asked for each PUBLISH, SUBSCRIBE, will, and again at
    /// each delivery: of a retained message also about who has published it.
    fn permits(&mut self, who: &Identity<'_>, access: Access, topic: &str) -> bool {
        let _ = (who, access, topic);
        true
    }

    /// Do all shards together leave room for one more of this? Asked where the broker's own limit does: a driver of several
    /// that counts over all of them says no here.
    fn has_room(&mut self, room: Room) -> bool {
        let _ = room;
        true
    }

    /// Durable state changed. No packet sent after this in the same round may leave before the change is stored.
    fn persist(&mut self, change: &Change<'_>) {
        let _ = change;
    }

    /// Bring this word to other shards, with [`Input::Peer`](crate::broker::Input::Peer), in the order in which words are
    /// told. A broker that is alone tells none; what a driver of several owes is told at [`shard`](crate::broker::shard).
    fn tell(&mut self, to: To, word: Word) {
        let _ = (to, word);
    }

    /// A decision was taken.
    fn why(&mut self, why: Why) {
        let _ = why;
    }
}

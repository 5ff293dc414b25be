//! A client's process and computer: how they end, start and sleep.

use std::sync::Arc;

use mqttlab_core::id::ConnId;

use crate::pipe::{Obstacle, Way};
use crate::scenario::{Ending, Memory};
use crate::view::{EndState, ParticipantId};
use crate::world::{Alarm, World};

impl World {
    /// A client's process ends, and its system closes what it had open. What the socket has taken is still sent, unless
    /// the connection is reset.
    pub(in crate::world) fn crash_client(&mut self, who: ParticipantId, how: Ending) {
        let conn = self.stop_client(who);
        if let Some(conn) = conn {
            let how = self.forget_process(conn, Way::Up, how);
            self.close_end(conn, Way::Up, how);
        }
    }

    /// A client's computer goes dark.
    pub(in crate::world) fn power_off_client(&mut self, who: ParticipantId) {
        self.stop_client(who);
        self.host(who).powered = false;
        for conn in self.conns_of(who) {
            self.darken_end(conn, Way::Up);
        }
    }

    fn stop_client(&mut self, who: ParticipantId) -> Option<ConnId> {
        self.wake_up(who);
        self.set_alarm(Alarm::WakeClient(who), None);
        let now = self.state.now;
        let host = self.host(who);
        if let Some(machine) = host.machine.take() {
            host.saved = machine.session().clone();
            host.since = now;
        }
        host.conn.take()
    }

    pub(in crate::world) fn restart_client(&mut self, who: ParticipantId, memory: Memory) {
        let now = self.state.now;
        let scenario = Arc::clone(&self.scenario);
        let host = self.host(who);
        host.powered = true;
        host.start(&scenario.clients[who as usize - 1], now, memory);
        for conn in self.conns_of(who) {
            self.brighten(conn, Way::Down);
        }
    }

    /// A client's computer sleeps: its clock stands, its processes do not run, its radio is off.
    pub(in crate::world) fn sleep(&mut self, who: ParticipantId) {
        let now = self.state.now;
        let host = self.host(who);
        if host.asleep || host.machine.is_none() {
            return;
        }
        host.asleep = true;
        host.asleep_since = now;
        host.clock.stop(now);
        self.set_alarm(Alarm::WakeClient(who), None);
        for conn in self.conns_of(who) {
            if let Some(pipe) = self.state.pipes.get_mut(&conn) {
                for way in Way::BOTH {
                    pipe.block(now, way, Obstacle::Asleep);
                }
            }
            self.set_alarm(Alarm::ConnectTimeout(conn), None);
            self.sync(conn);
        }
    }

    /// It goes on where it was: for its timers no time has passed.
    pub(in crate::world) fn wake_up(&mut self, who: ParticipantId) {
        let now = self.state.now;
        let host = self.host(who);
        if !std::mem::take(&mut host.asleep) {
            return;
        }
        host.clock.go_on(now);
        let connect_timeout = host.link.connect_timeout;
        for conn in self.conns_of(who) {
            if let Some(pipe) = self.state.pipes.get_mut(&conn) {
                for way in Way::BOTH {
                    pipe.unblock(now, way, Obstacle::Asleep);
                }
                if pipe.client_end.state == EndState::Opening {
                    let at = now + connect_timeout;
                    self.set_alarm(Alarm::ConnectTimeout(conn), Some(at));
                }
            }
            self.state.dirty.extend(Way::BOTH.map(|way| (conn, way)));
            self.sync(conn);
        }
        self.plan_wake(who);
    }
}

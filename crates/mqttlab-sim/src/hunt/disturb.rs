//! What disturbs a run, drawn from its seed.

use mqttlab_core::rng::Rng;

use super::{Hunt, Profile, Trial};
use crate::recording::{Changes, UserInput};
use crate::scenario::{
    Act, Action, Ending, Memory, Rule, RuleVerdict, Scenario, SegmentKind, Traffic, WHOLE, Ways,
};
use crate::view::{Micros, ParticipantId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Cut,
    Stall,
    Reset,
    Close,
    Crash,
    PowerOff,
    Sleep,
    Pause,
    BrokerCrash,
    BrokerPowerOff,
    BrokerRefuses,
    Loss,
    Delay,
    ResetBySegment,
}

impl Profile {
    fn kinds(&self, rng: &mut Rng) -> Vec<Kind> {
        let all = [
            (Kind::Cut, self.links),
            (Kind::Stall, self.links),
            (Kind::Reset, self.connections),
            (Kind::Close, self.connections),
            (Kind::Crash, self.clients),
            (Kind::PowerOff, self.clients),
            (Kind::Sleep, self.clients),
            (Kind::Pause, self.clients),
            (Kind::BrokerCrash, self.broker),
            (Kind::BrokerPowerOff, self.broker),
            (Kind::BrokerRefuses, self.broker),
            (Kind::Loss, self.links && self.rules),
            (Kind::Delay, self.links && self.rules),
            (Kind::ResetBySegment, self.connections && self.rules),
        ];
        let on = all.into_iter().filter(|(_, on)| *on);
        let on: Vec<Kind> = on.map(|(kind, _)| kind).collect();
        if !self.swarm {
            return on;
        }
        let chosen = on.iter().copied().filter(|_| rng.chance(1, 2));
        match chosen.collect::<Vec<Kind>>() {
            none if none.is_empty() => on,
            some => some,
        }
    }
}

impl Hunt {
    /// The disturbances of this seed, and the healing.
    pub(super) fn disturbances(&self, seed: u64) -> Trial {
        self.disturbances_after(seed, 0)
    }

    /// The healing alone.
    pub(super) fn undisturbed(&self, seed: u64) -> Trial {
        let mut inputs = self.scenario.inputs.clone();
        self.finish(&mut inputs);
        Trial {
            seed,
            changes: Changes {
                inputs,
                omitted: Vec::new(),
            },
            rules: Vec::new(),
        }
    }

    /// Those that begin after a moment.
    pub(super) fn disturbances_after(&self, seed: u64, after: Micros) -> Trial {
        let mut rng = Rng::new(seed).fork(0x0D15_74B5);
        let kinds = self.profile.kinds(&mut rng);
        let mut inputs = self.scenario.inputs.clone();
        let mut rules = Vec::new();
        let peace = u64::from(self.profile.peace_percent.min(100));
        let noisy = (self.scenario.until / 100 * (100 - peace)).saturating_sub(after);
        let count = rng.below(u64::from(self.profile.disturbances_max) + 1);
        let clients = self.scenario.clients.len() as u64;
        let is_possible = !kinds.is_empty() && clients > 0 && noisy > 0;
        let count = if is_possible { count } else { 0 };
        for _ in 0..count {
            let at = after + rng.below(noisy);
            let most = self.profile.lasts_max.max(1);
            let ends_at = (at + 1 + rng.below(most)).min((after + noisy).max(at + 1));
            let kind = kinds[rng.below(kinds.len() as u64) as usize];
            let who = 1 + rng.below(clients) as ParticipantId;
            match rule(&mut rng, kind, who, (at, ends_at)) {
                Some(rule) => rules.push(rule),
                None => disturbance(&mut rng, kind, who, (at, ends_at), &mut inputs),
            }
        }
        self.finish(&mut inputs);
        Trial {
            seed,
            changes: Changes {
                inputs,
                omitted: Vec::new(),
            },
            rules,
        }
    }

    /// Heals where there is a grace, and brings all into order.
    fn finish(&self, inputs: &mut Vec<UserInput>) {
        if self.profile.grace > 0 {
            heal(&self.scenario, inputs);
        }
        inputs.sort_by_key(|input: &UserInput| (input.at, input.nth));
    }
}

/// The rule that disturbs in this way, where it is one.
fn rule(
    rng: &mut Rng,
    kind: Kind,
    who: ParticipantId,
    (from, by): (Micros, Micros),
) -> Option<Rule> {
    let (segment, nth, share, verdict) = match kind {
        Kind::Loss => {
            let share = 1 + rng.below(u64::from(WHOLE) - 1) as u32;
            (None, None, Some(share), RuleVerdict::Lose)
        }
        Kind::Delay => (
            None,
            None,
            None,
            RuleVerdict::Delay(1 + rng.below(by - from)),
        ),
        Kind::ResetBySegment => {
            let nth = Some(1 + rng.below(4) as u32);
            (Some(SegmentKind::Data), nth, None, RuleVerdict::Reset)
        }
        Kind::Cut
        | Kind::Stall
        | Kind::Reset
        | Kind::Close
        | Kind::Crash
        | Kind::PowerOff
        | Kind::Sleep
        | Kind::Pause
        | Kind::BrokerCrash
        | Kind::BrokerPowerOff
        | Kind::BrokerRefuses => return None,
    };
    Some(Rule {
        who: vec![who],
        way: [Ways::Both, Ways::Up, Ways::Down][rng.below(3) as usize],
        from,
        by: Some(by),
        what: Traffic::Segments(segment),
        nth,
        share,
        verdict,
    })
}

/// One disturbance and its end.
fn disturbance(
    rng: &mut Rng,
    kind: Kind,
    who: ParticipantId,
    (at, ends_at): (Micros, Micros),
    inputs: &mut Vec<UserInput>,
) {
    let way = [Ways::Both, Ways::Up, Ways::Down][rng.below(3) as usize];
    let how = [Ending::Fin, Ending::Rst][rng.below(2) as usize];
    let memory = Memory::Kept;
    let mut add = |at: Micros, who: ParticipantId, act: Act| {
        let action = Action { who, act };
        inputs.push(UserInput { at, nth: 0, action });
    };
    match kind {
        Kind::Cut => {
            add(at, who, Act::Cut { way });
            add(ends_at, who, Act::Heal);
        }
        Kind::Stall => {
            add(at, who, Act::Stall { way });
            add(ends_at, who, Act::Release { way: Ways::Both });
        }
        Kind::Reset => add(at, who, Act::Reset),
        Kind::Close => add(at, who, Act::Close),
        Kind::Crash => {
            add(at, who, Act::Crash { how });
            add(ends_at, who, Act::Restart { memory });
            add(ends_at, who, Act::Connect);
        }
        Kind::PowerOff => {
            add(at, who, Act::PowerOff);
            add(ends_at, who, Act::Restart { memory });
            add(ends_at, who, Act::Connect);
        }
        Kind::Sleep => {
            add(at, who, Act::Sleep);
            add(ends_at, who, Act::Wake);
        }
        Kind::Pause => {
            add(at, who, Act::Pause);
            add(ends_at, who, Act::Resume);
        }
        Kind::BrokerCrash => {
            add(at, 0, Act::Crash { how });
            add(ends_at, 0, Act::Restart { memory });
        }
        Kind::BrokerPowerOff => {
            add(at, 0, Act::PowerOff);
            add(ends_at, 0, Act::Restart { memory });
        }
        Kind::BrokerRefuses => {
            add(at, 0, Act::Refuse);
            add(ends_at, 0, Act::Accept);
        }
        // These are rules.
        Kind::Loss | Kind::Delay | Kind::ResetBySegment => {}
    }
}

/// At the scenario's end all that the scenario itself disturbed is taken away.
fn heal(scenario: &Scenario, inputs: &mut Vec<UserInput>) {
    let at = scenario.until;
    for who in 1..=scenario.clients.len() as ParticipantId {
        let undo = scenario.script.iter().map(|step| &step.action);
        let undo = undo.filter(|action| action.who == who);
        let mut acts: Vec<Act> = undo.filter_map(|action| remedy(&action.act)).collect();
        acts.dedup();
        for act in acts {
            let action = Action { who, act };
            inputs.push(UserInput { at, nth: 0, action });
        }
    }
    let broker = scenario.script.iter().map(|step| &step.action);
    if broker
        .filter(|action| action.who == 0)
        .any(|action| action.act == Act::Refuse)
    {
        let (who, act) = (0, Act::Accept);
        let action = Action { who, act };
        inputs.push(UserInput { at, nth: 0, action });
    }
}

/// What takes a disturbance of the network away. A process that the scenario ended stays so.
fn remedy(act: &Act) -> Option<Act> {
    match act {
        Act::Cut { .. } => Some(Act::Heal),
        Act::Stall { .. } => Some(Act::Release { way: Ways::Both }),
        Act::SlowDown { .. } => Some(Act::SpeedUp { way: Ways::Both }),
        Act::Pause => Some(Act::Resume),
        Act::Sleep => Some(Act::Wake),
        Act::Connect
        | Act::Disconnect { .. }
        | Act::Publish(_)
        | Act::Subscribe { .. }
        | Act::Unsubscribe { .. }
        | Act::Crash { .. }
        | Act::PowerOff
        | Act::Restart { .. }
        | Act::Heal
        | Act::Release { .. }
        | Act::SpeedUp { .. }
        | Act::Reset
        | Act::Close
        | Act::Refuse
        | Act::Accept
        | Act::Resume
        | Act::Wake
        | Act::Send { .. } => None,
    }
}

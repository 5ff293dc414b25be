//! From a run that fails to the smallest scenario that fails for the same reason.
//!
//! What is made smaller must not only fail alike: without the disturbances it must hold wherever the original did. Or
//! else a count that is never reached, because nothing is published any more, would pass for the message that got lost.

use super::{Finding, Hunt, Trial};
use crate::monitor::Verdict;
use crate::recording::Recording;
use crate::scenario::{
    Acks, Act, ClientSpec, LinkSpec, Message, QoS, Scenario, ScenarioError, WHOLE,
};
use crate::view::{Micros, ParticipantId};

/// So many smaller scenarios are tried at most.
const TRIES_MAX: u32 = 2_000;

impl Hunt {
    /// The run of a finding as a scenario of its own, which fails for the same reason: without what has no part in it,
    /// be it messages, habits or clients, with short payloads and low numbers, and with an expectation for what is owed.
    ///
    /// # Errors
    /// When a condition cannot be written for fewer clients, which is a bug.
    pub fn to_scenario(&self, finding: &Finding) -> Result<Scenario, ScenarioError> {
        let (hunt, finding) = self.reduce(finding);
        let mut scenario = hunt.replay(&finding).to_scenario();
        scenario.watched = Vec::new();
        let mut text = scenario.to_text();
        for owed in finding.owed.iter().filter(|owed| owed.to != 0).take(1) {
            let name = scenario.name(owed.to);
            let mut before = hunt.replay(&finding);
            before.play();
            let came = before.received(owed.to, &owed.topic);
            text.push_str(&format!(
                "\n[[expect]]\ncount = \"received('{name}', '{}')\"\nmin = {}\nbecause = \"it is owed\"\n",
                owed.topic,
                came + 1
            ));
        }
        let mut scenario = Scenario::parse(&text)?;
        let failing = failing(&scenario);
        for id in (1..=scenario.clients.len() as ParticipantId).rev() {
            if let Some(smaller) = without(&scenario, id)
                && self::failing(&smaller) == failing
            {
                scenario = smaller;
            }
        }
        Ok(scenario)
    }

    /// A smaller scenario, and the finding in it.
    fn reduce(&self, finding: &Finding) -> (Self, Finding) {
        let mut reducer = Reducer {
            hunt: self.clone(),
            finding: finding.clone(),
            control: self.control(finding),
            tries: TRIES_MAX,
        };
        reducer.attempt(|scenario, trial| {
            let omitted = std::mem::take(&mut trial.changes.omitted);
            let mut index = 0..;
            scenario
                .script
                .retain(|_| index.next().is_none_or(|index| !omitted.contains(&index)));
        });
        // Where steps count for the place of an input they stay, and nothing can be renumbered.
        if reducer.finding.changes.omitted.is_empty() {
            while reducer.pass() {}
        }
        (reducer.hunt, reducer.finding)
    }
}

/// The scenario without a client, if nothing is said about it.
fn without(scenario: &Scenario, id: ParticipantId) -> Option<Scenario> {
    let name = scenario.name(id).to_owned();
    let steps = scenario.script.iter().map(|step| &step.action);
    let inputs = scenario.inputs.iter().map(|input| &input.action);
    if steps.chain(inputs).any(|action| action.who == id) {
        return None;
    }
    let text = scenario.to_text();
    let start = text.find(&format!("[[client]]\nname = \"{name}\"\n"))?;
    let length = text[start + 1..].find("\n[")? + 2;
    let text = format!("{}{}", &text[..start], &text[start + length..]);
    // Names are in conditions too: then it is no scenario without this client.
    Scenario::parse(&text).ok()
}

/// The expectations that fail in the run of a scenario.
fn failing(scenario: &Scenario) -> Vec<String> {
    let mut recording = Recording::new(scenario.clone());
    recording.play();
    let results = recording.check().into_iter();
    let failed = results.filter(|result| result.verdict == Verdict::Fail);
    failed.map(|result| result.text).collect()
}

struct Reducer {
    hunt: Hunt,
    finding: Finding,
    /// What fails without the disturbances.
    control: Option<Finding>,
    tries: u32,
}

/// How a client becomes more like others.
const USUAL_CLIENT: &[fn(&mut ClientSpec)] = &[
    |client| client.habits.acks = Acks::AtOnce,
    |client| client.habits.read = None,
    |client| client.habits.clock = WHOLE,
    |client| client.options.will = None,
    |client| {
        client.bugs = Default::default();
        client.options.bugs = Default::default();
    },
    |client| client.options.user_name = None,
    |client| client.options.password = None,
    |client| client.options.session_expiry = 0,
    |client| client.options.clean_start = true,
    |client| client.options.reconnect = mqttlab_core::client::Reconnect::Never,
    |client| client.options.queue = Default::default(),
    |client| client.options.in_flight_max = usual().in_flight_max,
    |client| client.options.receive_maximum = usual().receive_maximum,
    |client| client.options.maximum_packet_size = None,
    |client| client.options.keep_alive = usual().keep_alive,
    |client| client.options.connect_timeout = usual().connect_timeout,
    |client| client.options.ping_timeout = usual().ping_timeout,
    |client| client.link = LinkSpec::default(),
    |client| (client.link.jitter_up, client.link.jitter_down) = (0, 0),
    |client| (client.link.bandwidth_up, client.link.bandwidth_down) = (None, None),
    |client| (client.link.loss, client.link.impossible_loss) = (0, 0),
];

fn usual() -> mqttlab_core::client::Options {
    Default::default()
}

/// How a message becomes smaller.
const SMALLER_MESSAGE: &[fn(&mut Message)] = &[
    |message| message.payload.clear(),
    |message| {
        let half = message
            .payload
            .floor_char_boundary(message.payload.len() / 2);
        message.payload.truncate(half);
    },
    |message| message.retain = false,
    |message| message.expiry = None,
    |message| message.qos = QoS::AtMostOnce,
    |message| message.qos = message.qos.min(QoS::AtLeastOnce),
];

/// How the broker becomes more like others.
const USUAL_BROKER: &[fn(&mut Scenario)] = &[
    |scenario| scenario.broker.host = Default::default(),
    |scenario| scenario.broker.access = Default::default(),
    |scenario| scenario.broker.policy = Default::default(),
    |scenario| scenario.broker.bugs = Default::default(),
    |scenario| scenario.broker.disk = false,
];

impl Reducer {
    /// Tries everything once. Returns whether something could be made smaller.
    fn pass(&mut self) -> bool {
        let before = self.tries;
        let mut smaller = false;
        for index in (0..self.hunt.scenario.rules.len()).rev() {
            smaller |= self.attempt(|scenario, _| {
                scenario.rules.remove(index);
            });
        }
        for change in USUAL_BROKER {
            smaller |= self.attempt(|scenario, _| change(scenario));
        }
        for client in 0..self.hunt.scenario.clients.len() {
            smaller |= self.client(client);
        }
        for step in 0..self.hunt.scenario.script.len() {
            for change in SMALLER_MESSAGE {
                smaller |= self.attempt(|scenario, _| {
                    if let Act::Publish(message) = &mut scenario.script[step].action.act {
                        change(message);
                    }
                });
            }
        }
        smaller |= self.disturbances();
        smaller && self.tries > 0 && self.tries < before
    }

    fn client(&mut self, at: usize) -> bool {
        let mut smaller = false;
        let spec = |hunt: &Hunt| hunt.scenario.clients[at].clone();
        for index in (0..spec(&self.hunt).publications.len()).rev() {
            smaller |= self.attempt(|scenario, _| {
                scenario.clients[at].publications.remove(index);
            });
        }
        for index in (0..spec(&self.hunt).subscriptions.len()).rev() {
            smaller |= self.attempt(|scenario, _| {
                scenario.clients[at].subscriptions.remove(index);
            });
        }
        for index in (0..spec(&self.hunt).habits.answers.len()).rev() {
            smaller |= self.attempt(|scenario, _| {
                scenario.clients[at].habits.answers.remove(index);
            });
        }
        for change in USUAL_CLIENT {
            smaller |= self.attempt(|scenario, _| change(&mut scenario.clients[at]));
        }
        for index in 0..spec(&self.hunt).publications.len() {
            smaller |= self.publication(at, index);
        }
        for index in 0..spec(&self.hunt).habits.answers.len() {
            for change in SMALLER_MESSAGE {
                smaller |= self.attempt(|scenario, _| {
                    change(&mut scenario.clients[at].habits.answers[index].message);
                });
            }
        }
        smaller
    }

    /// Fewer messages, less often, and smaller ones.
    fn publication(&mut self, client: usize, index: usize) -> bool {
        let mut smaller = false;
        let until = self.hunt.scenario.until;
        loop {
            let progress = self.attempt(|scenario, _| {
                let publication = &mut scenario.clients[client].publications[index];
                let fit = until.saturating_sub(publication.from) / publication.every.max(1) + 1;
                let fit = u32::try_from(fit).unwrap_or(u32::MAX);
                publication.count = publication.count.min(fit).div_ceil(2);
            });
            smaller |= progress;
            if !progress {
                break;
            }
        }
        smaller |= self.attempt(|scenario, _| {
            let publication = &mut scenario.clients[client].publications[index];
            publication.count = publication.count.saturating_sub(1).max(1);
        });
        smaller |= self.attempt(|scenario, _| {
            let publication = &mut scenario.clients[client].publications[index];
            if publication.count > 1 && publication.every < until {
                publication.every *= 2;
            }
        });
        smaller |= self.attempt(|scenario, _| {
            scenario.clients[client].publications[index].random = false;
        });
        for change in SMALLER_MESSAGE {
            smaller |= self.attempt(|scenario, _| {
                change(&mut scenario.clients[client].publications[index].message);
            });
        }
        smaller
    }

    /// Rules that leave nothing to chance, and rounder times.
    fn disturbances(&mut self) -> bool {
        let mut smaller = false;
        for rule in 0..self.finding.rules.len() {
            smaller |= self.attempt(|_, trial| trial.rules[rule].share = None);
            smaller |= self.attempt(|_, trial| {
                let rule = &mut trial.rules[rule];
                (rule.from, rule.by) = (round(rule.from), rule.by.map(|by| round(by + 999_999)));
            });
        }
        for input in 0..self.finding.changes.inputs.len() {
            smaller |= self.attempt(|_, trial| {
                let input = &mut trial.changes.inputs[input];
                (input.at, input.nth) = (round(input.at), 0);
                let inputs = &mut trial.changes.inputs;
                inputs.sort_by_key(|input| (input.at, input.nth));
            });
        }
        smaller
    }

    /// Takes a change over if the run still fails for the same reason.
    fn attempt(&mut self, change: impl FnOnce(&mut Scenario, &mut Trial)) -> bool {
        let mut scenario = self.hunt.scenario.clone();
        let mut trial = self.finding.trial();
        change(&mut scenario, &mut trial);
        let is_other = scenario != self.hunt.scenario || trial != self.finding.trial();
        if self.tries == 0 || !is_other || scenario.check().is_err() {
            return false;
        }
        self.tries -= 1;
        let hunt = self.hunt.of(scenario);
        let Some(found) = hunt.try_trial(trial) else {
            return false;
        };
        let is_same = hunt.is_same_reason(&found, &self.finding, self.control.as_ref());
        if is_same {
            (self.hunt, self.finding) = (hunt, found);
        }
        is_same
    }
}

/// Down to a whole second.
fn round(at: Micros) -> Micros {
    at / 1_000_000 * 1_000_000
}

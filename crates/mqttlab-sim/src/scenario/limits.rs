//! What must be true of every scenario, wherever it came from.

use std::fmt;

use mqttlab_core::client::Reconnect;
use mqttlab_core::topic::{check_filter, check_name};

use super::condition::Condition;
use super::{
    ABOUT_MAX, ACCESS_MAX, Acks, Act, Action, CLIENTS_MAX, ClientSpec, EXPECTATIONS_MAX,
    HABITS_MAX, Habits, HostSpec, LinkSpec, Message, PAYLOAD_MAX, RULES_MAX, Rule, RuleVerdict,
    SCRIPT_MAX, SHARDS_MAX, Scenario, SegmentKind, TITLE_MAX, Traffic, WAITING_MAX, WHOLE,
    duration, hex,
};
use crate::recording::INPUTS_MAX;
use crate::view::{Micros, ParticipantId};

/// The longest name of a participant, in characters.
pub(super) const NAME_MAX: usize = 32;
/// The longest id of a scenario, in characters.
pub(super) const ID_MAX: usize = 64;

/// The most conditions that a lesson watches.
const WATCHED_MAX: usize = 1_000;

/// Something that no scenario may have. Text is checked with places while it is read; this is for other sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit(pub(crate) &'static str);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Unfit {}

pub(super) fn is_id(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= ID_MAX && text.chars().all(is_plain)
}

pub(super) fn is_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.chars().count() <= NAME_MAX && text.chars().all(is_plain)
}

impl Scenario {
    /// Whether every name in it exists and every number is within its limits.
    ///
    /// # Errors
    /// The first thing that is not.
    pub fn check(&self) -> Result<(), Unfit> {
        need(is_id(&self.id), "its id is none")?;
        let is_short = |text: &str, most: usize| text.chars().nth(most).is_none();
        let short = is_short(&self.title, TITLE_MAX) && is_short(&self.about, ABOUT_MAX);
        need(short, "its title or what is said about it is too long")?;
        need(
            is_span(self.until),
            "it lasts longer than a scenario may last",
        )?;
        check_host(&self.broker.host)?;
        let access = &self.broker.access;
        let denied = access.deny_publish.iter().chain(&access.deny_subscribe);
        let lists = [
            access.deny_publish.len(),
            access.deny_subscribe.len(),
            access.users.len(),
        ];
        let few = lists.into_iter().all(|length| length <= ACCESS_MAX);
        need(few, "its broker has too many rules")?;
        for filter in denied {
            need(check_filter(filter).is_ok(), "a Topic Filter is ill formed")?;
        }
        need(self.clients.len() <= CLIENTS_MAX, "it has too many clients")?;
        for (index, client) in self.clients.iter().enumerate() {
            check_client(client)?;
            let others = &self.clients[..index];
            let is_new = others.iter().all(|other| other.name != client.name);
            need(is_new, "two clients have one name")?;
        }
        need(self.rules.len() <= RULES_MAX, "it has too many rules")?;
        for rule in &self.rules {
            need(self.is_rule(rule), "a rule of its network is impossible")?;
        }
        need(self.script.len() <= SCRIPT_MAX, "its script is too long")?;
        need(
            self.script.is_sorted_by_key(|step| step.at),
            "its script is not in order",
        )?;
        let waiting = self.script.iter().filter(|step| step.when.is_some());
        need(
            waiting.count() <= WAITING_MAX,
            "too many steps wait for a condition",
        )?;
        for step in &self.script {
            need(is_span(step.at), "a step is too late")?;
            if let Some(condition) = &step.when {
                self.check_condition(condition)?;
            }
            self.check_action(&step.action)?;
        }
        need(self.inputs.len() <= INPUTS_MAX, "it has too many inputs")?;
        need(
            self.inputs.is_sorted_by_key(|input| (input.at, input.nth)),
            "its inputs are not in order",
        )?;
        for input in &self.inputs {
            need(is_span(input.at), "an input is too late")?;
            self.check_action(&input.action)?;
        }
        self.check_expectations()
    }

    /// Whether that participant exists and can do this, and what it takes is well formed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_action(&self, action: &Action) -> Result<(), Unfit> {
        need(self.has(action.who), "somebody in its script is not there")?;
        if let Act::Publish(message) = &action.act {
            check_message(message)?;
        }
        if let Act::Subscribe { filter, .. } | Act::Unsubscribe { filter } = &action.act {
            need(check_filter(filter).is_ok(), "a Topic Filter is ill formed")?;
        }
        if let Act::Send { bytes } = &action.act {
            need(hex::bytes(bytes).is_some(), "bytes by hand are ill formed")?;
        }
        if let Act::SlowDown {
            latency, bandwidth, ..
        } = &action.act
        {
            let passes = *bandwidth != Some(0) && latency.is_none_or(is_span);
            need(passes, "a link is impossible")?;
        }
        let fits = action.act.is_for(action.who);
        need(fits, "somebody is to do what they cannot")
    }

    fn is_rule(&self, rule: &Rule) -> bool {
        let delay = match rule.verdict {
            RuleVerdict::Delay(by) => by,
            RuleVerdict::Deliver
            | RuleVerdict::Lose
            | RuleVerdict::Stall
            | RuleVerdict::Cut
            | RuleVerdict::Reset
            | RuleVerdict::Refuse => 0,
        };
        let spans = [rule.from, rule.by.unwrap_or(0), delay];
        let fits = match &rule.what {
            Traffic::Segments(kind) => {
                rule.verdict != RuleVerdict::Refuse || *kind == Some(SegmentKind::Syn)
            }
            Traffic::Packets(_, filter) => {
                let filter = filter.as_deref();
                filter.is_none_or(|filter| check_filter(filter).is_ok())
                    && matches!(rule.verdict, RuleVerdict::Lose | RuleVerdict::Deliver)
            }
        };
        let whose = rule.who.len() <= CLIENTS_MAX && rule.who.iter().all(|who| self.has(*who));
        let counts = rule.nth != Some(0) && rule.share.is_none_or(|share| share < WHOLE);
        spans.into_iter().all(is_span) && fits && whose && counts
    }

    fn check_expectations(&self) -> Result<(), Unfit> {
        let expectations = &self.expectations;
        need(
            expectations.len() <= EXPECTATIONS_MAX,
            "it expects too much",
        )?;
        for expected in expectations {
            let last = expected.by.unwrap_or(0).max(expected.from);
            need(is_span(last), "an expectation is too late")?;
            self.check_condition(&expected.condition)?;
        }
        need(self.watched.len() <= WATCHED_MAX, "it watches too much")?;
        for condition in &self.watched {
            self.check_condition(condition)?;
        }
        Ok(())
    }

    fn check_condition(&self, condition: &Condition) -> Result<(), Unfit> {
        let mut named = condition.participants().into_iter();
        need(
            named.all(|who| self.has(who)),
            "somebody in a condition is not there",
        )
    }

    fn has(&self, who: ParticipantId) -> bool {
        who as usize <= self.clients.len()
    }
}

fn check_host(host: &HostSpec) -> Result<(), Unfit> {
    let every = host.sync_every.unwrap_or(1);
    need(
        is_span(host.accept) && is_span(every) && every > 0,
        "the broker's computer is impossible",
    )?;
    let most = match cfg!(feature = "shards") {
        true => SHARDS_MAX,
        false => 1,
    };
    need(
        (1..=most).contains(&host.shards),
        "its broker has more shards than can be played here",
    )
}

fn check_client(client: &ClientSpec) -> Result<(), Unfit> {
    let name = client.name.as_str();
    need(
        is_name(name) && name != "broker",
        "a client's name is not allowed",
    )?;
    let options = &client.options;
    need(options.check().is_ok(), "a client's options contradict")?;
    let spans = [options.connect_timeout, options.ping_timeout];
    let is_short = |span: core::time::Duration| span.as_micros() <= u128::from(duration::MAX);
    need(spans.into_iter().all(is_short), "a client waits too long")?;
    match options.reconnect {
        Reconnect::Never => {}
        Reconnect::After {
            first,
            max,
            factor,
            jitter,
            steady_after,
            attempts_max: _,
        } => {
            let sound = !first.is_zero() && first <= max && factor > 0 && jitter <= 100;
            let short = is_short(max) && is_short(steady_after);
            need(sound && short, "a client's way to reconnect makes no sense")?;
        }
    }
    let lists = [
        client.subscriptions.len(),
        client.publications.len(),
        client.habits.answers.len(),
    ];
    let few = lists.into_iter().all(|length| length <= HABITS_MAX);
    need(few, "a client does too many things by itself")?;
    for subscription in &client.subscriptions {
        need(
            check_filter(&subscription.filter).is_ok(),
            "a Topic Filter is ill formed",
        )?;
    }
    for publication in &client.publications {
        let spans = is_span(publication.every) && is_span(publication.from);
        need(
            publication.every > 0 && spans,
            "a client publishes at no possible time",
        )?;
        check_message(&publication.message)?;
    }
    check_habits(&client.habits)?;
    check_link(&client.link)
}

fn check_habits(habits: &Habits) -> Result<(), Unfit> {
    for answer in &habits.answers {
        need(
            check_filter(&answer.filter).is_ok(),
            "a Topic Filter is ill formed",
        )?;
        check_message(&answer.message)?;
    }
    let sound = match habits.acks {
        Acks::Late(by) => is_span(by),
        Acks::AtOnce | Acks::Never => true,
    };
    let runs = is_clock(habits.clock) && habits.read != Some(0);
    need(sound && runs, "a client's habits are impossible")
}

/// Whether a clock may run at this rate, in parts of [`WHOLE`].
pub(super) fn is_clock(parts: u32) -> bool {
    (WHOLE / 2..=2 * WHOLE).contains(&parts)
}

fn check_message(message: &Message) -> Result<(), Unfit> {
    need(
        check_name(&message.topic).is_ok(),
        "a Topic Name is ill formed",
    )?;
    need(
        message.payload.len() <= PAYLOAD_MAX,
        "a payload is too large",
    )
}

fn check_link(link: &LinkSpec) -> Result<(), Unfit> {
    let spans = [
        link.latency_up,
        link.latency_down,
        link.jitter_up,
        link.jitter_down,
        link.connect_timeout,
        link.give_up,
    ];
    let rates = [link.bandwidth_up, link.bandwidth_down];
    let passes = !rates.contains(&Some(0)) && link.loss < WHOLE && link.impossible_loss < WHOLE;
    let holds = link.segment > 0 && link.buffer >= link.segment;
    need(
        spans.into_iter().all(is_span) && passes && holds,
        "a link is impossible",
    )
}

fn is_span(micros: Micros) -> bool {
    micros <= duration::MAX
}

fn need(holds: bool, otherwise: &'static str) -> Result<(), Unfit> {
    match holds {
        true => Ok(()),
        false => Err(Unfit(otherwise)),
    }
}

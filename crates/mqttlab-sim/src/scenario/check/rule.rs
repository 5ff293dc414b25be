//! Rules of the network.

use std::collections::BTreeMap;

use mqttlab_core::topic::check_filter;

use super::Check;
use crate::scenario::placed::Spanned;
use crate::scenario::raw::Verdict;
use crate::scenario::{
    RULES_MAX, Rule, RuleVerdict, ScenarioError, SegmentKind, Traffic, duration, raw,
};
use crate::view::ParticipantId;

impl Check<'_> {
    pub(super) fn rules(
        &self,
        rules: &[Spanned<raw::Rule>],
        groups: &BTreeMap<String, Spanned<Vec<String>>>,
        names: &[&str],
    ) -> Result<Vec<Rule>, ScenarioError> {
        self.number(rules, RULES_MAX, "rules", |rule| {
            rule.get_ref().verdict.span()
        })?;
        let checked = rules.iter().map(|rule| {
            let raw = rule.get_ref();
            let what = self.traffic(raw)?;
            Ok(Rule {
                who: self.whose(raw, groups, names)?,
                way: raw.way,
                from: raw.from.unwrap_or(0),
                by: raw.by,
                verdict: self.verdict(raw, &what)?,
                what,
                nth: self.nth(raw)?,
                share: raw.share,
            })
        });
        checked.collect()
    }

    fn whose(
        &self,
        raw: &raw::Rule,
        groups: &BTreeMap<String, Spanned<Vec<String>>>,
        names: &[&str],
    ) -> Result<Vec<ParticipantId>, ScenarioError> {
        let Some(who) = &raw.who else {
            return Ok(Vec::new());
        };
        let mut all = self.named(who, groups, names)?;
        all.sort_unstable();
        all.dedup();
        match all.first() {
            None => Err(self.error(who.span(), "this is nobody's link")),
            Some(0) => Err(self
                .error(who.span(), "the broker has no link of its own")
                .with_help("a rule without `who` is for the links of all clients")),
            Some(_) => Ok(all),
        }
    }

    fn traffic(&self, raw: &raw::Rule) -> Result<Traffic, ScenarioError> {
        let filter = raw.topic.as_ref();
        let filter = filter
            .map(|filter| self.topic(filter, "topic", check_filter))
            .transpose()?;
        let kind = raw.segment.as_ref();
        let packet = raw.packet.as_ref();
        match (kind, packet.map(Spanned::get_ref), filter) {
            (Some(kind), Some(_), _) | (Some(kind), None, Some(_)) => Err(self
                .error(kind.span(), "a rule looks at segments or at packets")
                .with_help("`packet` and `topic` make it one of an impossible network")),
            (_, None, None) => Ok(Traffic::Segments(kind.map(|kind| *kind.get_ref()))),
            (None, packet, filter) => Ok(Traffic::Packets(packet.copied(), filter)),
        }
    }

    fn nth(&self, raw: &raw::Rule) -> Result<Option<u32>, ScenarioError> {
        match &raw.nth {
            Some(nth) if *nth.get_ref() == 0 => Err(self.error(nth.span(), "the first is 1")),
            nth => Ok(nth.as_ref().map(|nth| *nth.get_ref())),
        }
    }

    fn verdict(&self, raw: &raw::Rule, what: &Traffic) -> Result<RuleVerdict, ScenarioError> {
        let said = *raw.verdict.get_ref();
        if let (Some(delay), false) = (&raw.delay, said == Verdict::Delay) {
            let message = "`delay` does not belong to this verdict";
            return Err(self.error(delay.span(), message));
        }
        let here = |message: &str| Err(self.error(raw.verdict.span(), message));
        match (said, what) {
            (Verdict::Deliver, _) => Ok(RuleVerdict::Deliver),
            (Verdict::Lose, _) => Ok(RuleVerdict::Lose),
            (_, Traffic::Packets(..)) => {
                here("an impossible network can only lose packets, or deliver them")
            }
            (Verdict::Refuse, Traffic::Segments(Some(SegmentKind::Syn))) => Ok(RuleVerdict::Refuse),
            (Verdict::Refuse, Traffic::Segments(_)) => {
                here("only a SYN can be refused; write `segment = \"syn\"`")
            }
            (Verdict::Delay, Traffic::Segments(_)) => match &raw.delay {
                None => here("this verdict needs a `delay`"),
                Some(delay) => duration::parse(delay.get_ref())
                    .map(RuleVerdict::Delay)
                    .map_err(|wrong| self.error(delay.span(), wrong)),
            },
            (Verdict::Stall, Traffic::Segments(_)) => Ok(RuleVerdict::Stall),
            (Verdict::Cut, Traffic::Segments(_)) => Ok(RuleVerdict::Cut),
            (Verdict::Reset, Traffic::Segments(_)) => Ok(RuleVerdict::Reset),
        }
    }
}

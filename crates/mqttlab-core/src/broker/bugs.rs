//! Mistakes that real brokers make, to be switched on and looked at.

use crate::broker::publish::Spread;
use crate::broker::sink::Sink;
use crate::broker::tree::{Route, Routes};
use crate::broker::{Broker, Cx};
use crate::why::{Decision, Mistake, why};

/// Wrong behaviour for lessons and for testing a checker; all off by default, and off is what the standard asks for.
///
/// It is no part of [`Config`](crate::broker::Config), so that no file can make a broker that serves wrong.
///
/// ```
/// use mqttlab_core::broker::{Broker, Bugs, Config};
/// let bugs = Bugs { qos_upgraded: true, ..Bugs::NONE };
/// let broker = Broker::new(Config::default(), 1).with_bugs(bugs);
/// broker.check_invariants();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Bugs {
    /// A filter that begins with a wildcard also reaches topics that begin with `$`: who subscribes to `#` is flooded
    /// with the broker's own statistics. [MQTT-4.7.2-1]
    pub wildcard_matches_dollar: bool,
    /// A message goes out with the larger of the QoS it was published with and the QoS that was granted, in place of
    /// the smaller: live messages only. [MQTT-3.8.4-6]
    pub qos_upgraded: bool,
}

impl Bugs {
    /// None of them.
    pub const NONE: Self = Self {
        wildcard_matches_dollar: false,
        qos_upgraded: false,
    };
}

impl Broker {
    /// Makes this broker wrong on purpose. Call it before the first input.
    #[must_use]
    pub fn with_bugs(mut self, bugs: Bugs) -> Self {
        self.bugs = bugs;
        self.tree
            .wildcards_match_dollar(bugs.wildcard_matches_dollar);
        self
    }

    /// Passes a message on to one receiver, with the mistakes that are switched on.
    #[cold]
    pub(super) fn follow_wrongly<S: Sink>(
        &mut self,
        cx: &mut Cx<'_, S>,
        spread: &mut Spread<'_>,
        routes: &Routes,
        route: &Route,
    ) {
        let conn = self.conn_id(route.session);
        let is_reserved = spread.incoming.topic.starts_with('$');
        if is_reserved && self.tree.filter(route.place).starts_with(['#', '+']) {
            let mistake = Mistake::WildcardMatchesDollar;
            why!(cx, conn, cx.version => V311_4_7_2_1, V5_4_7_2_1, Decision::Mistaken { mistake });
        }
        let published = spread.incoming.qos;
        if !self.bugs.qos_upgraded || published == route.qos {
            return self.follow(cx, spread, routes, route);
        }
        let qos = published.max(route.qos);
        let mistake = Mistake::QosUpgraded;
        why!(cx, conn, cx.version => V311_3_8_4_6, V5_3_8_4_8, Decision::Mistaken { mistake });
        spread.incoming.qos = qos;
        let mut upgraded = *route;
        upgraded.qos = qos;
        self.follow(cx, spread, routes, &upgraded);
        spread.incoming.qos = published;
    }
}

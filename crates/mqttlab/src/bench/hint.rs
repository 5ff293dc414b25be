//! Why messages may have been lost that no broker promises to keep.

use mqttlab_core::broker::Config;

use super::{Plan, Workload};

/// Bytes that a broker keeps of a message beside its payload, more or less.
const OVERHEAD: u64 = 100;
/// Who shares in [`Workload::Shared`].
const SHARERS: u64 = 5;

/// What to change where this run asks for more than `mqttlab broker` keeps for one client by default.
pub(super) fn of_losses(workload: Workload, plan: &Plan) -> Option<String> {
    let (publishers, outstanding) = (u64::from(plan.clients), u64::from(plan.outstanding));
    let waiting = match workload {
        Workload::Pairs | Workload::FanOut => outstanding,
        Workload::FanIn => publishers * outstanding,
        Workload::Shared => (publishers * outstanding).div_ceil(SHARERS),
        Workload::Offline => plan.messages.into(),
        Workload::Connections | Workload::Retained => return None,
    };
    let limits = Config::default();
    let bytes = waiting * (plan.size as u64 + OVERHEAD);
    let is_kept = plan.qos > 0 || workload == Workload::Offline;
    let (bytes_max, name) = match is_kept {
        true => (limits.queue_bytes_max, "queue-bytes-max"),
        false => (limits.out_bytes_max, "out-bytes-max"),
    };
    let asked = format!(
        "up to {waiting} messages of {} bytes were to wait for one client",
        plan.size
    );
    let remedy = match workload {
        Workload::Offline => "lower --messages or --size",
        Workload::Pairs
        | Workload::FanIn
        | Workload::FanOut
        | Workload::Shared
        | Workload::Connections
        | Workload::Retained => "lower --outstanding, --size or --rate",
    };
    let most = u64::from(limits.queue_messages_max);
    let kept = if bytes > bytes_max {
        format!("{bytes_max} bytes ({name})")
    } else if is_kept && waiting > most {
        format!("{most} messages (queue-messages-max)")
    } else {
        return None;
    };
    Some(format!(
        "{asked}; mqttlab broker keeps {kept} unless it is configured otherwise: {remedy}, or raise the limit"
    ))
}

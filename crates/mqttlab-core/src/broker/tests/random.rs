//! Random conversations: whatever clients do, everything holds that must hold.

use std::format;
use std::string::String;

use super::run_twice;
use crate::broker::{Config, Overlap, QueueFull, SharedDispatch, WillOnTakeover};
use crate::rng::Rng;

const CLIENTS: [&str; 5] = ["a", "b", "c", "d", "e"];
const TOPICS: [&str; 5] = ["t", "t/u", "t/v", "t/u/v", "$x/u"];
const FILTERS: [&str; 8] = [
    "t",
    "t/#",
    "+/u",
    "#",
    "t/+/v",
    "$share/g/t/#",
    "$share/h/t/u",
    "$x/+",
];

/// I1 to I16 as far as one broker alone can break them; the script's player checks them after every input.
#[test]
fn everything_holds_in_random_conversations() {
    for seed in 0..120 {
        let mut rng = Rng::new(seed);
        let config = random_config(&mut rng);
        let mut script = String::new();
        for _ in 0..120 {
            script.push_str(&random_line(&mut rng));
            script.push('\n');
        }
        run_twice(&config, &script);
    }
}

fn pick<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.below(of.len() as u64) as usize]
}

fn random_config(rng: &mut Rng) -> Config {
    let default = Config::default();
    Config {
        in_flight_max: 1 + rng.below(4) as u16,
        receive_maximum: 1 + rng.below(4) as u16,
        receive_maximum_v3: 1 + rng.below(4) as u16,
        queue_messages_max: rng.below(6) as u32,
        queue_bytes_max: 300 + rng.below(2_000),
        message_bytes_max: 1_000 + rng.below(10_000),
        out_bytes_max: 50 + rng.below(400),
        retained_credit: rng.below(200),
        retained_messages_max: rng.below(5) as u32,
        subscriptions_max: 1 + rng.below(6) as u32,
        session_expiry_v3_s: rng.below(100) as u32,
        topic_alias_out_max: rng.below(3) as u16,
        queue_qos0: rng.chance(1, 2),
        queue_full: if rng.chance(1, 2) {
            QueueFull::DropNewest
        } else {
            QueueFull::DropOldest
        },
        overlap: if rng.chance(1, 2) {
            Overlap::OneCopy
        } else {
            Overlap::PerSubscription
        },
        shared_dispatch: match rng.below(4) {
            0 => SharedDispatch::RoundRobin,
            1 => SharedDispatch::RoundRobinAll,
            2 => SharedDispatch::Sticky,
            _ => SharedDispatch::Random,
        },
        will_on_takeover: if rng.chance(1, 2) {
            WillOnTakeover::BeforeConnack
        } else {
            WillOnTakeover::AfterConnack
        },
        ..default
    }
}

fn random_line(rng: &mut Rng) -> String {
    let client = pick(rng, &CLIENTS);
    let id = 1 + rng.below(6);
    match rng.below(24) {
        0..=2 => random_connect(rng, client),
        3 => format!("{client} lost"),
        4 => format!("{client} disconnect"),
        5 => format!("wait {}ms", rng.below(40_000)),
        6..=7 => {
            let options = pick(rng, &["", " sid=7", " rap", " rh=1", " rh=2"]);
            format!(
                "{client} subscribe {} qos={}{options}",
                pick(rng, &FILTERS),
                rng.below(3)
            )
        }
        8 => format!("{client} unsubscribe {}", pick(rng, &FILTERS)),
        9..=14 => {
            let options = pick(
                rng,
                &[
                    "",
                    "",
                    " retain",
                    " expiry=5",
                    " retain expiry=3",
                    " big=90",
                    " dup",
                ],
            );
            let (qos, topic) = (rng.below(3), pick(rng, &TOPICS));
            let pid = if rng.chance(1, 3) {
                format!(" pid={id}")
            } else {
                String::new()
            };
            let payload = if rng.chance(1, 6) { "\"\"" } else { "x" };
            format!("{client} publish {topic} {payload} qos={qos}{pid}{options}")
        }
        15 => format!("{client} puback {id}"),
        16 => format!("{client} pubrec {id}"),
        17 => format!("{client} pubrec {id} reason=151"),
        18 => format!("{client} pubcomp {id}"),
        19 => format!("{client} pubrel {id}"),
        20 => format!("{client} blocks"),
        21 => format!("{client} reads"),
        22 => format!(
            "{} {client} receive {}",
            pick(rng, &["deny", "permit"]),
            pick(rng, &TOPICS)
        ),
        _ => pick(
            rng,
            &[
                "a kick",
                "end b",
                "own t/u x retain",
                "a malformed",
                "b malformed large",
                "c ping",
            ],
        )
        .into(),
    }
}

fn random_connect(rng: &mut Rng, client: &str) -> String {
    let version = pick(rng, &["3.1", "3.1.1", "5"]);
    let clean = rng.below(2);
    let mut line = format!(
        "{client} connect v={version} clean={clean} keep={}",
        rng.below(30)
    );
    if version == "5" {
        line.push_str(&format!(
            " expiry={} receive={}",
            rng.below(60),
            1 + rng.below(3)
        ));
        line.push_str(pick(rng, &["", " size=60", " aliases=2"]));
        line.push_str(&format!(" delay={}", rng.below(20)));
    }
    if rng.chance(1, 2) {
        line.push_str(&format!(
            " will={} wqos={}",
            pick(rng, &TOPICS),
            rng.below(3)
        ));
        line.push_str(pick(rng, &["", " wretain"]));
    }
    if rng.chance(1, 4) {
        line.push_str(" id=a");
    }
    line
}

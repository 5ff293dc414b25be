use super::{ladder, mermaid, plantuml, svg};
use crate::recording::Recording;
use crate::scenario::Scenario;

const CUT: &str = include_str!("../../../../scenarios/qos2-cut-after-publish.toml");

fn recording(until: u64) -> Recording {
    let mut recording = Recording::new(Scenario::parse(CUT).expect("well-formed"));
    recording.seek(until);
    recording
}

#[test]
fn a_ladder_has_an_arrow_for_each_packet() {
    let drawn = ladder::ladder(&recording(3_300_000), ladder::Options::default());
    let names: Vec<&str> = drawn
        .lines()
        .next()
        .unwrap_or("")
        .split_whitespace()
        .collect();
    assert_eq!(names, ["pump", "broker", "monitor"]);
    let line = |part: &str| {
        let found = drawn.lines().find(|line| line.contains(part));
        found
            .unwrap_or_else(|| panic!("{part} is missing:\n{drawn}"))
            .to_owned()
    };
    assert_eq!(
        line("─CONNECT \"pump\""),
        "    0.080000  ├─CONNECT \"pump\", keep alive …─►│                               │"
    );
    assert!(line("✂ the cable of pump is pulled").starts_with("    1.060000"));
    assert!(line("PUBREC id 1").contains('╳'), "{drawn}");
    assert!(
        line("⋮").contains("ms") || line("⋮").contains(" s"),
        "{drawn}"
    );
    let again = drawn
        .lines()
        .filter(|line| line.contains("├─PUBLISH dose/1"))
        .nth(1);
    assert!(
        again.is_some_and(|line| line.contains("► ") || line.contains("►│")),
        "{drawn}"
    );
}

#[test]
fn tcp_and_pings_are_folded_unless_asked_for() {
    let recording = recording(500_000);
    let plain = ladder::ladder(&recording, ladder::Options::default());
    let all = ladder::ladder(
        &recording,
        ladder::Options {
            tcp: true,
            pings: true,
        },
    );
    assert!(!plain.contains("SYN"));
    assert_eq!(all.matches("SYN-ACK").count(), 2);
}

#[test]
fn a_packet_on_its_way_has_no_head() {
    let drawn = ladder::ladder(&recording(1_020_000), ladder::Options::default());
    let publish = drawn.lines().last().expect("there are lines");
    assert!(
        publish.contains("PUBLISH") && publish.contains('…'),
        "{drawn}"
    );
}

#[test]
fn mermaid_has_the_same_packets() {
    let text = mermaid::mermaid(&recording(3_300_000));
    assert!(text.starts_with(
        "sequenceDiagram\n    participant p1 as pump\n    participant p0 as broker\n"
    ));
    assert!(
        text.contains("    p1->>p0: 1.000000 PUBLISH dose/1 \"5 ml\" (QoS 2, id 1)\n"),
        "{text}"
    );
    assert!(
        text.contains("    p0--xp1: 1.040000 PUBREC id 1\n"),
        "{text}"
    );
    assert!(text.contains("    p0->>p2: "), "{text}");
    assert!(
        text.contains("    p2->>p0: 0.160000 SUBSCRIBE dose/#35; QoS 2 (id 1)\n"),
        "{text}"
    );
    assert!(
        text.contains("Note over p1: 1.060000 the cable of pump is pulled"),
        "{text}"
    );
    assert!(!text.contains("SYN"));
}

#[test]
fn plantuml_has_the_same_packets_and_the_silences() {
    let text = plantuml::plantuml(&recording(3_300_000), ladder::Options::default());
    for line in [
        "participant \"pump\" as p1",
        "p1 -> p0: 1.000000 PUBLISH dose/1 \"5 ml\" (QoS 2, id 1)",
        "p0 ->x p1: 1.040000 PUBREC id 1",
        "p1 --> p0: 3.160000 PUBLISH dose/1 \"5 ml\" (QoS 2, id 1, dup)",
        "note over p1: 1.060000 the cable of pump is pulled",
        "... 1.08 s ...",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    assert!(text.starts_with("@startuml\n") && text.ends_with("@enduml\n"));
    assert!(!text.contains("SYN"));
}

#[test]
fn plantuml_takes_texts_for_nothing_but_texts() {
    let text = CUT
        .replace(
            "QoS 2, cut before",
            "<b>%date()</b> \\n //not italics// before",
        )
        .replace("5 ml", "[[http://x]] $a");
    let mut recording = Recording::new(Scenario::parse(&text).expect("well-formed"));
    recording.seek(1_100_000);
    let drawn = plantuml::plantuml(&recording, ladder::Options::default());
    for wrong in ["<b>", "%date", "\\n", "//", "[[", "$a"] {
        assert!(!drawn.contains(wrong), "{wrong}\n{drawn}");
    }
}

#[test]
fn a_picture_says_in_words_what_it_draws() {
    let text = CUT.replace("QoS 2, cut before", "<QoS 2> & \\\"cut\\\" before");
    let mut recording = Recording::new(Scenario::parse(&text).expect("well-formed"));
    recording.seek(3_300_000);
    let drawn = svg::svg(&recording, ladder::Options::default());
    assert!(drawn.contains("<title id=\"title\">&lt;QoS 2&gt; &amp; &quot;cut&quot; before"));
    assert!(
        drawn.contains(
            "1.000 s: pump sends PUBLISH dose/1 &quot;5 ml&quot; (QoS 2, id 1) to broker."
        )
    );
    assert!(drawn.contains("1.040 s: broker sends PUBREC id 1 to pump, which never arrives."));
    assert!(drawn.contains("prefers-color-scheme: dark"));
    let packets = recording.flights().iter();
    let packets = packets.filter(|flight| flight.what != crate::view::FlightKind::Tcp);
    assert_eq!(drawn.matches("<g class=\"flight ").count(), packets.count());
    assert_eq!(drawn.matches("<g class=\"fault\"").count(), 3);
    for element in ["g", "text", "svg", "title", "desc", "style"] {
        let opened = drawn.matches(&format!("<{element} ")).count()
            + drawn.matches(&format!("<{element}>")).count();
        assert_eq!(
            opened,
            drawn.matches(&format!("</{element}>")).count(),
            "{element}"
        );
    }
}

#[test]
fn a_picture_of_nothing_is_a_picture() {
    let empty = "[scenario]\nid = \"e\"\ntitle = \"Empty\"\nversion = 1\nuntil = \"1s\"\n";
    let recording = Recording::new(Scenario::parse(empty).expect("well-formed"));
    let drawn = svg::svg(&recording, ladder::Options::default());
    assert!(drawn.ends_with("</svg>\n") && drawn.contains(">broker</text>"));
    let drawn = plantuml::plantuml(&recording, ladder::Options::default());
    assert!(drawn.contains("participant \"broker\" as p0"));
}

#[cfg(feature = "ndjson")]
#[test]
fn each_line_of_ndjson_is_one_thing() {
    let recording = recording(3_300_000);
    let text = super::ndjson::ndjson(&recording);
    let mut counts = std::collections::BTreeMap::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let object = line.as_object().expect("an object");
        let key = object.keys().next().expect("one key").clone();
        assert_eq!(object.len(), 1);
        *counts.entry(key).or_insert(0) += 1;
    }
    let expected = [
        ("end", 1),
        ("event", recording.events().len()),
        ("expectation", recording.check().len()),
        ("flight", recording.flights().len()),
        ("run", 1),
    ];
    assert!(
        counts
            .iter()
            .map(|(key, count)| (key.as_str(), *count))
            .eq(expected)
    );
}

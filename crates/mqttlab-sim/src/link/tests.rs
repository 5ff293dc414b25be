use super::{LinkError, Moment, Shared, TEXT_MAX};
use crate::recording::{Changes, Recording};
use crate::scenario::{Act, Action, Message, Scenario, Ways};

const DUEL: &str = include_str!("../../../../lessons/duel/scenario.toml");

fn duel() -> Recording {
    Recording::new(Scenario::parse(DUEL).expect("the duel is a scenario"))
}

fn share(recording: &Recording) -> Shared {
    let branches = recording.branches();
    let mut current = branches.filter(|branch| branch.id == recording.branch());
    let branch = current.next().expect("some branch is played");
    Shared {
        scenario: recording.scenario().clone(),
        branch: branch.name.clone(),
        changes: branch.changes.clone(),
        moment: Moment::of(recording),
    }
}

fn acted() -> Recording {
    let mut recording = duel();
    recording.seek(3_000_000);
    let message = Message {
        topic: "status/1".to_owned(),
        payload: "on".to_owned(),
        ..Message::default()
    };
    let act = Act::Publish(message);
    recording.act(Action { who: 1, act });
    recording.seek(6_000_000);
    let act = Act::Cut { way: Ways::Up };
    recording.act(Action { who: 2, act });
    recording.seek(9_000_000);
    recording
}

#[test]
fn a_run_comes_back_at_the_same_moment() {
    for recording in [duel(), acted()] {
        let shared = share(&recording);
        let text = shared.to_text();
        let opened = Shared::from_text(&text).expect("it is a link");
        assert_eq!(opened, shared);
        let (again, is_same) = opened.open();
        assert!(is_same);
        assert_eq!(again.view(), recording.view());
    }
}

#[test]
fn an_ordinary_run_is_a_short_link() {
    let length = share(&acted()).to_text().len();
    assert!(length < 700, "{length} characters");
}

#[test]
fn a_long_hand_made_run_stays_below_a_thousand_characters() {
    let clients = ["pump-1", "pump-2", "valve", "monitor", "panel"];
    let mut text =
        "scenario = { id = \"plant\", title = \"A small plant\", version = 1, until = \"60s\" }\n"
            .to_owned();
    for name in clients {
        text.push_str(&format!(
            "[[client]]\nname = \"{name}\"\nreconnect = {{ first = \"1s\" }}\n"
        ));
    }
    let mut recording = Recording::new(Scenario::parse(&text).expect("it is a scenario"));
    for index in 0..40 {
        recording.seek(100_000 * index);
        let message = Message {
            topic: format!("status/{}", index % 5),
            payload: format!("value {index}"),
            ..Message::default()
        };
        let act = Act::Publish(message);
        recording.act(Action {
            who: 1 + index as u32 % 5,
            act,
        });
    }
    let length = share(&recording).to_text().len();
    assert!(length < 1_000, "{length} characters");
}

#[test]
fn another_hash_is_noticed() {
    let mut shared = share(&acted());
    shared.moment.hash ^= 1;
    let (_, is_same) = shared.open();
    assert!(!is_same);
}

#[test]
fn a_damaged_link_is_refused() {
    let text = share(&acted()).to_text();
    for end in 0..text.len() {
        assert!(Shared::from_text(&text[..end]).is_err(), "cut at {end}");
    }
    for wrong in ["<script>alert(1)</script>", "not base64!", "ÄÖÜ", ""] {
        assert_eq!(Shared::from_text(wrong), Err(LinkError::Damaged), "{wrong}");
    }
    let long = "A".repeat(TEXT_MAX + 1);
    assert_eq!(Shared::from_text(&long), Err(LinkError::TooLong));
    let other = format!("_{}", &text[1..]);
    assert_eq!(Shared::from_text(&other), Err(LinkError::OtherVersion));
}

#[test]
fn a_link_that_inflates_without_end_is_refused() {
    let mut shared = share(&duel());
    shared.scenario.about = "a".repeat(2 << 20);
    let text = shared.to_text();
    assert!(text.len() < TEXT_MAX, "{} characters", text.len());
    assert_eq!(Shared::from_text(&text), Err(LinkError::TooLarge));
}

#[test]
fn a_link_with_an_unsound_run_is_refused() {
    let unfit = |change: fn(&mut Shared)| {
        let mut shared = share(&acted());
        change(&mut shared);
        match Shared::from_text(&shared.to_text()) {
            Err(LinkError::Unfit(_)) => {}
            other => unreachable!("{other:?}"),
        }
    };
    unfit(|it| it.scenario.clients[0].name = "<img src=x onerror=alert(1)>".to_owned());
    unfit(|it| it.changes.inputs[0].action.who = 1_000_000_000);
    unfit(|it| it.scenario.until = u64::MAX);
    unfit(|it| {
        it.changes = Changes {
            inputs: vec![it.changes.inputs[0].clone(); 10_001],
            ..Changes::default()
        }
    });
}

#[test]
#[cfg(not(target_family = "wasm"))]
fn a_link_that_was_kept_still_opens() {
    /// A link of this version, as somebody may have kept it.
    const KEPT: &str = include_str!("kept.txt");
    // When it does not, the form has changed: raise the scenario's FORMAT (or VERSION here), and only then write this
    // link anew, with UPDATE_EXPECT=1.
    let opens = Shared::from_text(KEPT).is_ok_and(|shared| shared.open().1);
    let link = match opens {
        true => KEPT.to_owned(),
        false => share(&acted()).to_text(),
    };
    expect_test::expect_file!["kept.txt"].assert_eq(&link);
}

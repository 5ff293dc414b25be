//! The text after each kind of change.

use expect_test::{Expect, expect};
use toml_edit::{DocumentMut, Table};

use super::{Edit, Path, literal};

const TEXT: &str = r#"# Mine.
[scenario]
id = "one" # short

[[client]]
name = "A" # the first
will = { topic = "t" }

# Second.
[[client]]
name = "B"

[[do]]
at = "0s"
who = ["A", "B"]
act = "connect"

[[expect]]
never = 'connected("A")'
"#;

fn check(edits: impl IntoIterator<Item = Edit>, expected: &Expect) {
    let mut document: DocumentMut = TEXT.parse().expect("it is TOML");
    for edit in edits {
        edit.apply(&mut document);
    }
    let text = document.to_string();
    assert!(text.parse::<DocumentMut>().is_ok(), "{text}");
    let changed = similar::TextDiff::from_lines(TEXT, &text)
        .unified_diff()
        .context_radius(0)
        .to_string();
    let lines = changed.lines().filter(|line| !line.starts_with("@@"));
    expected.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

fn client(at: usize) -> Path {
    Path::of("client").to(at)
}

#[test]
fn a_value_changes_and_its_comment_stays() {
    check(
        [Edit::Put(Path::of("scenario").to("id"), "two".into())],
        &expect![[r#"
            -id = "one" # short
            +id = "two" # short"#]],
    );
}

#[test]
fn a_value_within_braces_is_added_and_removed() {
    check(
        [Edit::Put(client(0).to("will").to("qos"), 1.into())],
        &expect![[r#"
            -will = { topic = "t" }
            +will = { topic = "t", qos = 1 }"#]],
    );
    check(
        [Edit::Remove(client(0).to("will").to("topic"))],
        &expect![[r#"-will = { topic = "t" }"#]],
    );
}

#[test]
fn what_is_missing_on_the_way_is_made() {
    check(
        [
            Edit::Put(Path::of("broker").to("disk"), true.into()),
            Edit::Put(client(1).to("link").to("latency"), "1s".into()),
        ],
        &expect![[r#"
            +link = { latency = "1s" }
            +
            +[broker]
            +disk = true"#]],
    );
}

#[test]
fn lists_grow_wherever_they_are() {
    let mut new = Table::new();
    new["name"] = toml_edit::value("C");
    let mut filter = Table::new();
    filter["filter"] = toml_edit::value("a/#");
    check(
        [
            Edit::Append(Path::of("client"), new),
            Edit::Append(client(1).to("subscribe"), filter),
        ],
        &expect![[r#"
            +subscribe = [{ filter = "a/#" }]
            +
            +[[client]]
            +name = "C""#]],
    );
}

#[test]
fn members_of_a_list_are_moved_copied_and_removed_with_what_is_said_above_them() {
    check(
        [Edit::Move(Path::of("client"), 1, 0)],
        &expect![[r#"
            +# Second.
            +[[client]]
            +name = "B"
            +
            -
            -# Second.
            -[[client]]
            -name = "B""#]],
    );
    check(
        [Edit::Copy(Path::of("client"), 0), Edit::Remove(client(2))],
        &expect![[r#"
            -# Second.
            -name = "B"
            +name = "A" # the first
            +will = { topic = "t" }"#]],
    );
    check(
        [
            Edit::Remove(Path::of("do").to(0)),
            Edit::Remove(Path::of("do").to(7)),
        ],
        &expect![[r#"
            -[[do]]
            -at = "0s"
            -who = ["A", "B"]
            -act = "connect"
            -"#]],
    );
}

#[test]
fn a_client_is_renamed_everywhere() {
    check(
        [Edit::Rename(0, "pump".to_owned())],
        &expect![[r#"
            -name = "A" # the first
            +name = "pump" # the first
            -who = ["A", "B"]
            +who = ["pump", "B"]
            -never = 'connected("A")'
            +never = 'connected("pump")'"#]],
    );
}

#[test]
fn a_condition_needs_no_escapes() {
    assert_eq!(
        literal("connected(\"A\")").to_string(),
        "'connected(\"A\")'"
    );
    assert_eq!(literal("now > 1s").to_string(), "\"now > 1s\"");
}

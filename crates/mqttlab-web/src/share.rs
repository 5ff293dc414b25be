//! Links to a moment: `#l=duel&t=5.102s`. They stay in the fragment, which is never sent to a server.

use mqttlab_sim::view::Micros;

/// The fragment for a moment of a lesson, without its `#`.
pub(crate) fn fragment(lesson: &str, at: Micros) -> String {
    let (seconds, micros) = (at / 1_000_000, at % 1_000_000);
    format!("l={lesson}&t={seconds}.{micros:06}s")
}

/// The fragment for a class: a lesson, with the same seed for everybody, and answers that wait for the teacher.
pub(crate) fn class(lesson: &str, seed: Option<u64>, hides: bool) -> String {
    let seed = seed.map_or_else(String::new, |seed| format!("&seed={seed}"));
    let hides = if hides { "&hide" } else { "" };
    format!("l={lesson}{seed}{hides}")
}

/// Whether the answers wait for the teacher.
pub(crate) fn hides(fragment: &str) -> bool {
    fragment.split('&').any(|part| part == "hide")
}

/// The lesson that a fragment names.
pub(crate) fn lesson(fragment: &str) -> Option<&str> {
    value(fragment, "l")
}

/// The seed that a fragment names.
pub(crate) fn seed(fragment: &str) -> Option<u64> {
    value(fragment, "seed")?.parse().ok()
}

fn value<'f>(fragment: &'f str, name: &str) -> Option<&'f str> {
    let parts = fragment.trim_start_matches('#').split('&');
    let mut pairs = parts.filter_map(|part| part.split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}

/// The moment that a fragment names, if it is one of this lesson.
pub(crate) fn moment(fragment: &str, of: &str) -> Option<Micros> {
    let at = value(fragment, "t").filter(|_| lesson(fragment) == Some(of))?;
    seconds(at.strip_suffix('s')?)
}

/// Whole numbers only: a moment must come back as it was.
fn seconds(text: &str) -> Option<Micros> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 6 || !part.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let micros: Micros = format!("{part:0<6}").parse().ok()?;
    let whole: Micros = whole.parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(micros)
}

#[cfg(test)]
mod tests {
    use super::{class, fragment, hides, lesson, moment, seed};

    #[test]
    fn a_moment_comes_back_as_it_was() {
        for at in [0, 1, 5_102_000, 19_999_999, 3_600_000_000] {
            assert_eq!(moment(&fragment("duel", at), "duel"), Some(at));
        }
    }

    #[test]
    fn people_may_write_shorter_ones() {
        assert_eq!(moment("#l=duel&t=5.1s", "duel"), Some(5_100_000));
        assert_eq!(moment("t=7s&l=duel", "duel"), Some(7_000_000));
    }

    #[test]
    fn a_class_gets_the_same_run() {
        let link = class("loss", Some(42), true);
        assert_eq!((lesson(&link), seed(&link)), (Some("loss"), Some(42)));
        assert!(hides(&link) && !hides(&class("loss", Some(42), false)));
        assert_eq!(class("loss", None, false), "l=loss");
        assert_eq!((lesson("#r=abc"), seed("#l=loss&seed=-1")), (None, None));
    }

    #[test]
    fn anything_else_is_no_moment() {
        for text in [
            "",
            "#",
            "#l=duel",
            "#t=5s",
            "#l=other&t=5s",
            "#l=duel&t=5",
            "#l=duel&t=-5s",
            "#l=duel&t=5.1234567s",
            "#l=duel&t=1e3s",
            "#l=duel&t=99999999999999999999s",
            "#l=duel&t=.s",
        ] {
            assert_eq!(moment(text, "duel"), None, "{text}");
        }
    }
}

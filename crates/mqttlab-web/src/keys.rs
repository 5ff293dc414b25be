//! Which key does what.

use crate::lab::{Message, Step};
use crate::lesson::Ask;

/// A key that was pressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Press {
    /// As the browser names it: `ArrowRight`, ` `, `t`.
    pub(crate) key: String,
    pub(crate) shift: bool,
    pub(crate) alt: bool,
    /// Control or Command: those belong to the browser.
    pub(crate) other: bool,
    pub(crate) focus: Focus,
}

/// What has the focus, as far as it matters to keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Focus {
    #[default]
    Page,
    /// Something that space or Enter presses.
    Button,
    /// Something that is typed into or has its own arrow keys.
    Field,
}

/// What a key asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Lab(Message),
    Help,
    Theme,
    Search,
    Share,
    Until,
    /// What can be done to what has the focus, or to what is selected?
    Act,
    /// Do it at once, to the same.
    Quick(Quick),
}

/// What one key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quick {
    Cut,
    Hold,
    Release,
    Crash,
    SlowDown,
}

/// What `press` means; `None` leaves it to the browser.
///
/// `letters` says whether single letters do anything: they are in the way of speech input.
pub(crate) fn command(press: &Press, letters: bool) -> Option<Command> {
    if press.focus == Focus::Field {
        return None;
    }
    let lab = |message| Some(Command::Lab(message));
    if press.other {
        return match (press.key.as_str(), press.shift) {
            ("z", false) => lab(Message::Undo),
            ("z" | "Z", true) | ("y", false) => lab(Message::Redo),
            _ => None,
        };
    }
    match press.key.as_str() {
        " " if press.focus == Focus::Page => lab(Message::Toggle),
        "ArrowRight" if press.alt => lab(Message::Step(Step::Timer)),
        "ArrowRight" if press.shift => lab(Message::Step(Step::Packet)),
        "ArrowLeft" if press.shift => lab(Message::Step(Step::PacketBack)),
        // Alt and left is the browser's way back.
        "ArrowLeft" if press.alt => None,
        "ArrowRight" => lab(Message::Step(Step::Event)),
        "ArrowLeft" => lab(Message::Step(Step::EventBack)),
        "Enter" if press.focus == Focus::Page => lab(Message::Check),
        // Remotes of presenters send these.
        "PageDown" | "." => lab(Message::Learn(Ask::Continue)),
        "PageUp" => lab(Message::Learn(Ask::Back)),
        "]" if letters && !press.alt => lab(Message::Learn(Ask::Continue)),
        "[" if letters && !press.alt => lab(Message::Learn(Ask::Back)),
        "Home" => lab(Message::Step(Step::Start)),
        "End" => lab(Message::Step(Step::End)),
        "?" if letters => Some(Command::Help),
        "t" | "T" if letters && !press.alt => Some(Command::Theme),
        "f" | "F" if letters && !press.alt => Some(Command::Search),
        "a" | "A" if letters && !press.alt => Some(Command::Act),
        "x" | "X" if letters && !press.alt => Some(Command::Quick(Quick::Cut)),
        "h" | "H" if letters && !press.alt => Some(Command::Quick(Quick::Hold)),
        "r" | "R" if letters && !press.alt => Some(Command::Quick(Quick::Release)),
        "k" | "K" if letters && !press.alt => Some(Command::Quick(Quick::Crash)),
        "l" | "L" if letters && !press.alt => Some(Command::Quick(Quick::SlowDown)),
        "u" | "U" if letters && !press.alt => Some(Command::Until),
        "s" | "S" if letters && !press.alt => Some(Command::Share),
        "w" | "W" if letters && !press.alt => lab(Message::Why),
        digit @ ("1" | "2" | "3" | "4") if letters && !press.alt => {
            let option = digit.bytes().next()? - b'1';
            lab(Message::Choose(option))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, Focus, Press, command};
    use crate::lab::{Message, Step};

    fn press(key: &str) -> Press {
        Press {
            key: key.to_owned(),
            ..Press::default()
        }
    }

    #[test]
    fn arrows_step_and_modifiers_make_the_steps_larger() {
        let right = press("ArrowRight");
        let packet = Press {
            shift: true,
            ..right.clone()
        };
        let timer = Press {
            alt: true,
            ..right.clone()
        };
        for (press, step) in [
            (right, Step::Event),
            (packet, Step::Packet),
            (timer, Step::Timer),
            (press("ArrowLeft"), Step::EventBack),
            (press("Home"), Step::Start),
            (press("End"), Step::End),
        ] {
            assert_eq!(
                command(&press, false),
                Some(Command::Lab(Message::Step(step)))
            );
        }
    }

    #[test]
    fn space_presses_the_button_that_has_the_focus() {
        assert_eq!(
            command(&press(" "), true),
            Some(Command::Lab(Message::Toggle))
        );
        let on_button = Press {
            focus: Focus::Button,
            ..press(" ")
        };
        assert_eq!(command(&on_button, true), None);
    }

    #[test]
    fn typing_is_left_alone() {
        let typed = Press {
            focus: Focus::Field,
            ..press("t")
        };
        assert_eq!(command(&typed, true), None);
        let browser = Press {
            other: true,
            ..press("t")
        };
        assert_eq!(command(&browser, true), None);
    }

    #[test]
    fn single_letters_can_be_turned_off() {
        for key in ["t", "f", "w", "a", "x", "h", "r", "k", "s", "u", "?", "1"] {
            assert!(command(&press(key), true).is_some(), "{key}");
            assert!(command(&press(key), false).is_none(), "{key}");
        }
    }
}

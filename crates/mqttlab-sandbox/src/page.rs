//! What is said to the page around the sandbox, and what it answers.
//!
//! The sandbox builds texts; the page reads and plays them. Each says one text at a time to the other, whose first line is
//! a verb:
//!
//! | to the page, as the `detail` of an event `mqttlab-sandbox` at the document | means |
//! | --- | --- |
//! | `play`, and a scenario | read it and show its run |
//! | `take` | hand over the run on the stage, with what was done in it |
//! | `packet` | hand over the bytes of the packet that is selected |
//!
//! | to the sandbox, pushed onto the list `mqttlab-sandbox` of the window | means |
//! | --- | --- |
//! | `plays`, and its title | what was sent last is in the picture |
//! | `wrong`, line, column, width, message, help | it is no scenario |
//! | `text`, and a scenario | the run on the stage |
//! | `secret` | the run on the stage is a case that is not solved, so it is not handed over |
//! | `packet`, and its bytes | the packet that is selected; nothing where none is |

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CustomEvent, CustomEventInit, Element, Window};

/// The name of the event, and of the list.
const KIND: &str = "mqttlab-sandbox";
/// Under which name the window has the element that is for us.
const PLACE: &str = "mqttlab-sandbox-place";

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// From 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    /// How many characters are meant.
    pub(crate) width: usize,
    pub(crate) message: String,
    /// What to do about it; may be empty.
    pub(crate) help: String,
}

impl Mistake {
    /// What stands where the help suggests another word: `did you mean `x`?`.
    pub(crate) fn suggestion(&self) -> Option<&str> {
        let (_, rest) = self.help.split_once("did you mean `")?;
        rest.split_once('`').map(|(word, _)| word)
    }

    /// Where it begins and ends in `text`, in bytes.
    pub(crate) fn range(&self, text: &str) -> (usize, usize) {
        let before = text.split_inclusive('\n').take(self.line - 1);
        let start: usize = before.map(str::len).sum();
        let line = text[start..].split('\n').next().unwrap_or_default();
        let byte = |column: usize| {
            let mut places = line.char_indices().map(|(at, _)| at);
            places.nth(column).unwrap_or(line.len())
        };
        let first = byte(self.column - 1);
        let last = byte(self.column - 1 + self.width.max(1));
        (start + first, start + last)
    }
}

/// What the page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Plays,
    Wrong(Mistake),
    Text(String),
    Secret,
    /// In hexadecimal; empty where no packet is selected.
    Packet(String),
}

impl Word {
    /// Anything else is of another version of the page, and passed over.
    fn parse(said: &str) -> Option<Self> {
        let (verb, rest) = said.split_once('\n').unwrap_or((said, ""));
        match verb {
            "plays" => Some(Self::Plays),
            "text" => Some(Self::Text(rest.to_owned())),
            "secret" => Some(Self::Secret),
            "packet" => Some(Self::Packet(rest.to_owned())),
            "wrong" => {
                let mut lines = rest.splitn(5, '\n');
                let mut number = || lines.next()?.parse().ok().filter(|number| *number > 0);
                let (line, column) = (number()?, number()?);
                let width = lines.next()?.parse().ok()?;
                Some(Self::Wrong(Mistake {
                    line,
                    column,
                    width,
                    message: lines.next()?.to_owned(),
                    help: lines.next().unwrap_or_default().to_owned(),
                }))
            }
            _ => None,
        }
    }
}

/// Has a text played.
pub(crate) fn play(text: &str) {
    say(&format!("play\n{text}"));
}

/// Asks for the run on the stage.
pub(crate) fn take() {
    say("take\n");
}

/// Asks for the bytes of the selected packet.
pub(crate) fn packet() {
    say("packet\n");
}

fn say(what: &str) {
    let Some(document) = window().and_then(|window| window.document()) else {
        return;
    };
    let options = CustomEventInit::new();
    options.set_detail(&what.into());
    if let Ok(event) = CustomEvent::new_with_event_init_dict(KIND, &options) {
        // Nobody can keep it from arriving.
        let _ = document.dispatch_event(&event);
    }
}

/// Hears what the page says from now on, and what it has said before.
pub(crate) fn listen(on: impl Fn(Word) + 'static) {
    let Some(window) = window() else { return };
    let hear = Closure::<dyn Fn(String)>::new(move |said: String| {
        if let Some(word) = Word::parse(&said) {
            on(word);
        }
    });
    let hear = hear.into_js_value();
    let key = JsValue::from(KIND);
    let waiting = Reflect::get(&window, &key).unwrap_or_default();
    let list = Object::new();
    // Setting fails only for frozen objects, and calling only if we do.
    let _ = Reflect::set(&list, &"push".into(), &hear);
    let _ = Reflect::set(&window, &key, &list);
    if let Ok(waiting) = waiting.dyn_into::<Array>() {
        for said in waiting.iter() {
            let _ = hear.unchecked_ref::<Function>().call1(&list, &said);
        }
    }
}

/// The element that is for us.
pub(crate) fn place() -> Option<Element> {
    let window = window()?;
    Reflect::get(&window, &PLACE.into()).ok()?.dyn_into().ok()
}

pub(crate) fn window() -> Option<Window> {
    web_sys::window()
}

#[cfg(test)]
mod tests {
    use super::{Mistake, Word};

    #[test]
    fn what_the_page_says_is_understood() {
        assert_eq!(Word::parse("plays\nOne"), Some(Word::Plays));
        assert_eq!(Word::parse("secret"), Some(Word::Secret));
        assert_eq!(
            Word::parse("text\na = 1\nb = 2"),
            Some(Word::Text("a = 1\nb = 2".to_owned()))
        );
        for other in ["", "sing", "wrong", "wrong\n0\n1\n1\nx\n", "wrong\nx"] {
            assert_eq!(Word::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_mistake_has_a_place_and_advice() {
        let said = "wrong\n2\n7\n3\nno participant is called `C`\ndid you mean `A`?";
        let Some(Word::Wrong(mistake)) = Word::parse(said) else {
            unreachable!("it is said well")
        };
        assert_eq!(mistake.suggestion(), Some("A"));
        let text = "é = 1\nwho = \"C\"\n";
        let (start, end) = mistake.range(text);
        assert_eq!(&text[start..end], "\"C\"");
    }

    #[test]
    fn a_place_behind_the_text_is_its_end() {
        let mistake = Mistake {
            line: 9,
            column: 9,
            width: 9,
            message: String::new(),
            help: String::new(),
        };
        assert_eq!(mistake.range("a\n"), (2, 2));
        assert_eq!(mistake.suggestion(), None);
    }
}

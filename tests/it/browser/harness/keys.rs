//! Keys by the names that JavaScript gives them.

use anyhow::{Result, bail};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;

/// The presses and releases of a chord such as `Shift+ArrowRight`.
pub(super) fn actions(chord: &str) -> Result<KeyActions> {
    let names: Vec<&str> = if chord == "+" {
        vec!["+"]
    } else {
        chord.split('+').collect()
    };
    let keys = names.into_iter().map(key).collect::<Result<Vec<char>>>()?;
    let pressed = keys
        .iter()
        .fold(KeyActions::new("keyboard".to_owned()), |actions, &value| {
            actions.then(KeyAction::Down { value })
        });
    Ok(keys.iter().rev().fold(pressed, |actions, &value| {
        actions.then(KeyAction::Up { value })
    }))
}

fn key(name: &str) -> Result<char> {
    let named = match name {
        "Alt" => Key::Alt,
        "ArrowDown" => Key::Down,
        "ArrowLeft" => Key::Left,
        "ArrowRight" => Key::Right,
        "ArrowUp" => Key::Up,
        "Backspace" => Key::Backspace,
        "Control" => Key::Control,
        "Delete" => Key::Delete,
        "End" => Key::End,
        "Enter" => Key::Enter,
        "Escape" => Key::Escape,
        "Home" => Key::Home,
        "Meta" => Key::Meta,
        "PageDown" => Key::PageDown,
        "PageUp" => Key::PageUp,
        "Shift" => Key::Shift,
        "Space" => return Ok(' '),
        "Tab" => Key::Tab,
        _ => {
            let mut letters = name.chars();
            let (Some(letter), None) = (letters.next(), letters.next()) else {
                bail!("no key is called {name:?}")
            };
            return Ok(letter);
        }
    };
    Ok(named.into())
}

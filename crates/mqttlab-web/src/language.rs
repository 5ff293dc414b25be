//! Which language the page speaks: the one that its address names, that was chosen here, or that its reader prefers.

use yew::Callback;

use crate::platform::{self, document, load, store, stored, window};
use crate::say::{self, LANGUAGES};

/// Under which name the browser keeps the choice.
const CHOICE: &str = "language";
/// As the address has it: `?lang=de`.
const PARAMETER: &str = "lang=";

/// Takes the language over, where it is not English, and then says that the page can begin.
///
/// Where its texts cannot be had the page begins in English.
pub(crate) fn take(begin: impl Fn() + 'static) {
    let Some(language) = wanted() else {
        begin();
        return;
    };
    let file = say::file_of(&language);
    let came = Callback::from(move |bytes: Option<Vec<u8>>| {
        let table = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        if table.is_some_and(say::speak) {
            platform::set_language(&language);
        }
        begin();
    });
    load(&file, came);
}

/// The language that is spoken.
pub(crate) fn current() -> String {
    let root = document().and_then(|document| document.document_element());
    root.and_then(|root| root.get_attribute("lang"))
        .unwrap_or_default()
}

/// Chooses a language, and loads the page anew: it must not say the same thing in two languages.
pub(crate) fn choose(language: &str) {
    store(CHOICE, language);
    let Some(window) = window() else { return };
    let location = window.location();
    let address = location.search().unwrap_or_default();
    let without = without_parameter(&address);
    // It fails only for addresses that this page cannot have.
    let _ = if without == address {
        location.reload()
    } else {
        location.set_search(&without)
    };
}

/// The language that is to be fetched; `None` is English.
fn wanted() -> Option<String> {
    let address = window().and_then(|window| window.location().search().ok());
    // Even one that is not in the list: a translator’s own, which lies beside the others.
    let named = parameter(&address.unwrap_or_default()).filter(|it| is_code(it));
    let language = named.or_else(|| stored(CHOICE)).or_else(|| {
        let preferred = window()?.navigator().languages();
        let preferred = preferred.iter().filter_map(|it| it.as_string());
        best(preferred, LANGUAGES).map(str::to_owned)
    });
    language.filter(|it| *it != LANGUAGES[0].0 && is_code(it))
}

/// The first of the languages somebody reads that there is: `de-AT` is read by whoever reads `de`.
fn best<'a>(
    preferred: impl Iterator<Item = String>,
    languages: &'a [(&'a str, &'a str)],
) -> Option<&'a str> {
    let mut preferred = preferred;
    preferred.find_map(|wish| {
        let is_wish = |code: &str| code.eq_ignore_ascii_case(&wish);
        let codes = || languages.iter().map(|(code, _)| *code);
        let main = wish.split('-').next().unwrap_or_default();
        codes()
            .find(|code| is_wish(code))
            .or_else(|| codes().find(|code| code.eq_ignore_ascii_case(main)))
    })
}

/// Whether it can be in the name of a file.
fn is_code(text: &str) -> bool {
    const LENGTH_MAX: usize = 20;
    let is_fine = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
    !text.is_empty() && text.len() <= LENGTH_MAX && text.bytes().all(is_fine)
}

/// The language in `?embed&lang=de`.
fn parameter(address: &str) -> Option<String> {
    let parts = address.strip_prefix('?')?.split('&');
    let mut values = parts.filter_map(|part| part.strip_prefix(PARAMETER));
    values.next().map(str::to_owned)
}

fn without_parameter(address: &str) -> String {
    let parts = address.trim_start_matches('?').split('&');
    let others: Vec<&str> = parts.filter(|part| !part.starts_with(PARAMETER)).collect();
    match others.join("&").as_str() {
        "" => String::new(),
        others => format!("?{others}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{best, is_code, parameter, without_parameter};

    const LANGUAGES: &[(&str, &str)] =
        &[("en", "English"), ("de", "Deutsch"), ("pt-BR", "Português")];

    fn best_of(preferred: &[&str]) -> Option<&'static str> {
        best(preferred.iter().map(|it| (*it).to_owned()), LANGUAGES)
    }

    #[test]
    fn the_first_language_that_there_is_is_taken() {
        assert_eq!(best_of(&["fr", "de-AT", "en"]), Some("de"));
        assert_eq!(best_of(&["en-GB", "de"]), Some("en"));
        assert_eq!(best_of(&["pt-br"]), Some("pt-BR"));
        assert_eq!(best_of(&["pt", "ja"]), None);
    }

    #[test]
    fn the_address_may_name_a_language() {
        assert_eq!(parameter("?embed&lang=de").as_deref(), Some("de"));
        assert_eq!(parameter("?language=de"), None);
        assert_eq!(parameter(""), None);
        assert_eq!(without_parameter("?lang=de"), "");
        assert_eq!(without_parameter("?embed&lang=de&x"), "?embed&x");
        assert_eq!(without_parameter("?embed"), "?embed");
    }

    #[test]
    fn what_is_no_code_names_no_file() {
        assert!(is_code("de") && is_code("zh-Hant-TW"));
        for text in ["", "../de", "de.txt", "d%65", "a-very-long-code-of-nothing"] {
            assert!(!is_code(text), "{text}");
        }
    }
}

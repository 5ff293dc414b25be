//! Files as translators write them, and what becomes of them.

use std::path::Path;

use expect_test::{Expect, expect};

use super::{Texts, Translation, lines};
use crate::{Argument, Book};

const ENGLISH: &str = "\
language-name = English
-product = MQTT Lab
# The button in the bar.
share = Share
    .title = A link to { -product }
shown = { NUMBER($shown) } of { NUMBER($all) } shown
clients = { $count ->
    [0] no clients
    [one] { $count } client
   *[other] { $count } clients
}
state = It is { $state ->
    [up] well
   *[down] not well
}, said { $who }.
";

fn english(text: &str) -> Result<Texts, String> {
    Texts::of_english("lab", Path::new("en.ftl"), text).map_err(|problems| lines(&problems))
}

fn translate(language: &str, text: &str) -> Result<Translation, String> {
    let texts = english(ENGLISH).expect("the example holds");
    let path = format!("{language}.ftl");
    texts
        .translate(language, Path::new(&path), text)
        .map_err(|problems| lines(&problems))
}

fn book(table: String) -> Book {
    Book::read(table.leak())
}

/// What is wrong with an English file that has a name.
fn check(text: &str, expected: Expect) {
    let text = format!("language-name = English\n{text}");
    expected.assert_eq(&english(&text).expect_err("there is something wrong with it"));
}

#[test]
fn every_text_has_a_number_and_is_filled() {
    let book = book(english(ENGLISH).expect("it holds").table());
    assert_eq!(book.text(1), "Share");
    assert_eq!(book.text(2), "A link to MQTT Lab");
    let shown = book.fill(3, &[Argument::Number(3), Argument::Number(1_200)]);
    assert_eq!(shown, "3 of 1200 shown");
    for (count, text) in [(0, "no clients"), (1, "1 client"), (7, "7 clients")] {
        assert_eq!(book.fill(4, &[Argument::Number(count)]), text);
    }
    let state = |state| book.fill(5, &[Argument::Text(state), Argument::Text("A")]);
    assert_eq!(state("up"), "It is well, said A.");
    assert_eq!(state("other"), "It is not well, said A.");
}

#[test]
fn texts_without_arguments_are_constants_and_others_functions() {
    let code = english(ENGLISH)
        .expect("it holds")
        .code(Path::new("t"))
        .expect("there is English alone");
    let items: Vec<&str> = code
        .lines()
        .filter(|line| line.starts_with("pub"))
        .collect();
    expect![[r#"
        pub(crate) const LANGUAGES: &[(&str, &str)] = &[("en", "English")];
        pub(crate) fn file_of(language: &str) -> String { "texts/lab-{}-00000000.txt".replacen("{}", language, 1) }
        pub(crate) const SHARE: Text = Text(1);
        pub(crate) const SHARE_TITLE: Text = Text(2);
        pub(crate) fn shown(shown: impl Into<::mqttlab_texts::Number>, all: impl Into<::mqttlab_texts::Number>, ) -> String { fill(3, &[::mqttlab_texts::Argument::Number(shown.into().0), ::mqttlab_texts::Argument::Number(all.into().0), ]) }
        pub(crate) fn clients(count: impl Into<::mqttlab_texts::Number>, ) -> String { fill(4, &[::mqttlab_texts::Argument::Number(count.into().0), ]) }
        pub(crate) fn state(state: &str, who: &str, ) -> String { fill(5, &[::mqttlab_texts::Argument::Text(state), ::mqttlab_texts::Argument::Text(who), ]) }"#]]
    .assert_eq(&items.join("\n"));
}

#[test]
fn lines_are_joined_and_escapes_are_taken() {
    let text = "language-name = English\nlong =\n    One line\n    and another.\nspace = a:{\" \"}\nbrace = {\"{\"}\\n\nnew = {\"\\u000A\"}\nquote = {\"\\\"\"}\n";
    let book = book(english(text).expect("it holds").table());
    let texts: Vec<&str> = (1..6).map(|number| book.text(number)).collect();
    assert_eq!(texts, ["One line and another.", "a: ", "{\\n", "\n", "\""]);
}

#[test]
fn what_is_wrong_with_english_is_said_with_its_place() {
    check(
        "a = { $x\n",
        expect!["en.ftl:3:1: Expected a token starting with \"}\""],
    );
    check("a = { b }\n", expect!["en.ftl:2:7: there is no text `b`"]);
    check("a = { a }\n", expect!["en.ftl:2:7: `a` refers to itself"]);
    check("a = x\na = y\n", expect!["en.ftl:3:1: `a` is there twice"]);
    check(
        "a-b = x\na = y\n    .b = z\n",
        expect!["en.ftl:4:6: `a.b` has the same name in Rust as another text: A_B"],
    );
    check(
        "a = { DATETIME($x) }\n",
        expect!["en.ftl:2:7: of all functions there is `NUMBER($name)` alone"],
    );
    check(
        "a = { NUMBER($x) ->\n    [some] x\n   *[other] y\n}\n",
        expect!["en.ftl:3:6: `some` is neither a number nor a plural"],
    );
    let error = english("a = x\n").expect_err("it has no name");
    assert_eq!(
        error,
        "en.ftl: `language-name` is missing: what the language calls itself"
    );
}

const RUSSIAN: &str = "\
language-name = Русский
share = Поделиться
    .title = Ссылка
shown = Показано { NUMBER($shown) } из { NUMBER($all) }
clients = { $count ->
    [one] { $count } клиент
    [few] { $count } клиента
   *[many] { $count } клиентов
}
state = { $who }: { $state ->
    [up] хорошо
   *[down] плохо
}
";

#[test]
fn a_language_has_its_own_plurals_and_order() {
    let russian = translate("ru", RUSSIAN).expect("it holds");
    assert_eq!(
        (russian.name.as_str(), russian.missing.len()),
        ("Русский", 0)
    );
    let book = book(russian.table);
    for (count, text) in [
        (1, "1 клиент"),
        (3, "3 клиента"),
        (5, "5 клиентов"),
        (11, "11 клиентов"),
        (121, "121 клиент"),
    ] {
        assert_eq!(book.fill(4, &[Argument::Number(count)]), text);
    }
    let state = book.fill(5, &[Argument::Text("up"), Argument::Text("A")]);
    assert_eq!(state, "A: хорошо");
}

#[test]
fn what_is_missing_stays_english_with_its_own_plurals() {
    let french = translate("fr", "language-name = Français\nshare = Partager\n").expect("it holds");
    expect![[r#"
        fr.ftl: `share.title` is missing: it stays English
        fr.ftl: `shown` is missing: it stays English
        fr.ftl: `clients` is missing: it stays English
        fr.ftl: `state` is missing: it stays English"#]]
    .assert_eq(&lines(&french.missing));
    let book = book(french.table);
    assert!(book.is_like(&self::book(english(ENGLISH).expect("it holds").table())));
    // In French 0 and 1 are one; the English words go by English.
    for (count, text) in [(0, "no clients"), (1, "1 client"), (2, "2 clients")] {
        assert_eq!(book.fill(4, &[Argument::Number(count)]), text);
    }
}

#[test]
fn what_is_wrong_with_a_language_is_said_with_its_place() {
    let wrong = translate(
        "de",
        "share = Teilen\n    .about = Ein Link\nshown = { NUMBER($gezeigt) } gezeigt\nclients = { $count ->\n    [few] { $count }\n   *[other] viele\n}\nstate = { NUMBER($state) } { $who }\nneu = x\n",
    );
    expect![[r#"
        de.ftl:2:6: `share.about` is not among the English texts
        de.ftl:3:19: `shown` has no `$gezeigt` in English
        de.ftl:3:1: `shown` does not say `$shown`
        de.ftl:3:1: `shown` does not say `$all`
        de.ftl:5:6: this language has no plural `few`
        de.ftl:8:19: `$state` is no number: it can choose only between texts
        de.ftl:9:1: `neu` is not among the English texts"#]]
    .assert_eq(&wrong.expect_err("there is much wrong with it"));
    let error = translate("german", "share = Teilen\n").expect_err("that is no code");
    assert_eq!(
        error,
        "german.ftl: `german` is no code of a language, as `de` or `pt-BR` are"
    );
}

#[test]
fn the_language_that_nobody_speaks_is_longer_and_has_all_arguments() {
    let texts = english(ENGLISH).expect("it holds");
    let book = book(texts.pseudo());
    assert_eq!(book.text(1), "[Šĥåŕé]");
    let shown = book.fill(3, &[Argument::Number(3), Argument::Number(9)]);
    assert_eq!(shown, "[3 öf 9 šĥöŵñ]");
    assert_eq!(book.fill(4, &[Argument::Number(1)]), "[1 çļîéñţ]");
}

use super::{check, code_of};

fn findings(path: &str, text: &str) -> Vec<String> {
    check(path, text, &code_of(text))
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn lines(text: &str) -> Vec<usize> {
    check("a.rs", text, &code_of(text))
        .iter()
        .map(|finding| finding.line)
        .collect()
}

#[test]
fn unfinished_and_switched_off_things_are_found() {
    assert_eq!(
        lines("fn f() {\n    todo!()\n}\n#[ignore = \"slow\"]\nfn g() { dbg!(1); }\n"),
        [2, 4, 5]
    );
    assert_eq!(
        lines("#[should_panic]\nfn f() { unimplemented!() }\n"),
        [1, 2]
    );
}

#[test]
fn the_same_words_in_text_and_in_names_are_free() {
    assert!(
        lines("/// Never `todo!`.\nlet a = \"todo!()\"; my_todo!(); let b = r#\"dbg!(\"x\")\"#;\n")
            .is_empty()
    );
}

#[test]
fn statements_in_comments_are_found_and_sentences_are_not() {
    assert_eq!(
        lines("// let a = 1;\n// if a == 1 {\n// }\n//#[test]\n"),
        [1, 2, 3, 4]
    );
    assert!(lines("// The broker closes the older one (see below), then goes on.\n/// let a = 1;\n//! use a;\n").is_empty());
}

#[test]
fn characters_lifetimes_and_nested_comments_do_not_confuse_the_reader() {
    let text = "fn f<'a>(x: &'a str) -> char { if x == \"\\\"\" { '\"' } else { '\\'' } }\n/* a /* b */ todo!() */ dbg!(1);\n";
    assert_eq!(lines(text), [2]);
    assert_eq!(
        lines("let a = \"one\ntwo\";\nlet b = br\"\\\"; todo!();\n"),
        [3]
    );
}

#[test]
fn the_pure_crates_say_so() {
    let path = "crates/mqttlab-core/src/lib.rs";
    assert_eq!(
        findings(path, "//! #![no_std]\n"),
        [
            "crates/mqttlab-core/src/lib.rs: needs #![forbid(unsafe_code)]",
            "crates/mqttlab-core/src/lib.rs: needs #![no_std]"
        ]
    );
    assert!(findings(path, "#![no_std]\n#![forbid(unsafe_code)]\n").is_empty());
}

#[test]
fn long_files_are_found_but_tests_do_not_count() {
    let long = "fn f() {}\n".repeat(701);
    assert_eq!(findings("crates/a/src/b.rs", &long).len(), 1);
    assert!(findings("crates/a/src/b/tests.rs", &long).is_empty());
    let tested = format!(
        "{}#[cfg(test)]\nmod tests {{\n{long}}}\n",
        "fn f() {}\n".repeat(700)
    );
    assert!(findings("crates/a/src/b.rs", &tested).is_empty());
}

#[test]
fn names_in_paths_and_uses_are_listed() {
    let code = code_of(
        "use crate::{\n    broker,\n    time::{Instant},\n};\nlet client = broker_of(client::new());\n",
    );
    let named: Vec<String> = code
        .modules_named()
        .into_iter()
        .map(|(line, name)| format!("{line}:{name}"))
        .collect();
    assert_eq!(
        named,
        [
            "1:crate",
            "2:broker",
            "3:time",
            "3:Instant",
            "5:client",
            "5:new"
        ]
    );
}

use alloc::string::String;

use super::{LENGTH_MAX, TopicError, check_filter, check_name, matches, split_share};

#[test]
fn names() {
    for name in [
        "a",
        "/",
        "//",
        " ",
        "a/b c",
        "$SYS/x",
        "$share/g/t",
        "é/😀",
        "\u{feff}",
    ] {
        assert_eq!(check_name(name), Ok(()), "{name}");
    }
    for (name, error) in [
        ("", TopicError::Empty),
        ("a\0", TopicError::Nul),
        ("+", TopicError::WildcardInName),
        ("a/#", TopicError::WildcardInName),
        ("a+b", TopicError::WildcardInName),
    ] {
        assert_eq!(check_name(name), Err(error), "{name}");
    }
    let longest: String = core::iter::repeat_n('a', LENGTH_MAX).collect();
    assert_eq!(check_name(&longest), Ok(()));
    assert_eq!(check_name(&(longest + "a")), Err(TopicError::TooLong));
}

#[test]
fn filters() {
    for filter in [
        "a", "/", "#", "+", "/#", "+/#", "/+", "+/+/+", "a/+/b/#", "$SYS/#", "a b/+", "/+/",
    ] {
        assert_eq!(check_filter(filter), Ok(()), "{filter}");
    }
    for (filter, error) in [
        ("", TopicError::Empty),
        ("\0", TopicError::Nul),
        ("a#", TopicError::MisplacedHash),
        ("#a", TopicError::MisplacedHash),
        ("##", TopicError::MisplacedHash),
        ("#/", TopicError::MisplacedHash),
        ("a/#/b", TopicError::MisplacedHash),
        ("a/b#", TopicError::MisplacedHash),
        ("#/#", TopicError::MisplacedHash),
        ("+#", TopicError::MisplacedHash),
        ("a+", TopicError::MisplacedPlus),
        ("+a", TopicError::MisplacedPlus),
        ("++", TopicError::MisplacedPlus),
        ("a/b+/c", TopicError::MisplacedPlus),
    ] {
        assert_eq!(check_filter(filter), Err(error), "{filter}");
    }
}

#[test]
fn shares() {
    for (filter, split) in [
        ("a/b", (None, "a/b")),
        ("$shared/g/t", (None, "$shared/g/t")),
        ("$SHARE/g/t", (None, "$SHARE/g/t")),
        ("a/$share/g", (None, "a/$share/g")),
        ("$share/g/t", (Some("g"), "t")),
        ("$share/g/a/b", (Some("g"), "a/b")),
        ("$share/g/#", (Some("g"), "#")),
        ("$share/g//", (Some("g"), "/")),
        ("$share/ /t", (Some(" "), "t")),
    ] {
        assert_eq!(split_share(filter), Ok(split), "{filter}");
    }
    for filter in [
        "$share",
        "$share/",
        "$share/g",
        "$share//t",
        "$share/g/",
        "$share/+/t",
        "$share/g#/t",
        "$share/#",
    ] {
        assert_eq!(
            split_share(filter),
            Err(TopicError::IllFormedShare),
            "{filter}"
        );
    }
}

#[test]
fn matching() {
    let yes = [
        ("a", "a"),
        ("a/b", "a/b"),
        ("#", "a"),
        ("#", "a/b/c"),
        ("#", "/"),
        ("a/#", "a"),
        ("a/#", "a/"),
        ("a/#", "a/b/c"),
        ("+", "a"),
        ("+/+", "/a"),
        ("/+", "/a"),
        ("+/+", "/"),
        ("a/+", "a/"),
        ("a/+/c", "a//c"),
        ("+/b/#", "a/b"),
        ("$SYS/#", "$SYS/x"),
        ("$SYS/+", "$SYS/x"),
        ("a/#", "a/$x"),
        ("+/$x", "a/$x"),
    ];
    for (filter, name) in yes {
        assert!(matches(filter, name), "{filter} {name}");
    }
    let no = [
        ("a", "A"),
        ("a", "a/"),
        ("a", "/a"),
        ("a/b", "a"),
        ("a", "a/b"),
        ("+", "/a"),
        ("+", "a/b"),
        ("a/+", "a"),
        ("a/+", "a/b/c"),
        ("a/#", "ab"),
        ("a/#", "b"),
        ("/#", "a"),
        ("#", "$SYS/x"),
        ("+/x", "$SYS/x"),
        ("#", "$"),
        ("+", "$x"),
        ("e\u{301}", "\u{e9}"),
    ];
    for (filter, name) in no {
        assert!(!matches(filter, name), "{filter} {name}");
    }
}

#[cfg(not(target_family = "wasm"))]
mod random {
    use alloc::string::String;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use crate::random::config;
    use crate::topic::{check_filter, check_name, matches};

    /// The rules of section 4.7 as they read, one level after the other.
    fn naive(filter: &[&str], name: &[&str]) -> bool {
        match (filter, name) {
            ([], []) | (["#"], _) => true,
            ([first, filter @ ..], [level, name @ ..]) => {
                (first == &"+" || first == level) && naive(filter, name)
            }
            ([], [_, ..]) | ([_, ..], []) => false,
        }
    }

    fn naive_matches(filter: &str, name: &str) -> bool {
        let filter: Vec<_> = filter.split('/').collect();
        let name: Vec<_> = name.split('/').collect();
        let hidden = name[0].starts_with('$') && matches!(filter[0], "+" | "#");
        !hidden && naive(&filter, &name)
    }

    /// Few and short levels, so that matches are not rare.
    fn levels(level: &'static str) -> impl Strategy<Value = String> {
        prop::collection::vec(level, 1..5).prop_map(|levels| levels.join("/"))
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn matching_agrees_with_the_naive_matcher(
            filters in prop::collection::vec(levels(r"[ab]?|\$|\+|\+|#"), 8),
            names in prop::collection::vec(levels(r"[ab]?|\$"), 8),
        ) {
            for filter in filters.iter().filter(|filter| check_filter(filter).is_ok()) {
                for name in names.iter().filter(|name| check_name(name).is_ok()) {
                    prop_assert_eq!(matches(filter, name), naive_matches(filter, name), "{} {}", filter, name);
                }
            }
        }

        #[test]
        fn a_good_name_is_a_filter_for_itself_alone(name in levels("[abc$]{0,2}"), other in levels("[abc$]{0,2}")) {
            prop_assume!(check_name(&name).is_ok());
            prop_assert_eq!(check_filter(&name), Ok(()));
            prop_assert_eq!(matches(&name, &other), name == other);
        }

        #[test]
        fn any_text_is_judged_and_nothing_fails(text in "\\PC*", name in "\\PC*") {
            let good = check_filter(&text).is_ok();
            if check_name(&text).is_ok() {
                prop_assert!(good);
            }
            // Matching asks for well-formed ones, but nothing bad happens with others.
            let _ = matches(&text, &name);
        }
    }
}

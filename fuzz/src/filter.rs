//! A Topic Filter and a Topic Name, held against a matcher that is slow and plain.

use mqttlab_core::topic::{check_filter, check_name, matches};

/// The filter and the name, with a line feed between them.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    let Some((filter, name)) = text.split_once('\n') else {
        return;
    };
    if check_filter(filter).is_err() || check_name(name).is_err() {
        return;
    }
    let filter_levels: Vec<&str> = filter.split('/').collect();
    let name_levels: Vec<&str> = name.split('/').collect();
    let hidden = name.starts_with('$') && filter.starts_with(['+', '#']);
    let expected = !hidden && plain(&filter_levels, &name_levels);
    assert_eq!(matches(filter, name), expected, "{filter:?} and {name:?}");
}

fn plain(filter: &[&str], name: &[&str]) -> bool {
    match (filter, name) {
        (["#"], _) | ([], []) => true,
        (["+", filter @ ..], [_, name @ ..]) => plain(filter, name),
        ([wanted, filter @ ..], [level, name @ ..]) => wanted == level && plain(filter, name),
        ([], [_, ..]) | ([_, ..], []) => false,
    }
}

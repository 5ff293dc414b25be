//! What a reader of configurations complains of, in words for whoever wrote them.

/// A key that is further from all others is not taken for a slip of the finger.
const SIMILARITY_MIN: f64 = 0.7;

/// The message in one line, with a guess what was meant where a name is not known.
pub(super) fn plain(message: &str) -> String {
    let message = message.trim().replace('\n', ": ");
    if let Some(said) = wrong_type(&message) {
        return said;
    }
    let message = message
        .replacen("unknown field ", "unknown key ", 1)
        .replacen("unknown variant ", "unknown value ", 1);
    if let Some(key) = message.strip_prefix("missing field ") {
        return format!("{key} is missing");
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message
        .starts_with("unknown ")
        .then(|| quoted.next())
        .flatten();
    let Some(unknown) = unknown else {
        return message;
    };
    let nearest = quoted
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let what = message.split(',').next().unwrap_or(&message);
    match nearest {
        Some((similarity, name)) if similarity >= SIMILARITY_MIN => {
            format!("{what}; did you mean `{name}`?")
        }
        Some(_) | None => message,
    }
}

/// What stands there, and what to give in its place.
fn wrong_type(message: &str) -> Option<String> {
    let said = message.strip_prefix("invalid type: ");
    let said = said.or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, wanted) = said.rsplit_once(", expected ")?;
    let found = found.strip_suffix(" as i128").unwrap_or(found);
    let found = found.strip_suffix(" as u128").unwrap_or(found);
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    let value = value.trim_start_matches("point ").trim_matches('`');
    let found = match kind {
        "string" => format!("{value} is text"),
        "integer" | "floating" => format!("{value} is a number that does not fit"),
        "boolean" => format!("{value} is neither a number nor text"),
        "map" => "this is a section".to_owned(),
        "sequence" => "this is a list".to_owned(),
        _ => "this does not fit".to_owned(),
    };
    let highest: Option<u64> = match wanted {
        "u8" => Some(u8::MAX.into()),
        "u16" => Some(u16::MAX.into()),
        "u32" => Some(u32::MAX.into()),
        "u64" | "usize" => Some(i64::MAX as u64),
        _ => None,
    };
    let wanted = match (wanted, highest) {
        (_, Some(highest)) => format!("a number from 0 to {highest}"),
        ("a boolean", _) => "true or false".to_owned(),
        ("a sequence", _) if kind == "map" => "a list: write [[listener]]".to_owned(),
        ("a sequence", _) => "a list, in brackets: [\"…\"]".to_owned(),
        ("a string" | "string or table" | "path string", _) => "text, in quotes".to_owned(),
        (wanted, _) if wanted.starts_with("struct ") || wanted == "a map" => {
            "a section, with keys of its own".to_owned()
        }
        (wanted, _) => wanted.to_owned(),
    };
    Some(format!("{found}; give {wanted}"))
}

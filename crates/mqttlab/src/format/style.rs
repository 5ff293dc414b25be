//! The one style of scenarios: what stands around keys and values, and nothing else.

use toml_edit::{Array, Decor, DocumentMut, InlineTable, Item, RawString, Table, TomlError, Value};

/// `text` in the one style. Styling it again changes nothing.
///
/// # Errors
/// When it is not TOML.
pub(super) fn style(text: &str) -> Result<String, TomlError> {
    let text = text.replace("\r\n", "\n");
    let mut document: DocumentMut = text.parse()?;
    let trailing = above(document.trailing().as_str(), true);
    table(document.as_table_mut());
    document.set_trailing(trailing.trim_end_matches('\n'));
    let styled = document.to_string();
    Ok(styled.trim_matches('\n').to_owned() + "\n")
}

fn table(table: &mut Table) {
    for (mut key, item) in table.iter_mut() {
        let is_table = item.is_table() || item.is_array_of_tables();
        if !is_table {
            let decor = key.leaf_decor_mut();
            let prefix = above(text_of(decor.prefix()), false);
            decor.set_prefix(prefix);
            decor.set_suffix(" ");
        }
        match item {
            Item::Value(value) => line(value),
            Item::Table(inner) => {
                header(inner);
                self::table(inner);
            }
            Item::ArrayOfTables(tables) => {
                for inner in tables.iter_mut() {
                    header(inner);
                    self::table(inner);
                }
            }
            Item::None => {}
        }
    }
}

/// A blank line, comments, and `[name]`.
fn header(table: &mut Table) {
    let decor = table.decor_mut();
    let prefix = above(text_of(decor.prefix()), true);
    let suffix = behind(text_of(decor.suffix()));
    decor.set_prefix(prefix);
    decor.set_suffix(suffix);
}

/// What stands after `key =` on its line.
fn line(value: &mut Value) {
    let suffix = behind(text_of(value.decor().suffix()));
    inside(value);
    value.decor_mut().set_prefix(" ");
    value.decor_mut().set_suffix(suffix);
}

fn inside(value: &mut Value) {
    match value {
        Value::Array(array) => list(array),
        Value::InlineTable(table) => braces(table),
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => {}
    }
}

/// `[a, b]`; a list of several lines stays one, with what it has in it.
fn list(array: &mut Array) {
    array.iter_mut().for_each(inside);
    let has_lines = |decor: &Decor| {
        text_of(decor.prefix()).contains('\n') || text_of(decor.suffix()).contains('\n')
    };
    let is_long = array
        .trailing()
        .as_str()
        .is_some_and(|text| text.contains('\n'))
        || array.iter().any(|value| has_lines(value.decor()));
    if is_long {
        return;
    }
    for (index, value) in array.iter_mut().enumerate() {
        *value.decor_mut() = Decor::new(if index == 0 { "" } else { " " }, "");
    }
    array.set_trailing("");
    array.set_trailing_comma(false);
}

/// `{ a = 1, b = 2 }`
fn braces(table: &mut InlineTable) {
    let count = table.len();
    for (index, (mut key, value)) in table.iter_mut().enumerate() {
        inside(value);
        *key.leaf_decor_mut() = Decor::new(" ", " ");
        let end = if index + 1 == count { " " } else { "" };
        *value.decor_mut() = Decor::new(" ", end);
    }
}

fn text_of(raw: Option<&RawString>) -> &str {
    raw.and_then(RawString::as_str).unwrap_or_default()
}

/// The lines above something: comments at the margin, and one blank line where there were some, or before a header.
fn above<'t>(text: impl Into<Option<&'t str>>, is_header: bool) -> String {
    let text = text.into().unwrap_or_default();
    let mut lines = String::new();
    let mut blank = is_header;
    for line in text.split('\n') {
        match line.trim() {
            "" => blank |= !lines.is_empty() || text.starts_with('\n'),
            comment => {
                if blank {
                    lines.push('\n');
                }
                lines.push_str(comment);
                lines.push('\n');
                blank = false;
            }
        }
    }
    // The last piece is what stands before the key on its own line, and no blank line.
    let ends_blank = text.ends_with("\n\n") || text == "\n" || lines.is_empty() && blank;
    if ends_blank || is_header && lines.is_empty() {
        lines.push('\n');
    }
    lines
}

/// A comment at the end of a line keeps its distance, for it may stand below another.
fn behind(text: &str) -> String {
    match text.trim_end() {
        "" => String::new(),
        comment if comment.starts_with('#') => format!(" {comment}"),
        comment => comment.replace('\t', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::style;

    #[track_caller]
    fn check(text: &str, styled: &str) {
        let once = style(text).expect("it is TOML");
        assert_eq!(once, styled);
        assert_eq!(style(&once).expect("it is TOML"), once, "twice is once");
    }

    #[test]
    fn blanks_are_put_where_they_belong() {
        check(
            "\n\n[scenario]\n  id=\"a\"\nversion   =   1\n\n\n\ntitle = \"b\"   \n[[client]]\nname='x'\nwill={topic=\"t\",qos=1}\n[[do]]\nwho=[ \"x\",\"y\" , ]\n\n",
            "[scenario]\nid = \"a\"\nversion = 1\n\ntitle = \"b\"\n\n[[client]]\nname = 'x'\nwill = { topic = \"t\", qos = 1 }\n\n[[do]]\nwho = [\"x\", \"y\"]\n",
        );
    }

    #[test]
    fn comments_stay_where_they_are() {
        check(
            "# first\n#:schema x\n\n[scenario] # head\n   # about the id\nid = \"a\"# short\nversion = 1       # of this\n\n  # of the next\n[link]\nlatency = \"1ms\"\n# last\n",
            "# first\n#:schema x\n\n[scenario] # head\n# about the id\nid = \"a\" # short\nversion = 1       # of this\n\n# of the next\n[link]\nlatency = \"1ms\"\n\n# last\n",
        );
    }

    #[test]
    fn a_list_of_several_lines_stays_one() {
        let text = "subscribe = [\n    { filter = \"a\" }, # one\n    { filter = \"b\" },\n]\n";
        check(text, text);
    }

    #[test]
    fn lines_end_in_one_way() {
        check("a = 1\r\nb = \"x\"\r\n", "a = 1\nb = \"x\"\n");
    }
}

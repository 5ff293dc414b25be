//! The manual page of the configuration file, out of the commented defaults.

/// A page of section 5 out of a file whose comments stand before the keys that they are about.
pub(super) fn page(defaults: &str) -> String {
    let mut page = Page::default();
    page.line(concat!(
        ".TH mqttlab-broker 5 \"\" \"mqttlab ",
        env!("CARGO_PKG_VERSION"),
        "\""
    ));
    page.line(".SH NAME");
    page.text("mqttlab-broker - configuration of mqttlab broker");
    page.line(".SH DESCRIPTION");
    page.text("A file in TOML that the option --config names.");
    for block in defaults.split("\n\n") {
        page.block(block);
    }
    page.line(".SH SEE ALSO");
    page.line(".BR mqttlab-broker (1)");
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    /// Comments, and what they are about: a section, keys, or the file.
    fn block(&mut self, block: &str) {
        let (mut words, mut keys): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for line in block.lines() {
            let comment = line.strip_prefix('#').map(str::trim_start);
            if line.starts_with('[') {
                self.section(line, &words);
                words.clear();
            } else if let Some(key) = key(line) {
                keys.push(key);
            } else if let Some(comment) = comment {
                self.entry(&mut words, &mut keys);
                words.push(comment);
            }
        }
        self.entry(&mut words, &mut keys);
        self.text(&words.join(" "));
    }

    fn section(&mut self, name: &str, words: &[&str]) {
        self.line(".SH");
        self.text(name);
        self.text(&words.join(" "));
    }

    /// Keys with the words before them; words without keys wait for more.
    fn entry(&mut self, words: &mut Vec<&str>, keys: &mut Vec<&str>) {
        let mut tag = ".TP";
        for key in keys.iter() {
            self.line(tag);
            self.line(&format!(".B \"{}\"", escaped(key).replace('"', "\\(dq")));
            tag = ".TQ";
        }
        if !keys.is_empty() {
            self.text(&words.join(" "));
            words.clear();
            keys.clear();
        }
    }

    /// Words that are no requests, whatever they begin with.
    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let guard = if text.starts_with(['.', '\'']) {
            "\\&"
        } else {
            ""
        };
        self.line(&format!("{guard}{}", escaped(text)));
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
}

/// A key with its value, as it is or could be.
fn key(line: &str) -> Option<&str> {
    let bare = line.strip_prefix("# ").unwrap_or(line);
    let (name, _) = bare.split_once(" = ")?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (!name.is_empty() && name.chars().all(is_name)).then_some(bare)
}

/// What the formatter would take for something of its own.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::broker::DEFAULT_CONFIG;

    #[test]
    fn keys_stand_with_what_is_said_about_them() {
        let page = page(
            "# Of all.\n\n# Where, or\n# \"off\".\n[http]\n# How many.\na-b = 1\n# c = \"x\"\n# .dot\nd = 2\n",
        );
        let (_, after) = page.split_once(".SH DESCRIPTION\n").expect("it has one");
        let (_, after) = after.split_once('\n').expect("it has a line");
        assert_eq!(
            after,
            "Of all.\n\
             .SH\n[http]\nWhere, or \"off\".\n\
             .TP\n.B \"a\\-b = 1\"\n.TQ\n.B \"c = \\(dqx\\(dq\"\nHow many.\n\
             .TP\n.B \"d = 2\"\n\\&.dot\n\
             .SH SEE ALSO\n.BR mqttlab-broker (1)\n"
        );
    }

    #[test]
    fn every_key_of_the_defaults_is_there() {
        let page = page(DEFAULT_CONFIG);
        let values: toml::Table = toml::from_str(DEFAULT_CONFIG).expect("the defaults are good");
        let tables = values.values().filter_map(toml::Value::as_table);
        for key in tables.flat_map(|table| table.keys()) {
            let tag = format!(".B \"{} = ", key.replace('-', "\\-"));
            assert!(page.contains(&tag), "{key}");
        }
        assert!(page.contains("user\\-name\\-from = "), "{page}");
    }
}

//! Another run: the lesson's scenario with some keys changed.

use toml::{Table, Value};

/// Keys of a scenario that are lists of things with a name.
const NAMED: &str = "name";
/// Steps that are added to the script, in place of taking the place of it.
const MORE: &str = "also";

/// Puts `patch` over `scenario`: tables key by key, lists of named tables by name; any other value takes the place of what
/// was there. `also` adds to `do`.
pub(crate) fn apply(scenario: &mut Table, patch: &Table) {
    for (key, value) in patch {
        match (key.as_str(), value) {
            (MORE, Value::Array(more)) => {
                let script = scenario
                    .entry("do")
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(script) = script {
                    script.extend(more.iter().cloned());
                }
            }
            _ => put(scenario, key, value),
        }
    }
}

fn put(table: &mut Table, key: &str, value: &Value) {
    match (table.get_mut(key), value) {
        (Some(Value::Table(old)), Value::Table(new)) => {
            for (key, value) in new {
                put(old, key, value);
            }
        }
        (Some(Value::Array(old)), Value::Array(new))
            if !new.is_empty() && new.iter().all(|item| name(item).is_some()) =>
        {
            for item in new {
                match (old.iter_mut().find(|known| name(known) == name(item)), item) {
                    (Some(Value::Table(old)), Value::Table(new)) => {
                        for (key, value) in new {
                            put(old, key, value);
                        }
                    }
                    _ => old.push(item.clone()),
                }
            }
        }
        _ => {
            table.insert(key.to_owned(), value.clone());
        }
    }
}

fn name(value: &Value) -> Option<&str> {
    value.as_table()?.get(NAMED)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::apply;

    fn patched(scenario: &str, patch: &str) -> toml::Table {
        let mut scenario = scenario.parse().expect("TOML");
        apply(&mut scenario, &patch.parse().expect("TOML"));
        scenario
    }

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let found = patched(
            "link = { latency = '40ms', loss = '1%' }\nclient = [{ name = 'A', clean = true }, { name = 'B' }]\ndo = [{ at = '0s' }]",
            "link.loss = '20%'\nclient = [{ name = 'A', will = { topic = 't' } }, { name = 'C' }]\nalso = [{ at = '1s' }]",
        );
        let wanted: toml::Table = "link = { latency = '40ms', loss = '20%' }\nclient = [{ name = 'A', clean = true, will = { topic = 't' } }, { name = 'B' }, { name = 'C' }]\ndo = [{ at = '0s' }, { at = '1s' }]"
            .parse()
            .expect("TOML");
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_script_takes_the_place_of_the_one_before() {
        let found = patched(
            "do = [{ at = '0s' }, { at = '1s' }]",
            "do = [{ at = '2s' }]",
        );
        assert_eq!(found["do"].as_array().map(Vec::len), Some(1));
    }
}

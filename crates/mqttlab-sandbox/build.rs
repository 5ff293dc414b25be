//! Makes the tables of the forms from the schema of scenarios: which keys there are, what they are, what they mean. Makes
//! a module of the sandbox's texts.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Where the schema is.
const SCHEMA: &str = "../../www/scenario.schema.json";
/// Keys that only the programs play which are not in a page.
const NOT_HERE: [(&str, &str); 1] = [("Broker", "shards")];
/// Where the texts are.
const TEXTS: &str = "texts";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={SCHEMA}");
    let schema: Value = serde_json::from_str(&fs::read_to_string(SCHEMA)?)?;
    let definitions = schema["definitions"]
        .as_object()
        .ok_or("the schema has definitions")?;
    let mut code = String::new();
    for (name, definition) in definitions {
        if definition.get("properties").is_some() {
            write_table(&mut code, &schema, name, definition)?;
        }
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("tables.rs"), code)?;
    println!("cargo::rerun-if-changed={TEXTS}");
    mqttlab_texts::compile::build("sandbox", Path::new(TEXTS), &out)?;
    Ok(())
}

fn write_table(
    code: &mut String,
    schema: &Value,
    name: &str,
    table: &Value,
) -> Result<(), Box<dyn Error>> {
    let needed: Vec<&str> = table["required"]
        .as_array()
        .map(|keys| keys.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    writeln!(
        code,
        "#[allow(dead_code)]\npub(crate) static {}: Table = Table {{ name: {name:?}, fields: &[",
        constant(name)
    )?;
    let properties = table["properties"].as_object().into_iter().flatten();
    for (key, property) in properties.filter(|(key, _)| !NOT_HERE.contains(&(name, key))) {
        let about = About::of(property["description"].as_str().unwrap_or_default());
        let default = match &property["default"] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        };
        writeln!(
            code,
            "    Field {{ key: {key:?}, about: {:?}, of: &{:?}, is_new: {}, is_needed: {}, default: {default:?}, kind: {} }},",
            about.text,
            about.of,
            about.is_new,
            needed.contains(&key.as_str()),
            kind(schema, property)?,
        )?;
    }
    writeln!(code, "] }};")?;
    Ok(())
}

/// What is said about a key, and for what it is.
struct About {
    text: String,
    /// The acts that take it.
    of: Vec<String>,
    /// It is of 5.0.
    is_new: bool,
}

impl About {
    /// Takes `Of `publish`, 5.0: what it is.` apart.
    fn of(description: &str) -> Self {
        let first = description.split("\n\n").next().unwrap_or_default();
        let mut text = first.replace('\n', " ").replace("`]", "`");
        // Links of the documentation lead nowhere here.
        while let Some((before, rest)) = text.split_once("(crate::") {
            let after = rest.split_once(')').map_or("", |(_, after)| after);
            text = format!("{before}{after}");
        }
        let mut text = text.replace("[`", "`");
        let mut of = Vec::new();
        let mut is_new = false;
        if let Some((acts, rest)) = text.strip_prefix("Of ").and_then(|it| it.split_once(": ")) {
            is_new = acts.ends_with(", 5.0");
            of = acts
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect();
            text = rest.to_owned();
        }
        if let Some(rest) = text.strip_prefix("5.0: ") {
            is_new = true;
            text = rest.to_owned();
        }
        let mut letters = text.chars();
        let text = match letters.next() {
            Some(first) => first.to_uppercase().chain(letters).collect(),
            None => String::new(),
        };
        Self { text, of, is_new }
    }
}

/// The expression for what a key takes.
fn kind(schema: &Value, property: &Value) -> Result<String, Box<dyn Error>> {
    for list in ["allOf", "anyOf"] {
        let choices = property[list].as_array().into_iter().flatten();
        if let Some(name) = choices.filter_map(|it| it["$ref"].as_str()).next() {
            return named(schema, name);
        }
    }
    if let Some(name) = property["$ref"].as_str() {
        return named(schema, name);
    }
    let is = |name: &str| match &property["type"] {
        Value::String(kind) => kind == name,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == name),
        _ => false,
    };
    Ok(if is("boolean") {
        "Kind::Truth".to_owned()
    } else if is("integer") {
        "Kind::Number".to_owned()
    } else if is("string") {
        "Kind::Text".to_owned()
    } else if is("array") {
        let name = property["items"]["$ref"].as_str().map(last);
        let is_table = |name: &&str| schema["definitions"][name].get("properties").is_some();
        match name.filter(is_table) {
            Some(name) => format!("Kind::List(&{})", constant(name)),
            None => "Kind::Texts".to_owned(),
        }
    } else if is("object") && property["additionalProperties"]["type"] == "array" {
        "Kind::Groups".to_owned()
    } else if is("object") {
        "Kind::Passwords".to_owned()
    } else {
        return Err(format!("no field for {property}").into());
    })
}

fn named(schema: &Value, reference: &str) -> Result<String, Box<dyn Error>> {
    let name = last(reference);
    let definition = &schema["definitions"][name];
    if definition.get("properties").is_some() {
        return Ok(format!("Kind::Table(&{})", constant(name)));
    }
    if let Some(names) = definition["enum"].as_array() {
        let choices: Vec<(&str, String)> = names
            .iter()
            .filter_map(Value::as_str)
            .map(|name| (name, String::new()))
            .collect();
        return Ok(format!("Kind::Choice(&{choices:?})"));
    }
    if let Some(choices) = definition["oneOf"].as_array() {
        let choices: Vec<(&str, String)> = choices
            .iter()
            .filter_map(|it| {
                let about = About::of(it["description"].as_str().unwrap_or_default());
                Some((it["const"].as_str()?, about.text))
            })
            .collect();
        return Ok(format!("Kind::Choice(&{choices:?})"));
    }
    Ok(match name {
        "Span" | "Rate" | "Share" | "Size" => "Kind::Text".to_owned(),
        "QoS" => "Kind::QoS".to_owned(),
        "Names" => "Kind::Names".to_owned(),
        _ => return Err(format!("no field for {name}").into()),
    })
}

fn last(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// `ClientBugs` as `CLIENT_BUGS`.
fn constant(name: &str) -> String {
    let mut constant = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_uppercase() {
            constant.push('_');
        }
        constant.push(letter.to_ascii_uppercase());
    }
    constant
}

//! The form of scenarios for editors and validators: JSON Schema.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::raw;

/// Where the schema is found beside the page.
pub const FILE: &str = "scenario.schema.json";

/// The JSON Schema (draft 7, which editors of TOML know) of a scenario's text, indented.
///
/// It says which keys there are, what they mean and which values they take; that names exist and numbers fit together
/// is for [`Scenario::parse`](super::Scenario::parse).
///
/// # Panics
/// Never: a schema has a form in JSON.
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<raw::Document>();
    schema.insert("title".to_owned(), "Scenario of MQTT Lab".into());
    let json = serde_json::to_string_pretty(&schema);
    json.expect("a schema has a form in JSON") + "\n"
}

/// Texts with a form of their own.
macro_rules! texts {
    ($($(#[doc = $about:literal])+ $name:ident = $pattern:literal;)+) => {$(
        $(#[doc = $about])+
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "description": concat!($($about),+).trim_start(),
                    "pattern": $pattern,
                })
            }
        }
    )+};
}

texts! {
    /// A span of time: a number and a unit, such as `250ms`, `1.5s` or `5m`.
    Span = r"^\s*([0-9]+(\.[0-9]+)?|\.[0-9]+)\s*(us|µs|ms|s|m|min|h|d)$";
    /// Bits a second: `250 kbit/s`, `2 Mbit/s`.
    Rate = r"^\s*[0-9.]+\s*(bit/s|kbit/s|Mbit/s|Gbit/s)\s*$";
    /// A share: `2%`, `0.5%`.
    Share = r"^\s*[0-9.]+\s*%\s*$";
    /// A size: `1460 B`, `64 KiB`.
    Size = r"^\s*[0-9.]+\s*(B|KiB|MiB)\s*$";
}

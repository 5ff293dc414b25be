//! The statements, read from the lines of the core's table.

use anyhow::{Result, ensure};

/// A normative statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its name in the code: `V311_3_1_0_1`.
    pub(super) variant: String,
    /// `3.1.1` or `5.0`.
    pub(super) standard: &'static str,
    /// The id that the standard prints.
    pub(super) id: String,
    pub(super) summary: String,
}

/// All statements, in the order of the table.
///
/// # Errors
/// When there are none, which is to say that the table looks otherwise by now.
pub(super) fn statements(text: &str) -> Result<Vec<Statement>> {
    let statements: Vec<_> = text.lines().filter_map(statement).collect();
    ensure!(
        !statements.is_empty(),
        "there are no statements in the table"
    );
    Ok(statements)
}

/// `VARIANT VERSION "ID" BINDS "SUMMARY";`
fn statement(line: &str) -> Option<Statement> {
    let (variant, rest) = line.trim().split_once(' ')?;
    let (_, rest) = rest.split_once(" \"")?;
    let (id, rest) = rest.split_once("\" ")?;
    let (_, summary) = rest.split_once(" \"")?;
    let standard = if variant.starts_with("V311_") {
        "3.1.1"
    } else if variant.starts_with("V5_") {
        "5.0"
    } else {
        return None;
    };
    Some(Statement {
        variant: variant.to_owned(),
        standard,
        id: id.to_owned(),
        summary: summary.strip_suffix("\";")?.replace("\\\"", "\""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_table_are_statements_and_others_are_not() {
        let text = "clauses! {\n    V5_6_0_0_3 V5 \"MQTT-6.0.0-3\" Client \"A client offers \\\"mqtt\\\".\";\n}\n";
        let expected = Statement {
            variant: "V5_6_0_0_3".to_owned(),
            standard: "5.0",
            id: "MQTT-6.0.0-3".to_owned(),
            summary: "A client offers \"mqtt\".".to_owned(),
        };
        assert_eq!(statements(text).expect("there is one"), [expected]);
        assert!(statements("nothing").is_err());
    }
}

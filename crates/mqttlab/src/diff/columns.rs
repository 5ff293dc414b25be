//! The two runs in two columns: what is alike stands side by side.

use mqttlab_sim::export::ladder;
use mqttlab_sim::view::{EventKind, Fate, Micros};
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::Run;
use crate::output::has_colours;

/// Rows that are the same around those that differ.
const CONTEXT: usize = 3;
const WIDTH_MIN: usize = 80;
const WIDTH_DEFAULT: usize = 160;

/// How the two sides of a row go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum How {
    /// The same at the same time.
    Same,
    /// The same at another time, or with another fate.
    Moved,
    OnlyA,
    OnlyB,
}

/// One side of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Cell {
    at: Micros,
    text: String,
    /// Where it is a packet: what became of it.
    fate: Option<Fate>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    how: How,
    a: Option<Cell>,
    b: Option<Cell>,
}

/// What stands side by side.
pub(super) fn rows(a: &Run, b: &Run, shown: ladder::Options) -> Vec<Row> {
    let (a, b) = (cells(a, shown), cells(b, shown));
    let texts =
        |cells: &[Cell]| -> Vec<String> { cells.iter().map(|cell| cell.text.clone()).collect() };
    let operations = capture_diff_slices(Algorithm::Myers, &texts(&a), &texts(&b));
    let mut rows = Vec::new();
    for operation in operations {
        match operation {
            DiffOp::Equal {
                old_index,
                new_index,
                len,
            } => rows.extend((0..len).map(|offset| {
                let (a, b) = (a[old_index + offset].clone(), b[new_index + offset].clone());
                let how = if a == b { How::Same } else { How::Moved };
                row(how, Some(a), Some(b))
            })),
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                let only_a = a[operation.old_range()].iter().cloned();
                let only_b = b[operation.new_range()].iter().cloned();
                rows.extend(only_a.map(|cell| row(How::OnlyA, Some(cell), None)));
                rows.extend(only_b.map(|cell| row(How::OnlyB, None, Some(cell))));
            }
        }
    }
    rows
}

fn row(how: How, a: Option<Cell>, b: Option<Cell>) -> Row {
    Row { how, a, b }
}

/// The packets, disturbances and messages of a run.
fn cells(run: &Run, shown: ladder::Options) -> Vec<Cell> {
    let name = |id: u32| {
        let name = run.participants.get(id as usize);
        name.map_or("?", String::as_str)
    };
    let cell = |event: &mqttlab_sim::view::Event| {
        let flight = event.flight.and_then(|id| run.flights.get(id as usize));
        let (text, fate) = match (event.kind, flight) {
            (EventKind::Sent, Some(flight)) => {
                if !shown.shows(flight) {
                    return None;
                }
                let (from, to) = (name(flight.from), name(flight.to));
                let text = format!("{from} ─► {to}  {} {}", flight.name, flight.summary);
                (text.trim_end().to_owned(), Some(flight.fate))
            }
            (EventKind::Fault, _) => (format!("✂ {}", event.text), None),
            (EventKind::Application, _) => (event.text.clone(), None),
            (
                EventKind::Sent
                | EventKind::Action
                | EventKind::Arrived
                | EventKind::Connection
                | EventKind::Timer
                | EventKind::Decision,
                _,
            ) => return None,
        };
        let at = event.at;
        Some(Cell { at, text, fate })
    };
    run.events.iter().filter_map(cell).collect()
}

/// Both columns, as wide as the terminal.
pub(super) fn draw(heads: &[String; 2], rows: &[Row], all: bool) -> String {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = terminal.unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN);
    let column = (width - 3) / 2;
    let mut text = format!("{} │ {}\n", fit(&heads[0], column), heads[1]);
    text += &format!("{:─<column$}─┼─{:─<column$}\n", "", "");
    let near = |index: usize| {
        let around = index.saturating_sub(CONTEXT)..(index + CONTEXT + 1).min(rows.len());
        rows[around].iter().any(|row| row.how != How::Same)
    };
    let mut left_out = 0;
    for (index, row) in rows.iter().enumerate() {
        if !all && !near(index) {
            left_out += 1;
            continue;
        }
        text += &gap(left_out);
        left_out = 0;
        text += &draw_row(row, column);
    }
    text + &gap(left_out)
}

fn gap(left_out: usize) -> String {
    match left_out {
        0 => String::new(),
        rows => format!("  ⋮ {rows} alike\n"),
    }
}

fn draw_row(row: &Row, column: usize) -> String {
    let cell = |cell: &Option<Cell>| {
        let text = cell.as_ref().map_or(String::new(), |cell| {
            let fate = match cell.fate {
                Some(Fate::Lost) => " ╳",
                Some(Fate::Travelling) => " …",
                Some(Fate::Arrived) | None => "",
            };
            format!("{:>12} {}{fate}", seconds(cell.at), cell.text)
        });
        fit(&text, column)
    };
    let (mark, colour) = match row.how {
        How::Same => ('│', None),
        How::Moved => ('~', Some("33")),
        How::OnlyA => ('<', Some("31")),
        How::OnlyB => ('>', Some("32")),
    };
    let line = format!("{} {mark} {}", cell(&row.a), cell(&row.b));
    let line = line.trim_end();
    match colour {
        Some(colour) if has_colours() => format!("\x1b[{colour}m{line}\x1b[0m\n"),
        Some(_) | None => format!("{line}\n"),
    }
}

/// Exactly so many columns: cut off or filled up.
fn fit(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return format!("{text:<columns$}");
    }
    let begin: String = text.chars().take(columns - 1).collect();
    begin + "…"
}

pub(super) fn seconds(at: Micros) -> String {
    format!("{}.{:06}", at / 1_000_000, at % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn a_column_is_as_wide_as_it_should_be() {
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(fit("abcde", 4), "abc…");
        assert_eq!(fit("─►─►─", 5), "─►─►─");
    }
}

//! `mqttlab run --why-not`: who got a message and who did not, and why.

use mqttlab_sim::delivery::{DeliveryRow, DeliveryTable, Outcome, Reach};
use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::duration;
use mqttlab_sim::view::{Micros, ParticipantId};
use serde::Serialize;

use crate::Failure;
use crate::output::json;

/// One message, for machines.
#[derive(Serialize)]
struct Told<'a> {
    /// From 1, in the order in which messages came to the broker; those that did not come are at the end.
    number: usize,
    /// When it was published.
    published_at: Option<Micros>,
    /// The name of its publisher.
    from: &'a str,
    #[serde(flatten)]
    table: &'a DeliveryTable,
}

/// Which messages, and for whom.
#[derive(Default)]
struct Asked<'a> {
    number: Option<usize>,
    topic: Option<&'a str>,
    client: Option<ParticipantId>,
}

/// The delivery tables of what was asked for: a message by number or topic, a client by name, or both.
///
/// # Errors
/// When there is no such message or no such client.
pub(crate) fn tell(
    recording: &Recording,
    asked: &[String],
    for_machines: bool,
) -> Result<String, Failure> {
    let mut tables: Vec<(usize, DeliveryTable)> = (1..).zip(recording.deliveries()).collect();
    let asked = understand(recording, &tables, asked)?;
    tables.retain(|(number, table)| {
        asked.number.is_none_or(|wanted| wanted == *number)
            && asked.topic.is_none_or(|topic| topic == table.topic)
    });
    if let Some(client) = asked.client {
        for (_, table) in &mut tables {
            table.rows.retain(|row| row.client == client);
        }
    }
    if for_machines {
        let told = tables.iter().map(|(number, table)| Told {
            number: *number,
            published_at: published_at(recording, table),
            from: recording.scenario().name(table.publisher),
            table,
        });
        return json(&told.collect::<Vec<_>>());
    }
    if tables.is_empty() {
        return Ok("nothing was published\n".to_owned());
    }
    let texts = tables
        .iter()
        .map(|(number, table)| words(recording, *number, table));
    Ok(texts.collect::<Vec<_>>().join("\n"))
}

fn understand<'a>(
    recording: &Recording,
    tables: &[(usize, DeliveryTable)],
    asked: &'a [String],
) -> Result<Asked<'a>, Failure> {
    let scenario = recording.scenario();
    let client = |name: &str| scenario.participant(name).filter(|id| *id > 0);
    let clients = || scenario.clients.iter().map(|client| client.name.as_str());
    let mut understood = Asked::default();
    let Some(first) = asked.first() else {
        return Ok(understood);
    };
    let number = first.trim_start_matches('#').parse().ok();
    let is_topic = tables.iter().any(|(_, table)| table.topic == *first);
    match (number, client(first)) {
        (Some(number), _) if (1..=tables.len()).contains(&number) => {
            understood.number = Some(number);
        }
        _ if is_topic => understood.topic = Some(first),
        (_, Some(client)) if asked.len() == 1 => understood.client = Some(client),
        (Some(number), _) => {
            let count = tables.len();
            let message = format!("there is no message {number}: {count} were published");
            return Err(Failure::usage(message));
        }
        (None, _) => {
            let topics = tables.iter().map(|(_, table)| table.topic.as_str());
            let message = format!("nothing was published to `{first}`, and no client is called so");
            return Err(did_you_mean(message, first, topics.chain(clients())));
        }
    }
    if let Some(name) = asked.get(1) {
        let found = client(name);
        understood.client = Some(found.ok_or_else(|| {
            did_you_mean(format!("no client is called `{name}`"), name, clients())
        })?);
    }
    Ok(understood)
}

fn did_you_mean<'a>(message: String, said: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let likeness = |known: &&str| strsim::damerau_levenshtein(said, known);
    match known.min_by_key(likeness) {
        Some(nearest) if likeness(&nearest) <= said.len().div_ceil(2) => {
            Failure::usage(format!("{message}; did you mean `{nearest}`?"))
        }
        Some(_) | None => Failure::usage(message),
    }
}

/// When somebody sent it, or when the broker made it up.
fn published_at(recording: &Recording, table: &DeliveryTable) -> Option<Micros> {
    let flight = table
        .flight
        .and_then(|id| recording.flights().get(id as usize));
    let event = table
        .event
        .and_then(|id| recording.events().get(id as usize));
    flight.map(|it| it.sent_at).or(event.map(|it| it.at))
}

/// The table of one message.
fn words(recording: &Recording, number: usize, table: &DeliveryTable) -> String {
    let from = recording.scenario().name(table.publisher);
    let at = published_at(recording, table)
        .map_or_else(String::new, |at| format!(" at {}", duration::words(at)));
    let flight = table
        .flight
        .and_then(|id| recording.flights().get(id as usize));
    let what = match flight {
        Some(flight) => flight.summary.clone(),
        None if table.publisher == 0 => format!("{} (of its own)", table.topic),
        None => format!("{} (will)", table.topic),
    };
    let mut text = format!("#{number}  {what} from {from}{at}{}\n", reach(table.reach));
    let may_come = match table.reach {
        Reach::Taken | Reach::OnItsWay | Reach::Waits => true,
        Reach::Lost | Reach::Unread | Reach::Repeated | Reach::Refused { .. } => false,
    };
    for row in &table.rows {
        text += &format!("  {}  {}\n", mark(row, may_come), row.text);
    }
    if table.rows.is_empty() {
        text += "  there is nobody else\n";
    }
    text
}

fn reach(reach: Reach) -> String {
    match reach {
        Reach::Taken => String::new(),
        Reach::OnItsWay => ": on its way to the broker".to_owned(),
        Reach::Waits => ": held back on the way to the broker".to_owned(),
        Reach::Lost => ": lost on the way to the broker".to_owned(),
        Reach::Unread => ": the broker did not look at it".to_owned(),
        Reach::Repeated => ": the broker knew it already".to_owned(),
        Reach::Refused { because } => format!(": refused by the broker, {because}"),
    }
}

/// Whether the client has it, may still get it, gets it otherwise, or does not.
fn mark(row: &DeliveryRow, may_come: bool) -> &'static str {
    if row.outcome.is_delivered() {
        "yes"
    } else if row.outcome.is_open() && may_come {
        "..."
    } else if matches!(row.outcome, Outcome::Merged | Outcome::Publisher) {
        " - "
    } else {
        "no "
    }
}

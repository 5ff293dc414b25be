//! What happens, and what must come of it.

use std::collections::BTreeSet;

use toml_edit::{Table as NewTable, value as item};
use yew::{Event, Html, html};

use super::fields::{Form, field};
use super::forms::{Card, card};
use crate::app::{Ask, Told};
use crate::edit::{self, Edit, Path};
use crate::packets::{PACKETS, says};
use crate::platform::value;
use crate::say::{self, Text};
use crate::tables::{DO, EXPECT, Field, Kind};
use crate::words;

/// The steps, each a card.
pub(crate) fn steps(form: Form<'_>, open: &BTreeSet<String>) -> Html {
    let list = Path::of("do");
    let count = edit::count(form.root, &list);
    let step = |at: usize| {
        let path = list.to(at);
        let who = edit::texts(form.root, &path.to("who")).join(", ");
        let act = form.text(&path.to("act"));
        let what = [
            form.text(&path.to("topic")),
            form.text(&path.to("filter")),
            form.text(&path.to("payload")),
        ];
        let what = what.join(" ");
        let says = format!(
            "{}: {} {}",
            who,
            words::act(&act),
            what.split_whitespace().collect::<Vec<_>>().join(" ")
        );
        card(
            form,
            open,
            Card {
                list: &list,
                at,
                count,
                name: &form.text(&path.to("at")),
                about: &says,
                noun: "step",
                can_move: false,
            },
            step_form(form, &path),
        )
    };
    let first = form.names.get(1).cloned();
    let next = next_second(form, &list, count);
    let add = {
        let (list, path) = (list.clone(), list.to(count));
        form.link.callback(move |_| {
            let mut new = NewTable::new();
            new["at"] = item(next.as_str());
            new["who"] = item(first.as_deref().unwrap_or("broker"));
            new["act"] = item("publish");
            new["topic"] = item("news");
            new["payload"] = item("hello");
            let edits = vec![Edit::Append(list.clone(), new)];
            Told::EditAndGo(edits, path.id(), path.to("at").id())
        })
    };
    html! {
        <>
            <ul class="sb-cards">{ for (0..count).map(step) }</ul>
            <button type="button" class="ghost" data-testid="add-step" onclick={add}>{ say::ADD_STEP }</button>
        </>
    }
}

/// A second after the last step.
fn next_second(form: Form<'_>, list: &Path, count: usize) -> String {
    let times = (0..count).filter_map(|at| {
        let text = form.text(&list.to(at).to("at"));
        mqttlab_sim::scenario::duration::parse(&text).ok()
    });
    match times.max() {
        Some(last) => format!("{}s", last / 1_000_000 + 1),
        None => "1s".to_owned(),
    }
}

/// Only what the chosen act takes.
fn step_form(form: Form<'_>, path: &Path) -> Html {
    let act = form.text(&path.to("act"));
    let is_shown = |key: &&&str| {
        DO.field(key).is_some_and(|field| {
            let is_known = form.is_new || !field.is_new;
            let is_set = form.has(&path.to(field.key));
            field.of.is_empty() || is_set || is_known && field.of.contains(&act.as_str())
        })
    };
    let draw = |key: &&str| match (*key, DO.field(key)) {
        ("act", Some(of)) => act_field(form, of, path),
        ("bytes", Some(of)) => bytes(form, of, path),
        (_, Some(of)) => field(form, &DO, of, path),
        (_, None) => Html::default(),
    };
    html! { <div class="sb-fields">{ for words::front(&DO).iter().filter(is_shown).map(draw) }</div> }
}

/// Another act takes other keys: those of the one before go, and what it cannot be without comes.
fn act_field(form: Form<'_>, of: &'static Field, parent: &Path) -> Html {
    let path = parent.to("act");
    let (id, act) = (path.id(), form.text(&path));
    let Kind::Choice(choices) = of.kind else {
        return Html::default();
    };
    let place = parent.clone();
    let known: Vec<&'static str> = ["topic", "filter", "bytes"]
        .into_iter()
        .filter(|key| form.has(&parent.to(*key)))
        .collect();
    let onchange = form.on(move |event: &Event| {
        let act = value(event);
        let mut edits = vec![Edit::Put(place.to("act"), act.as_str().into())];
        for field in DO.fields.iter().filter(|field| !field.of.is_empty()) {
            if !field.of.contains(&act.as_str()) {
                edits.push(Edit::Remove(place.to(field.key)));
                continue;
            }
            let sane = match field.key {
                "topic" => "news",
                "filter" => "#",
                "bytes" => "c0 00",
                _ => continue,
            };
            if !known.contains(&field.key) {
                edits.push(Edit::Put(place.to(field.key), sane.into()));
            }
        }
        edits
    });
    let option = |(name, _): &(&'static str, &'static str)| {
        html! { <option value={*name} selected={*name == act}>{ *name }</option> }
    };
    html! {
        <div class="sb-field" key={id.clone()}>
            <label for={id.clone()}>{ say::KEY_ACT }</label>
            <select id={id.clone()} aria-describedby={format!("{id}-help")} {onchange}>{ for choices.iter().map(option) }</select>
            <p class="sb-help" id={format!("{id}-help")}>{ words::act(&act) }</p>
        </div>
    }
}

/// Bytes by hand, from nothing, from a packet of each kind, or from the one that is selected in the picture.
fn bytes(form: Form<'_>, of: &'static Field, parent: &Path) -> Html {
    let path = parent.to("bytes");
    let (id, text) = (path.id(), form.text(&path));
    let place = path.clone();
    let onchange = form.on(move |event: &Event| {
        let text = value(event);
        vec![Edit::Put(place.clone(), text.trim().into())]
    });
    let place = path.clone();
    let start = form.on(move |event: &Event| {
        let packet = PACKETS.iter().find(|(name, _)| *name == value(event));
        packet
            .map(|(_, bytes)| Edit::Put(place.clone(), (*bytes).into()))
            .into_iter()
            .collect()
    });
    let place = path.clone();
    let copy = form
        .link
        .callback(move |_| Told::Ask(Ask::Packet(place.clone())));
    let packet = |(name, _): &(&'static str, &'static str)| {
        html! { <option value={*name}>{ *name }</option> }
    };
    html! {
        <div class="sb-field sb-wide" key={id.clone()}>
            <label for={id.clone()}>{ say::KEY_BYTES }</label>
            <textarea id={id.clone()} class="mono" rows="3" spellcheck="false" placeholder={words::placeholder(&DO, of)} aria-describedby={format!("{id}-says")} value={text.clone()} {onchange} />
            <p class="sb-help sb-always" role="status" id={format!("{id}-says")}>{ says(&text) }</p>
            <div class="sandbox-tools">
                <select aria-label={say::BYTES_PACKET} onchange={start}>
                    <option value="">{ say::BYTES_PACKET_FIRST }</option>
                    { for PACKETS.iter().map(packet) }
                </select>
                <button type="button" class="ghost small" onclick={copy}>{ say::BYTES_COPY }</button>
            </div>
        </div>
    }
}

/// The kinds of expectations.
const KINDS: [(&str, Text); 4] = [
    ("eventually", say::EXPECT_EVENTUALLY),
    ("always", say::EXPECT_ALWAYS),
    ("never", say::EXPECT_NEVER),
    ("count", say::EXPECT_COUNT),
];

/// The expectations, each a card.
pub(crate) fn expectations(form: Form<'_>, open: &BTreeSet<String>) -> Html {
    let list = Path::of("expect");
    let count = edit::count(form.root, &list);
    let expectation = |at: usize| {
        let path = list.to(at);
        let kind = kind_of(form, &path);
        card(
            form,
            open,
            Card {
                list: &list,
                at,
                count,
                name: kind,
                about: &form.text(&path.to(kind)),
                noun: "expectation",
                can_move: false,
            },
            expectation_form(form, &path, kind),
        )
    };
    let name = form.names.get(1).cloned().unwrap_or_default();
    let add = {
        let (list, path) = (list.clone(), list.to(count));
        form.link.callback(move |_| {
            let mut new = NewTable::new();
            let condition = match name.as_str() {
                "" => "now >= 1s".to_owned(),
                name => format!("connected(\"{name}\")"),
            };
            new["eventually"] = item(edit::literal(&condition));
            let edits = vec![Edit::Append(list.clone(), new)];
            Told::EditAndGo(edits, path.id(), format!("{}-kind", path.id()))
        })
    };
    html! {
        <>
            <ul class="sb-cards">{ for (0..count).map(expectation) }</ul>
            <button type="button" class="ghost" data-testid="add-expectation" onclick={add}>{ say::ADD_EXPECTATION }</button>
        </>
    }
}

fn kind_of(form: Form<'_>, path: &Path) -> &'static str {
    let mut kinds = KINDS.iter().map(|(kind, _)| *kind);
    kinds
        .find(|kind| form.has(&path.to(*kind)))
        .unwrap_or("eventually")
}

fn expectation_form(form: Form<'_>, path: &Path, kind: &'static str) -> Html {
    let id = format!("{}-kind", path.id());
    let (place, condition) = (path.clone(), form.text(&path.to(kind)));
    let onchange = form.on(move |event: &Event| {
        let new = value(event);
        let Some((new, _)) = KINDS.iter().find(|(kind, _)| *kind == new) else {
            return Vec::new();
        };
        vec![
            Edit::Put(place.to(*new), edit::literal(&condition)),
            Edit::Remove(place.to(kind)),
        ]
    });
    let option = |(name, says): &(&'static str, Text)| {
        html! { <option value={*name} selected={*name == kind}>{ *says }</option> }
    };
    let keys: &[&str] = match kind {
        "count" => &["count", "is", "min", "max", "because"],
        "always" => &["always", "from", "by", "because"],
        "never" => &["never", "from", "by", "because"],
        _ => &["eventually", "from", "by", "because"],
    };
    let fields = keys.iter().filter_map(|key| EXPECT.field(key));
    html! {
        <div class="sb-fields">
            <div class="sb-field">
                <label for={id.clone()}>{ say::EXPECT_HOLDS }</label>
                <select {id} {onchange}>{ for KINDS.iter().map(option) }</select>
            </div>
            { for fields.map(|of| field(form, &EXPECT, of, path)) }
            <p class="sb-help sb-always sb-wide">{ say::EXPECT_CONDITIONS }</p>
        </div>
    }
}

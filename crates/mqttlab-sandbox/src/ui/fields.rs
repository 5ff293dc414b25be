//! A field for each key, as its kind asks for.

use toml_edit::{InlineTable, Item, Value};
use yew::html::Scope;
use yew::{Callback, Event, Html, html};

use super::lists;
use crate::app::{App, Told};
use crate::edit::{self, Edit, Path, Step};
use crate::platform::{is_ticked, value};
use crate::say::{self, Text};
use crate::tables::{Field, Kind, Table};
use crate::words;

/// What all fields of a form share.
#[derive(Clone, Copy)]
pub(crate) struct Form<'a> {
    pub(crate) link: &'a Scope<App>,
    pub(crate) root: &'a Item,
    /// Who takes part: the broker, the clients, the groups.
    pub(crate) names: &'a [String],
    /// The client, or all of it, speaks 5.0.
    pub(crate) is_new: bool,
}

impl Form<'_> {
    pub(crate) fn text(&self, path: &Path) -> String {
        edit::text(self.root, path).unwrap_or_default()
    }

    pub(crate) fn has(&self, path: &Path) -> bool {
        edit::find(self.root, path).is_some()
    }

    /// Makes changes with what an event's field holds.
    pub(crate) fn on(&self, change: impl Fn(&Event) -> Vec<Edit> + 'static) -> Callback<Event> {
        self.link
            .callback(move |event: Event| Told::Edit(change(&event)))
    }
}

/// All keys of a table: first what is used most.
pub(crate) fn table(form: Form<'_>, table: &'static Table, path: &Path) -> Html {
    let front = words::front(table);
    let shown = |field: &&Field| {
        let is_known = form.is_new || !field.is_new || form.has(&path.to(field.key));
        is_known && !words::is_hidden(table, field.key)
    };
    let draw = |item: &'static Field| field(form, table, item, path);
    if front.is_empty() {
        let all = table.fields.iter().filter(shown);
        return html! { <div class="sb-fields">{ for all.map(draw) }</div> };
    }
    let first = front.iter().filter_map(|key| table.field(key));
    let rest: Vec<&'static Field> = table
        .fields
        .iter()
        .filter(shown)
        .filter(|field| !front.contains(&field.key))
        .collect();
    let set = rest
        .iter()
        .filter(|field| form.has(&path.to(field.key)))
        .count();
    html! {
        <>
            <div class="sb-fields">{ for first.filter(shown).map(draw) }</div>
            if !rest.is_empty() {
                <details class="sb-more">
                    <summary>{ say::MORE }{ count(set) }</summary>
                    <div class="sb-fields">{ for rest.into_iter().map(draw) }</div>
                </details>
            }
        </>
    }
}

/// How many of what is folded away is set.
fn count(set: usize) -> Html {
    match set {
        0 => Html::default(),
        set => html! { <span class="muted small">{ " " }{ say::more_set(set) }</span> },
    }
}

/// A field for `path.key`.
pub(crate) fn field(
    form: Form<'_>,
    table: &'static Table,
    field: &'static Field,
    parent: &Path,
) -> Html {
    let path = parent.to(field.key);
    let (id, label) = (path.id(), words::label(table, field, form.is_new));
    let control = match field.kind {
        Kind::Truth => return truth(form, field, &path, &label),
        Kind::Table(inner) => return nested(form, field, inner, &path, &label),
        Kind::List(inner) => return lists::list(form, inner, &path, &label, field.about),
        Kind::Names => return lists::names(form, &path, &label),
        Kind::Text | Kind::Number => line(form, table, field, &path),
        Kind::QoS => qos(form, field, &path),
        Kind::Choice(choices) => choice(form, field, choices, &path),
        Kind::Texts | Kind::Passwords | Kind::Groups => lists::lines(form, field.kind, &path),
    };
    let about = about_of(field, &form.text(&path));
    html! {
        <div class={if words::is_wide(field.key) { "sb-field sb-wide" } else { "sb-field" }} key={id.clone()}>
            <label for={id.clone()} title={about.clone()}>{ label }</label>
            { control }
            <p class="sb-help" id={format!("{id}-help")}>{ about }</p>
        </div>
    }
}

/// What the key means; for a choice, what the chosen word means too.
fn about_of(field: &Field, value: &str) -> String {
    let Kind::Choice(choices) = field.kind else {
        return field.about.to_owned();
    };
    let value = if value.is_empty() {
        field.default
    } else {
        value
    };
    let chosen = choices.iter().find(|(name, _)| *name == value);
    match chosen {
        Some((name, about)) if !about.is_empty() => format!("{} {name}: {about}", field.about),
        Some(_) | None => field.about.to_owned(),
    }
}

/// The change for a text that was entered; nothing entered is nothing said.
fn entered(field: &Field, path: &Path, text: &str) -> Edit {
    let text = text.trim();
    if text.is_empty() && !field.is_needed {
        return Edit::Remove(path.clone());
    }
    let value = match field.kind {
        Kind::Number | Kind::QoS => match text.parse::<i64>() {
            Ok(number) => number.into(),
            // It is said what is wrong with it.
            Err(_) => text.into(),
        },
        Kind::Truth
        | Kind::Text
        | Kind::Choice(_)
        | Kind::Names
        | Kind::Texts
        | Kind::Passwords
        | Kind::Groups
        | Kind::Table(_)
        | Kind::List(_) => edit::literal(text),
    };
    if text == field.default && !field.is_needed {
        return Edit::Remove(path.clone());
    }
    Edit::Put(path.clone(), value)
}

fn line(form: Form<'_>, table: &'static Table, field: &'static Field, path: &Path) -> Html {
    let id = path.id();
    let is_client_name = (table.name, field.key) == ("Client", "name");
    let place = path.clone();
    let onchange = form.on(move |event| {
        let text = value(event);
        match place.0.get(1) {
            Some(Step::At(client)) if is_client_name => {
                vec![Edit::Rename(*client, text.trim().to_owned())]
            }
            _ => vec![entered(field, &place, &text)],
        }
    });
    let numeric = matches!(field.kind, Kind::Number);
    html! {
        <input
            type="text"
            id={id.clone()}
            inputmode={numeric.then_some("numeric")}
            autocapitalize="off"
            spellcheck="false"
            aria-describedby={format!("{id}-help")}
            required={field.is_needed}
            placeholder={words::placeholder(table, field)}
            value={form.text(path)}
            {onchange}
        />
    }
}

fn truth(form: Form<'_>, field: &'static Field, path: &Path, label: &str) -> Html {
    let id = path.id();
    let is_default = field.default == "true";
    let checked = match form.text(path).as_str() {
        "" => is_default,
        text => text == "true",
    };
    let place = path.clone();
    let onchange = form.on(move |event| {
        let ticked = is_ticked(event);
        vec![if ticked == is_default {
            Edit::Remove(place.clone())
        } else {
            Edit::Put(place.clone(), ticked.into())
        }]
    });
    html! {
        <div class="sb-field sb-truth" key={id.clone()}>
            <label><input type="checkbox" id={id.clone()} {checked} aria-describedby={format!("{id}-help")} {onchange} />{ label }</label>
            <p class="sb-help" id={format!("{id}-help")}>{ field.about }</p>
        </div>
    }
}

fn qos(form: Form<'_>, field: &'static Field, path: &Path) -> Html {
    const LEVELS: [(&str, Text); 3] = [("0", say::QOS_0), ("1", say::QOS_1), ("2", say::QOS_2)];
    let default = match field.default {
        "" => "0",
        default => default,
    };
    let text = form.text(path);
    let chosen = if text.is_empty() { default } else { &text };
    let (id, place) = (path.id(), path.clone());
    let onchange = form.on(move |event| {
        let text = value(event);
        vec![if text == default {
            Edit::Remove(place.clone())
        } else {
            entered(field, &place, &text)
        }]
    });
    let level = |(level, says): &(&'static str, Text)| {
        html! { <option value={*level} selected={*level == chosen}>{ *says }</option> }
    };
    html! {
        <select id={id.clone()} aria-describedby={format!("{id}-help")} {onchange}>{ for LEVELS.iter().map(level) }</select>
    }
}

fn choice(
    form: Form<'_>,
    field: &'static Field,
    choices: &'static [(&'static str, &'static str)],
    path: &Path,
) -> Html {
    let text = form.text(path);
    let chosen = if text.is_empty() {
        field.default
    } else {
        &text
    };
    let (id, place) = (path.id(), path.clone());
    let onchange = form.on(move |event| vec![entered(field, &place, &value(event))]);
    let is_known = choices.iter().any(|(name, _)| *name == chosen);
    let option = |(name, _): &(&'static str, &'static str)| {
        html! { <option value={*name} selected={*name == chosen}>{ *name }</option> }
    };
    html! {
        <select id={id.clone()} aria-describedby={format!("{id}-help")} {onchange}>
            if field.default.is_empty() && !field.is_needed {
                <option value="" selected={chosen.is_empty()}>{ say::CHOICE_USUAL }</option>
            }
            { for choices.iter().map(option) }
            if !is_known && !chosen.is_empty() {
                <option value={chosen.to_owned()} selected=true>{ chosen.to_owned() }</option>
            }
        </select>
    }
}

/// A table within a table: one that needs keys is there or not, others are only folded.
fn nested(
    form: Form<'_>,
    field: &'static Field,
    table_of: &'static Table,
    path: &Path,
    label: &str,
) -> Html {
    let is_there = form.has(path);
    if !table_of.fields.iter().any(|field| field.is_needed) {
        let set = edit::keys(form.root, path).len();
        return html! {
            <details class="sb-more sb-wide" key={path.id()}>
                <summary>{ label }{ count(set) }</summary>
                <p class="sb-help sb-always">{ field.about }</p>
                { table(form, table_of, path) }
            </details>
        };
    }
    let (id, place, key) = (path.id(), path.clone(), field.key);
    let owner = path.0[..path.0.len() - 1].to_vec();
    let owner = form.text(&Path(owner).to("name"));
    let onchange = form.on(move |event| {
        vec![if is_ticked(event) {
            Edit::Put(place.clone(), sane(key, &owner))
        } else {
            Edit::Remove(place.clone())
        }]
    });
    html! {
        <fieldset class="sb-nested sb-wide" key={id.clone()}>
            <legend class="hidden-visually">{ label }</legend>
            <label class="sb-switch"><input type="checkbox" id={id.clone()} checked={is_there} aria-describedby={format!("{id}-help")} {onchange} />{ label }</label>
            <p class="sb-help sb-always" id={format!("{id}-help")}>{ field.about }</p>
            if is_there {
                { table(form, table_of, path) }
            }
        </fieldset>
    }
}

/// What a table has to begin with.
fn sane(key: &str, owner: &str) -> Value {
    let mut table = InlineTable::new();
    if key == "will" {
        table.insert("topic", format!("status/{owner}").into());
        table.insert("payload", "offline".into());
    } else {
        table.insert("first", "1s".into());
    }
    table.into()
}

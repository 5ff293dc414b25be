//! Changes of the text in place: what the author has written around them stays as it is.

use std::borrow::Cow;

use toml_edit::{
    Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value,
};

/// A step from a table to something in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(Cow<'static, str>),
    /// A place in a list, from 0.
    At(usize),
}

impl From<&'static str> for Step {
    fn from(key: &'static str) -> Self {
        Self::Key(Cow::Borrowed(key))
    }
}

impl From<usize> for Step {
    fn from(at: usize) -> Self {
        Self::At(at)
    }
}

/// Where something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(pub(crate) Vec<Step>);

impl Path {
    pub(crate) fn of(key: &'static str) -> Self {
        Self(vec![key.into()])
    }

    #[must_use]
    pub(crate) fn to(&self, step: impl Into<Step>) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.into());
        Self(steps)
    }

    /// For the attribute `id`: `sb-client-0-will-topic`.
    pub(crate) fn id(&self) -> String {
        let step = |step: &Step| match step {
            Step::Key(key) => format!("-{key}"),
            Step::At(at) => format!("-{at}"),
        };
        format!("sb{}", self.0.iter().map(step).collect::<String>())
    }
}

/// A change.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    /// This value is there now.
    Put(Path, Value),
    /// Nothing is there any more.
    Remove(Path),
    /// One more in a list.
    Append(Path, Table),
    /// One of a list goes to another place in it.
    Move(Path, usize, usize),
    /// One of a list is there twice.
    Copy(Path, usize),
    /// A client has another name, everywhere.
    Rename(usize, String),
}

/// What is at `path`.
pub(crate) fn find<'d>(root: &'d Item, path: &Path) -> Option<&'d Item> {
    path.0.iter().try_fold(root, |item, step| match step {
        Step::Key(key) => item.get(key.as_ref()),
        Step::At(at) => item.get(*at),
    })
}

fn find_mut<'d>(root: &'d mut Item, steps: &[Step]) -> Option<&'d mut Item> {
    steps.iter().try_fold(root, |item, step| match step {
        Step::Key(key) => item.get_mut(key.as_ref()),
        Step::At(at) => item.get_mut(*at),
    })
}

/// How many there are in the list at `path`.
pub(crate) fn count(root: &Item, path: &Path) -> usize {
    match find(root, path) {
        Some(Item::ArrayOfTables(tables)) => tables.len(),
        Some(Item::Value(Value::Array(array))) => array.len(),
        _ => 0,
    }
}

/// The text at `path`, if it is one; numbers and truths too.
pub(crate) fn text(root: &Item, path: &Path) -> Option<String> {
    match find(root, path)?.as_value()? {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Boolean(truth) => Some(truth.value().to_string()),
        Value::Float(number) => Some(number.value().to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::InlineTable(_) => None,
    }
}

/// The texts of the list at `path`; a single text is a list of one.
pub(crate) fn texts(root: &Item, path: &Path) -> Vec<String> {
    match find(root, path).and_then(Item::as_value) {
        Some(Value::String(one)) => vec![one.value().clone()],
        Some(Value::Array(array)) => {
            let texts = array.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// The keys of the table at `path`.
pub(crate) fn keys(root: &Item, path: &Path) -> Vec<String> {
    let table = find(root, path).and_then(Item::as_table_like);
    table.map_or_else(Vec::new, |table| {
        table.iter().map(|(key, _)| key.to_owned()).collect()
    })
}

/// A list of texts as a value.
pub(crate) fn list(texts: impl IntoIterator<Item = String>) -> Value {
    Value::Array(texts.into_iter().collect::<Array>())
}

impl Edit {
    /// Makes the change; what it is about may be gone, and then nothing happens.
    pub(crate) fn apply(self, document: &mut DocumentMut) {
        match self {
            Self::Put(path, value) => put(document, &path, value),
            Self::Remove(path) => remove(document, &path),
            Self::Append(path, table) => append(document, &path, table),
            Self::Move(path, from, to) => rearrange(document, &path, |order| {
                let moved = order.remove(from);
                order.insert(to.min(order.len()), moved);
            }),
            Self::Copy(path, at) => rearrange(document, &path, |order| {
                order.insert(at + 1, order[at].clone());
            }),
            Self::Rename(client, name) => rename(document, client, &name),
        }
    }
}

/// Makes sure that there is a table, and gives it.
fn table<'d>(document: &'d mut DocumentMut, steps: &[Step]) -> Option<&'d mut dyn TableLike> {
    let mut item = document.as_item_mut();
    for (depth, step) in steps.iter().enumerate() {
        item = match step {
            Step::At(at) => item.get_mut(*at)?,
            Step::Key(key) => {
                let table = item.as_table_like_mut()?;
                if !table.contains_key(key) {
                    let new = match depth {
                        // A heading of its own, with an empty line before it.
                        0 => {
                            let mut new = Table::new();
                            new.decor_mut().set_prefix("\n");
                            Item::Table(new)
                        }
                        _ => value(InlineTable::new()),
                    };
                    table.insert(key, new);
                    tidy(item);
                }
                item.get_mut(key.as_ref())?
            }
        };
    }
    item.as_table_like_mut()
}

fn put(document: &mut DocumentMut, path: &Path, mut new: Value) {
    let Some((last, parents)) = path.0.split_last() else {
        return;
    };
    match last {
        Step::At(at) => {
            let list = find_mut(document.as_item_mut(), parents).and_then(Item::as_array_mut);
            if let Some(list) = list.filter(|list| *at < list.len()) {
                list.replace(*at, new);
            }
        }
        Step::Key(key) => {
            let Some(table) = table(document, parents) else {
                return;
            };
            if let Some(old) = table.get(key).and_then(Item::as_value) {
                // What is said behind it stays.
                *new.decor_mut() = old.decor().clone();
            }
            table.insert(key, Item::Value(new));
            if let Some(item) = find_mut(document.as_item_mut(), parents) {
                tidy(item);
            }
        }
    }
}

/// The spaces within braces, as usual.
fn tidy(item: &mut Item) {
    if let Item::Value(Value::InlineTable(table)) = item
        && !table.to_string().contains('\n')
    {
        table.fmt();
    }
}

fn remove(document: &mut DocumentMut, path: &Path) {
    let Some((last, parents)) = path.0.split_last() else {
        return;
    };
    let Some(parent) = find_mut(document.as_item_mut(), parents) else {
        return;
    };
    match last {
        Step::Key(key) => {
            if let Some(table) = parent.as_table_like_mut() {
                table.remove(key);
            }
            tidy(parent);
        }
        Step::At(at) => match parent {
            Item::ArrayOfTables(tables) if *at < tables.len() => {
                tables.remove(*at);
            }
            Item::Value(Value::Array(array)) if *at < array.len() => {
                array.remove(*at);
            }
            _ => {}
        },
    }
    let is_empty = match find(document.as_item(), &Path(parents.to_vec())) {
        Some(Item::ArrayOfTables(tables)) => tables.is_empty(),
        Some(Item::Value(Value::Array(array))) => array.is_empty(),
        Some(item) => item.as_table_like().is_some_and(TableLike::is_empty),
        None => false,
    };
    // An empty one says nothing; in a list it is a place.
    if is_empty && matches!(parents.last(), Some(Step::Key(_))) {
        remove(document, &Path(parents.to_vec()));
    }
}

fn append(document: &mut DocumentMut, path: &Path, mut new: Table) {
    let Some((Step::Key(key), parents)) = path.0.split_last() else {
        return;
    };
    let is_top = parents.is_empty();
    let Some(table) = table(document, parents) else {
        return;
    };
    new.decor_mut().set_prefix("\n");
    match table.get_mut(key) {
        Some(Item::ArrayOfTables(tables)) => tables.push(new),
        Some(Item::Value(Value::Array(array))) => array.push(new.into_inline_table()),
        Some(_) => {}
        None if is_top => {
            let mut tables = ArrayOfTables::new();
            tables.push(new);
            table.insert(key, Item::ArrayOfTables(tables));
        }
        None => {
            let array: Array = [new.into_inline_table()].into_iter().collect();
            table.insert(key, value(array));
        }
    }
}

/// Puts the members of a list into another order.
fn rearrange(document: &mut DocumentMut, path: &Path, change: impl FnOnce(&mut Vec<Table>)) {
    let Some(Item::ArrayOfTables(tables)) = find_mut(document.as_item_mut(), &path.0) else {
        return;
    };
    let mut order: Vec<Table> = tables.iter().cloned().collect();
    let mut places: Vec<Option<isize>> = order.iter().map(Table::position).collect();
    change(&mut order);
    // The text has them where it had others before; a new one follows the last.
    places.resize(order.len(), None);
    tables.clear();
    for (mut table, place) in order.into_iter().zip(places) {
        table.set_position(place);
        tables.push(table);
    }
}

fn rename(document: &mut DocumentMut, client: usize, name: &str) {
    let path = Path::of("client").to(client).to("name");
    let Some(old) = text(document.as_item(), &path) else {
        return;
    };
    put(document, &path, name.into());
    let is_alone = |document: &DocumentMut| {
        let clients = Path::of("client");
        let names = (0..count(document.as_item(), &clients))
            .filter_map(|at| text(document.as_item(), &clients.to(at).to("name")));
        names.filter(|it| *it == old).count() == 0
    };
    if old.is_empty() || !is_alone(document) {
        return;
    }
    let steps = Path::of("do");
    for at in 0..count(document.as_item(), &steps) {
        replace_name(document, &steps.to(at).to("who"), &old, name);
    }
    let groups = Path::of("groups");
    for group in keys(document.as_item(), &groups) {
        replace_name(document, &groups.to(Step::Key(group.into())), &old, name);
    }
    let expected = Path::of("expect");
    for at in 0..count(document.as_item(), &expected) {
        for key in ["eventually", "never", "always", "count"] {
            let path = expected.to(at).to(key);
            if let Some(condition) = text(document.as_item(), &path) {
                let new = condition.replace(&format!("\"{old}\""), &format!("\"{name}\""));
                if new != condition {
                    put(document, &path, literal(&new));
                }
            }
        }
    }
}

/// A text, in single quotes where that saves escapes.
pub(crate) fn literal(text: &str) -> Value {
    if text.contains('"')
        && !text.contains('\'')
        && !text.contains(char::is_control)
        && let Ok(value) = format!("'{text}'").parse()
    {
        return value;
    }
    text.into()
}

fn replace_name(document: &mut DocumentMut, path: &Path, old: &str, new: &str) {
    let swap = |name: String| if name == old { new.to_owned() } else { name };
    match find(document.as_item(), path).and_then(Item::as_value) {
        Some(Value::String(one)) if one.value() == old => put(document, path, new.into()),
        Some(Value::Array(_)) => {
            let names: Vec<String> = texts(document.as_item(), path);
            if names.iter().any(|name| name == old) {
                put(document, path, list(names.into_iter().map(swap)));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;

//! Sorting that is compiled once.

/// Sorts by a key; what has the same key stays as it was.
///
/// The standard library's sorting is compiled anew for each type, some kilobytes each, which a page has to load. This
/// sorts pairs of numbers, whatever the type is.
pub fn by_key<T>(items: &mut Vec<T>, key: impl Fn(&T) -> (u64, u64)) {
    let keyed = |(place, item): (usize, &T)| {
        let (first, second) = key(item);
        (first, second, place)
    };
    let mut order: Vec<Place> = items.iter().enumerate().map(keyed).collect();
    if order.is_sorted() {
        return;
    }
    sort(&mut order);
    let mut old: Vec<Option<T>> = items.drain(..).map(Some).collect();
    let in_order = order.into_iter();
    // Each place is there, once.
    items.extend(in_order.filter_map(|(_, _, place)| old.get_mut(place)?.take()));
}

/// A key, and where what has it was.
type Place = (u64, u64, usize);

#[inline(never)]
fn sort(order: &mut [Place]) {
    order.sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::by_key;

    #[test]
    fn what_has_the_same_key_stays_as_it_was() {
        let mut words = vec!["bb", "a", "dd", "c", ""];
        by_key(&mut words, |word| (word.len() as u64, 0));
        assert_eq!(words, ["", "a", "c", "bb", "dd"]);
        by_key(&mut words, |word| (0, u64::from(word.starts_with('a'))));
        assert_eq!(words, ["", "c", "bb", "dd", "a"]);
    }
}

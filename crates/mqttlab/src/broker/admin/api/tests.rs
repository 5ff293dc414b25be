use super::{Document, LOOK_AT_MAX, Page};

fn numbers(limit: usize, wanted: impl Fn(usize) -> bool) -> Page<usize> {
    Page::collect(
        0..LOOK_AT_MAX * 2,
        limit,
        |&n| wanted(n).then_some(n),
        |n| n.to_string(),
    )
}

#[test]
fn a_page_ends_when_it_is_full_or_enough_was_looked_at() {
    let full = numbers(3, |_| true);
    assert_eq!(
        (full.items, full.next.as_deref()),
        (vec![0, 1, 2], Some("2"))
    );
    let none = numbers(3, |_| false);
    assert!(none.items.is_empty());
    assert_eq!(none.next, Some((LOOK_AT_MAX - 1).to_string()));
    let all = Page::collect(0..3, 3, |&n| Some(n), ToString::to_string);
    assert_eq!((all.items.len(), all.next), (3, None));
}

#[test]
fn pages_of_several_loops_make_one_in_which_nothing_is_passed_over() {
    let page = |items: &[&'static str], next: Option<&str>| Page {
        items: items.to_vec(),
        next: next.map(ToOwned::to_owned),
    };
    let merge = |pages, limit| {
        let Page { items, next } = Page::merge(pages, limit, |item: &&'static str| *item);
        (items.join(" "), next)
    };
    let next = |name: &str| Some(name.to_owned());
    let one = || page(&["a", "d", "d"], None);
    assert_eq!(
        merge(vec![one(), page(&["b"], None)], 9),
        ("a b d d".into(), None)
    );
    assert_eq!(
        merge(vec![one(), page(&["b"], None)], 2),
        ("a b".into(), next("b"))
    );
    assert_eq!(
        merge(vec![one(), page(&["b", "e"], None)], 3),
        ("a b d d".into(), next("d"))
    );
    // The other loop has more behind c: d must wait.
    assert_eq!(
        merge(vec![one(), page(&["b", "c"], Some("c"))], 9),
        ("a b c".into(), next("c"))
    );
    assert_eq!(
        merge(vec![page(&[], Some("k")), page(&[], Some("c"))], 9),
        ("".into(), next("c"))
    );
    assert_eq!(merge(vec![], 9), ("".into(), None));
}

#[test]
fn the_document_has_a_word_on_every_operation() {
    use utoipa::OpenApi;

    let document = Document::openapi();
    let mut operations = 0;
    for (path, item) in document.paths.paths {
        let methods = [item.get, item.put, item.post, item.delete];
        for operation in methods.into_iter().flatten() {
            assert!(operation.summary.is_some(), "{path}");
            operations += 1;
        }
    }
    assert_eq!(operations, 19);
}

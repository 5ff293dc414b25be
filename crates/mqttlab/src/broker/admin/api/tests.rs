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

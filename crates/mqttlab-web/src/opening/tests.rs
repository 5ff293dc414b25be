use super::{RECENTS_MAX, Recents, link_in, run_in};

#[test]
fn what_was_opened_comes_back_the_latest_first() {
    let mut recents = Recents::default();
    recents.remember("A plant", "AQE1");
    recents.remember("Two  clients\nand a line", "AQE2");
    let again = Recents::parse(&recents.stored());
    assert_eq!(again, recents);
    let titles: Vec<&str> = again.iter().map(|recent| recent.title.as_str()).collect();
    assert_eq!(titles, ["Two  clients and a line", "A plant"]);
}

#[test]
fn the_same_again_moves_to_the_front() {
    let mut recents = Recents::default();
    for index in 0..20 {
        recents.remember(&format!("run {}", index % 10), "AQE");
    }
    assert_eq!(recents.iter().count(), RECENTS_MAX);
    assert_eq!(
        recents.iter().next().map(|it| it.title.as_str()),
        Some("run 9")
    );
}

#[test]
fn damaged_storage_is_no_trouble() {
    for stored in ["", "\n\n", "AQE", "AQE ", " title", "\u{0}"] {
        let known = Recents::parse(stored);
        assert!(
            known.iter().all(|recent| !recent.title.is_empty()),
            "{stored:?}"
        );
    }
}

#[test]
fn a_run_is_found_in_an_address() {
    assert_eq!(run_in("#r=AQE&x=1"), Some("AQE"));
    assert_eq!(run_in("#l=duel&t=1s"), None);
    assert_eq!(link_in(" https://lab.example/#r=AQE\n"), Some("AQE"));
    assert_eq!(link_in("[scenario] # r=AQE"), None);
    assert_eq!(link_in("# r\n[scenario]"), None);
}

#[test]
fn files_are_told_apart_by_what_is_in_them() {
    use super::{Content, FileTrouble};
    let text = Content::of(b"[scenario]".to_vec());
    assert_eq!(text, Ok(Content::Text("[scenario]".to_owned())));
    let traffic = b"MQTTLAB\0\x01".to_vec();
    assert_eq!(Content::of(traffic.clone()), Ok(Content::Traffic(traffic)));
    for other in [b"\x89PNG".to_vec(), b"a\0b".to_vec()] {
        assert_eq!(Content::of(other), Err(FileTrouble::NotText));
    }
    let large = vec![b'#'; 1 << 21];
    assert_eq!(Content::of(large), Err(FileTrouble::TooLarge));
}

use mqttlab_sim::lesson::Course;
use mqttlab_sim::recording::Recording;

use super::{Asking, CATALOGUE, Done, Place, Progress, Study, after, place};

fn duel() -> Study {
    Study::new(Course::unpack(crate::OPENING).expect("it was packed while this was built"))
}

#[test]
fn the_question_opens_with_the_packet_on_its_way_and_closes_with_the_answer() {
    let mut study = duel();
    let opening = study.opening().expect("the duel asks something");
    assert_eq!(study.asking(opening - 1), Asking::NotYet);
    assert_eq!(study.asking(opening), Asking::Open { chosen: None });
    assert!(!study.check(opening), "nothing is chosen");
    assert!(!study.choose(9, opening));
    assert!(study.choose(0, opening) && study.choose(2, opening));
    assert!(study.check(opening));
    assert!(!study.choose(1, opening), "it is final");
    assert_eq!(study.asking(opening), Asking::Waiting { chosen: 2 });
    let answer = study.next_stop(opening).expect("the run answers");
    let revealed = Asking::Revealed {
        chosen: Some(2),
        right: 1,
    };
    assert_eq!(study.asking(answer), revealed);
    assert_eq!(study.done().answered, 1);
    assert_eq!(study.done().right, 0);
}

#[test]
fn an_answer_that_was_not_given_in_time_does_not_count() {
    let mut study = duel();
    let opening = study.opening().expect("the duel asks something");
    study.choose(1, opening);
    let answer = study.next_stop(opening).expect("the run answers");
    let revealed = Asking::Revealed {
        chosen: None,
        right: 1,
    };
    assert_eq!(study.asking(answer), revealed);
    assert_eq!(study.done(), Done::default());
}

#[test]
fn a_what_if_asks_nothing_and_may_reach_the_goal() {
    let mut study = duel();
    assert!(!study.choose_run(99));
    assert!(study.choose_run(1));
    let (goal, reached) = study.goal().expect("the duel has a goal");
    assert!(!goal.title.is_empty() && !reached);
    assert_eq!(
        (study.beat(6_000_000), study.asking(6_000_000)),
        (None, Asking::NotYet)
    );
    let stop = study.next_stop(0).expect("the goal is reached");
    study.note(stop);
    assert!(study.done().goal);
    study.reset();
    assert!(
        study.what_if().is_none() && study.done().goal,
        "what was reached stays"
    );
}

#[test]
fn it_goes_along_with_what_is_done_to_the_run() {
    let mut study = duel();
    let before: Vec<_> = study.starts().collect();
    let mut run = study.recording();
    // Without the second connect there is no duel.
    run.omit(3).expect("B is told to connect");
    study.follow(&run);
    let after: Vec<_> = study.starts().collect();
    assert_eq!(after, before[..1]);
    assert!(study.is_changed());
    study.follow(&Recording::new(run.scenario().clone()));
    assert_eq!(study.starts().collect::<Vec<_>>(), before);
}

#[test]
fn hints_come_one_by_one() {
    let mut study = duel();
    for given in [1, 2, 3, 3] {
        study.hint();
        assert_eq!(study.hints(), given);
    }
}

#[test]
fn lessons_have_an_order() {
    let first = Place {
        number: 1,
        of: 13,
        is_case: false,
    };
    assert_eq!(place("knock"), Some(first));
    assert_eq!(place("nowhere"), None);
    assert_eq!(
        place("case-dose").map(|it| (it.number, it.of)),
        Some((2, 4))
    );
    assert_eq!(after("knock").map(|entry| entry.id), Some("keep-alive"));
    assert_eq!(CATALOGUE.last().and_then(|entry| after(entry.id)), None);
}

#[test]
fn progress_survives_and_only_grows() {
    let mut progress = Progress::default();
    let done = Done {
        answered: 2,
        right: 1,
        finished: true,
        goal: false,
    };
    assert!(progress.note("duel", done));
    assert!(!progress.note("duel", Done { right: 0, ..done }));
    assert!(!progress.note("nowhere", done));
    assert_eq!(Progress::parse(&progress.text()), progress);
    assert_eq!(progress.of("duel"), done);
    assert_eq!(progress.next().map(|entry| entry.id), Some("knock"));
}

#[test]
fn progress_of_strangers_is_kept_within_its_limits() {
    let text = "duel 250 250 finished reached\nduel x\n\nelse 1 1 finished reached\nknock";
    let progress = Progress::parse(text);
    assert_eq!(progress.of("duel").answered, 3);
    assert_eq!(progress.text(), "duel 3 3 finished reached\n");
}

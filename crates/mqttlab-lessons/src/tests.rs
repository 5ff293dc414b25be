use mqttlab_sim::export::trace::{Options, trace};
use mqttlab_sim::recording::Recording;

use crate::{LESSONS, Source, problems};

/// Runs `check` for every lesson, and fails with all that it says.
fn for_each(check: impl Fn(&Source) -> Vec<String>) {
    let found: Vec<String> = LESSONS
        .iter()
        .flat_map(|source| {
            let problems = check(source).into_iter();
            problems.map(move |problem| format!("{}: {problem}", source.id))
        })
        .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_lesson_is_true() {
    for_each(|source| match source.read() {
        Ok(course) => problems(&course),
        Err(error) => vec![error.to_string()],
    });
}

#[test]
fn every_misconception_is_believed_and_proved_wrong() {
    let found = crate::misconception_problems().unwrap_or_else(|error| vec![error.to_string()]);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_lesson_has_something_to_try_and_every_case_a_mistake() {
    for_each(|source| match source.read() {
        Ok(course) if source.is_case && !course.runs[0].has_bugs() => {
            vec!["nobody makes a mistake".to_owned()]
        }
        Ok(course) if !source.is_case && course.lesson.goals.is_empty() => {
            vec!["there is nothing to try".to_owned()]
        }
        Ok(_) | Err(_) => Vec::new(),
    });
}

#[test]
fn every_scenario_is_called_like_its_lesson() {
    for_each(|source| match source.read() {
        Ok(course) if course.runs[0].id != source.id => vec![format!("`{}`", course.runs[0].id)],
        Ok(_) | Err(_) => Vec::new(),
    });
}

/// After a wanted change, `UPDATE_EXPECT=1 cargo test -p mqttlab-lessons` writes the traces anew; read the difference.
#[test]
fn every_run_is_as_it_is_written_down() {
    for source in LESSONS {
        let course = source.read().unwrap_or_else(|error| panic!("{error}"));
        let mut recording = Recording::new(course.runs[0].clone());
        while recording.step().is_some() {
            recording.check_invariants();
        }
        let trace = trace(&recording, Options::default());
        #[cfg(not(target_family = "wasm"))]
        {
            let path = format!(
                "{}/../../lessons/{}/trace.txt",
                env!("CARGO_MANIFEST_DIR"),
                source.id
            );
            expect_test::expect_file![path].assert_eq(&trace);
        }
        // There are no files, and the same trace must come out.
        #[cfg(target_family = "wasm")]
        assert_eq!(trace, source.trace);
    }
}

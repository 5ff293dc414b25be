//! Variables of the environment that are configuration, and those that only look so.

use super::DEFAULTS;
use crate::Failure;

/// What all of them begin with.
pub(crate) const PREFIX: &str = "MQTTLAB_";
/// Between the section and the key in the name of a variable.
const SEPARATOR: &str = "__";
/// Settings that are in no section, and so need none.
const TOP_LEVEL: [&str; 2] = ["THREADS", "LISTENER"];
/// A name that is further from all settings is not taken for a slip of the finger.
const SIMILARITY_MIN: f64 = 0.8;
/// What the project's own tests and chores say to each other.
const OF_TESTS: [&str; 11] = [
    "AXE",
    "BIN",
    "DIST",
    "FAILPOINT",
    "MEASURE",
    "NODE_MODULES",
    "PYTHON_PATH",
    "SCREENSHOTS",
    "SEEDS",
    "SOAK_SECONDS",
    "STORE_TIDY_MIN",
];

/// The sections and the key that a variable means; `None` where it has nothing to do with the broker.
///
/// # Errors
/// When it looks like configuration and is none: what it was to open or to close would be left as it is.
pub(super) fn path_of(name: &str, value: &str) -> Result<Option<Vec<String>>, Failure> {
    let Some(key) = name.strip_prefix(PREFIX) else {
        return Ok(None);
    };
    if key.contains(SEPARATOR) || TOP_LEVEL.contains(&key) {
        let parts = key.split(SEPARATOR);
        let path = parts.map(|part| part.to_lowercase().replace('_', "-"));
        return Ok(Some(path.collect()));
    }
    if OF_TESTS.contains(&key) || is_of_a_service(key, value) {
        return Ok(None);
    }
    let settings = settings();
    let nearest = settings
        .iter()
        .map(|setting| (similarity(key, setting), setting))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match nearest {
        Some((nearness, setting)) if nearness >= SIMILARITY_MIN => {
            format!("did you mean {PREFIX}{setting}?")
        }
        Some(_) | None => format!("such variables are called {PREFIX}SECTION{SEPARATOR}KEY"),
    };
    Err(Failure::usage(format!(
        "{name}: there is no such setting; {hint}"
    )))
}

/// How near a name is to that of a setting; nothing is nearer than its key without the section.
fn similarity(key: &str, setting: &str) -> f64 {
    match setting.split_once(SEPARATOR) {
        Some((_, own)) if own == key => 1.0,
        Some(_) | None => strsim::jaro_winkler(key, setting),
    }
}

/// Whether Kubernetes or Docker has set it, so that programs find a service of this name.
fn is_of_a_service(key: &str, value: &str) -> bool {
    let words: Vec<&str> = key.split('_').collect();
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let names_one = words.windows(2).any(|pair| match pair {
        ["SERVICE", "HOST" | "PORT"] => true,
        ["PORT", number] => is_number(number),
        _ => false,
    });
    let is_url = ["tcp://", "udp://", "sctp://"].map(|scheme| value.starts_with(scheme));
    names_one || words.last() == Some(&"PORT") && is_url.contains(&true)
}

/// All settings as they are called in the environment, without the prefix: the printed defaults name every key.
fn settings() -> Vec<String> {
    let mut settings: Vec<String> = TOP_LEVEL.map(str::to_owned).into();
    let mut section = None;
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[') {
            // Those of a list have no variables of their own.
            let name = name.strip_suffix(']').filter(|name| !name.starts_with('['));
            section = name.map(str::to_owned);
            continue;
        }
        let key = line.strip_prefix("# ").unwrap_or(line);
        let key = key.split_once(" = ").map_or("", |(key, _)| key);
        let is_key = |c: char| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit();
        if let (Some(section), false) = (&section, key.is_empty())
            && key.chars().all(is_key)
        {
            let name = format!("{section}{SEPARATOR}{key}");
            settings.push(name.to_uppercase().replace('-', "_"));
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn a_slip_of_the_finger_is_told_with_what_was_meant() {
        for (name, meant) in [
            ("MQTTLAB_AUTH_ACL_FILE", "MQTTLAB_AUTH__ACL_FILE"),
            ("MQTTLAB_AUTH_PASSWORD_FILE", "MQTTLAB_AUTH__PASSWORD_FILE"),
            ("MQTTLAB_PASSWORD_FILE", "MQTTLAB_AUTH__PASSWORD_FILE"),
            (
                "MQTTLAB_BROKER_IN_FLIGHT_MAX",
                "MQTTLAB_BROKER__IN_FLIGHT_MAX",
            ),
            ("MQTTLAB_THREAD", "MQTTLAB_THREADS"),
            ("MQTTLAB_STORE_PATH", "MQTTLAB_STORE__PATH"),
            ("MQTTLAB_LISTENERS", "MQTTLAB_LISTENER"),
        ] {
            let why = path_of(name, "x").expect_err(name).to_string();
            assert_eq!(
                why,
                format!("{name}: there is no such setting; did you mean {meant}?")
            );
        }
        let why = path_of("MQTTLAB_NONSENSE", "1").expect_err("it is like none");
        assert!(why.to_string().contains("MQTTLAB_SECTION__KEY"), "{why}");
    }

    #[test]
    fn what_others_say_is_passed_over() {
        for (name, value) in [
            ("PATH", "/bin"),
            ("MQTTLAB_DIST", "dist"),
            ("MQTTLAB_SERVICE_HOST", "10.0.0.1"),
            ("MQTTLAB_SERVICE_PORT_MQTT", "1883"),
            ("MQTTLAB_PORT", "tcp://10.0.0.1:1883"),
            ("MQTTLAB_PORT_1883_TCP_ADDR", "10.0.0.1"),
            ("MQTTLAB_BROKER_PORT", "tcp://10.0.0.1:1883"),
        ] {
            assert_eq!(path_of(name, value).ok(), Some(None), "{name}");
        }
        path_of("MQTTLAB_HTTP_PORT", "80").expect_err("it is no address of a service");
    }
}

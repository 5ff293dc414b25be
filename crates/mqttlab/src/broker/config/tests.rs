use std::fs;
use std::path::PathBuf;

use toml::Table;

use super::{Config, DEFAULTS, HttpAddress, Sources, load};

/// A configuration file that goes with the test.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mqttlab-{}-{name}.toml", std::process::id()));
        fs::write(&path, text).expect("a temporary file can be written");
        Self(path)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // It lies in the folder for what may go at any time.
        let _ = fs::remove_file(&self.0);
    }
}

fn from_file(name: &str, text: &str) -> Result<Config, String> {
    let file = TemporaryFile::new(name, text);
    let sources = Sources {
        file: Some(&file.0),
        ..Sources::default()
    };
    load(&sources).map_err(|failure| {
        failure
            .to_string()
            .replace(file.0.to_str().unwrap_or(""), "FILE")
    })
}

fn from_set(set: &[&str]) -> Result<Config, String> {
    let set: Vec<_> = set.iter().map(|&text| text.to_owned()).collect();
    let sources = Sources {
        set: &set,
        ..Sources::default()
    };
    load(&sources).map_err(|failure| failure.to_string())
}

#[test]
fn nothing_said_is_the_default() {
    assert_eq!(from_set(&[]), Ok(Config::default()));
    let empty = Config {
        says_nothing: true,
        ..Config::default()
    };
    assert_eq!(from_file("empty", "# nothing\n"), Ok(empty));
}

#[test]
fn the_printed_defaults_are_the_defaults_and_name_every_key() {
    let parsed: Config = toml::from_str(DEFAULTS).expect("the defaults are good");
    assert_eq!(parsed, Config::default());
    let printed: Table = toml::from_str(DEFAULTS).expect("the defaults are good");
    let all = Table::try_from(Config::default()).expect("a configuration can be written");
    for (section, keys) in &all {
        let Some(keys) = keys.as_table() else {
            assert!(printed.contains_key(section), "{section} is missing");
            continue;
        };
        for key in keys.keys() {
            assert!(
                printed[section].get(key).is_some(),
                "{section}.{key} is missing"
            );
        }
    }
}

#[test]
fn a_mistake_is_said_with_its_place() {
    for (name, text, expected) in [
        (
            "unknown-section",
            "[broker]\n\n[lissener]\n",
            "FILE:3:2: unknown field `lissener`; did you mean `listener`?",
        ),
        (
            "unknown-key",
            "[broker]\nconnection-max = 5\n",
            "FILE:2:1: unknown field `connection-max`; did you mean `connections-max`?",
        ),
        (
            "type",
            "[broker]\nconnections-max = \"many\"\n",
            "FILE:2:19: invalid type: string \"many\", expected u32",
        ),
        (
            "address",
            "[[listener]]\naddress = \"1883\"\n",
            "FILE:2:11: give an address and a port, such as 127.0.0.1:1883 or [::1]:1883",
        ),
        (
            "choice",
            "[broker]\noverlap = \"one-copi\"\n",
            "FILE:2:11: unknown variant `one-copi`; did you mean `one-copy`?",
        ),
    ] {
        assert_eq!(from_file(name, text), Err(expected.into()));
    }
    let error = from_file("syntax", "[broker\n").expect_err("a bracket is missing");
    assert!(error.starts_with("FILE:1:"), "{error}");
}

#[test]
fn a_key_like_no_other_gets_the_list() {
    let error = from_file("list", "[sys]\nxyz = 1\n").expect_err("no such key");
    assert_eq!(
        error,
        "FILE:2:1: unknown field `xyz`, expected `interval-s`"
    );
}

#[test]
fn a_missing_file_is_said() {
    let sources = Sources {
        file: Some("/nonexistent/broker.toml".as_ref()),
        ..Sources::default()
    };
    let error = load(&sources).expect_err("there is none").to_string();
    assert!(
        error.starts_with("--config /nonexistent/broker.toml: "),
        "{error}"
    );
}

#[test]
fn the_stronger_source_wins() {
    let file = TemporaryFile::new(
        "layers",
        "[broker]\nconnections-max = 1\nsessions-max = 1\nin-flight-max = 1\n",
    );
    let set = ["broker.connections-max=3".to_owned()];
    let sources = Sources {
        file: Some(&file.0),
        environment: vec![
            ("MQTTLAB_BROKER__CONNECTIONS_MAX".into(), "2".into()),
            ("MQTTLAB_BROKER__SESSIONS_MAX".into(), "2".into()),
            ("MQTTLAB_HTTP__ADDRESS".into(), "off".into()),
            ("MQTTLAB_DIST".into(), "not configuration".into()),
            ("PATH".into(), "/bin".into()),
        ],
        set: &set,
    };
    let config = load(&sources).expect("all are good");
    assert_eq!(config.broker.connections_max, 3);
    assert_eq!(config.broker.sessions_max, 2);
    assert_eq!(config.broker.in_flight_max, 1);
    assert_eq!(config.http.address, HttpAddress::Off);
}

#[test]
fn a_complaint_names_the_option_or_variable() {
    for (set, expected) in [
        (
            "broker.in-flight-mx=3",
            "--set broker.in-flight-mx=3: unknown field `in-flight-mx`; did you mean `in-flight-max`?",
        ),
        (
            "broker=3",
            "--set broker=3: invalid type: integer `3`, expected struct Config",
        ),
        (
            "nonsense",
            "--set nonsense: give SECTION.KEY=VALUE, such as broker.connections-max=100",
        ),
    ] {
        assert_eq!(from_set(&[set]), Err(expected.into()));
    }
    let sources = Sources {
        environment: vec![("MQTTLAB_HTTP__PORT".into(), "80".into())],
        ..Sources::default()
    };
    let error = load(&sources).expect_err("no such key").to_string();
    assert!(
        error.starts_with("MQTTLAB_HTTP__PORT: unknown field `port`"),
        "{error}"
    );
}

#[test]
fn values_are_as_in_the_file_and_text_needs_no_quotes() {
    let config = from_set(&[
        "listener=[{ address = \"127.0.0.1:1\" }, { address = \"127.0.0.1:2\" }]",
        "broker.assigned-id-prefix=lab-",
        "auth.allow-anonymous=true",
    ])
    .expect("all are good");
    assert_eq!(config.listener.len(), 2);
    assert_eq!(config.broker.assigned_id_prefix, "lab-");
    assert!(config.auth.allow_anonymous);
}

#[test]
fn what_would_be_something_else_than_it_says_is_refused() {
    let listener =
        |address: &str, key: &str| format!("listener=[{{ address = \"{address}\", {key} }}]");
    let certificate = "certificate = \"a\"";
    let origins = "origins = [\"a\"]";
    for (set, expected) in [
        (
            "broker.in-flight-max=0".to_owned(),
            Err("broker.in-flight-max is 0; give at least 1"),
        ),
        (
            "broker.packet-size-max=0".into(),
            Err("broker.packet-size-max is 0; give at least 1"),
        ),
        (
            "broker.versions=[]".into(),
            Err("broker.versions is empty; give one of \"3.1\", \"3.1.1\" and \"5.0\" or more"),
        ),
        (
            listener("127.0.0.1:8883", certificate),
            Err(
                "127.0.0.1:8883: certificate is for listeners with TLS; begin the address with mqtts:// or wss://",
            ),
        ),
        (
            listener("ws://127.0.0.1:80", "client-ca = \"a\""),
            Err(
                "ws://127.0.0.1:80/mqtt: client-ca is for listeners with TLS; begin the address with mqtts:// or wss://",
            ),
        ),
        (
            listener("mqtts://127.0.0.1:8883", origins),
            Err(
                "mqtts://127.0.0.1:8883: origins is for listeners with WebSocket; begin the address with ws:// or wss://",
            ),
        ),
        (
            listener("127.0.0.1:8080", "versions = [\"5.0\"]"),
            Err(
                "127.0.0.1:8080 is there twice; give each listener, and HTTP, an address of its own",
            ),
        ),
        (listener("mqtts://127.0.0.1:8883", certificate), Ok(())),
        (
            "listener=[{ address = \"127.0.0.1:0\" }, { address = \"127.0.0.1:0\" }]".into(),
            Ok(()),
        ),
        (listener("ws://127.0.0.1:80", origins), Ok(())),
    ] {
        let config = from_set(&[&set]).expect("it can be read");
        let checked = config.check().map_err(|failure| failure.to_string());
        assert_eq!(checked, expected.map_err(str::to_owned), "{set}");
    }
}

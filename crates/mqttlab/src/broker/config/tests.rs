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
            "FILE:3:2: unknown key `lissener`; did you mean `listener`?",
        ),
        (
            "unknown-key",
            "[broker]\nconnection-max = 5\n",
            "FILE:2:1: unknown key `connection-max`; did you mean `connections-max`?",
        ),
        (
            "type",
            "[broker]\nconnections-max = \"many\"\n",
            "FILE:2:19: \"many\" is text; give a number from 0 to 4294967295",
        ),
        (
            "list",
            "[listener]\naddress = \"127.0.0.1:1883\"\n",
            "FILE:1:1: this is a section; give a list: write [[listener]]",
        ),
        (
            "large",
            "[broker]\nin-flight-max = 99999999999999999999\n",
            "FILE:2:17: 99999999999999999999 is a number that does not fit; give a number from 0 to 65535",
        ),
        (
            "truth",
            "[auth]\nallow-anonymous = 1\n",
            "FILE:2:19: 1 is a number that does not fit; give true or false",
        ),
        (
            "address",
            "[[listener]]\naddress = \"1883\"\n",
            "FILE:2:11: give an address and a port, such as 127.0.0.1:1883 or [::1]:1883",
        ),
        (
            "choice",
            "[broker]\noverlap = \"one-copi\"\n",
            "FILE:2:11: unknown value `one-copi`; did you mean `one-copy`?",
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
    assert_eq!(error, "FILE:2:1: unknown key `xyz`, expected `interval-s`");
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
            "--set broker.in-flight-mx=3: unknown key `in-flight-mx`; did you mean `in-flight-max`?",
        ),
        (
            "broker=3",
            "--set broker=3: 3 is a number that does not fit; give a section, with keys of its own",
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
        error.starts_with("MQTTLAB_HTTP__PORT: unknown key `port`"),
        "{error}"
    );
}

#[test]
fn listeners_come_as_a_whole_also_from_the_environment() {
    let of = |name: &str, value: &str| {
        let sources = Sources {
            environment: vec![(name.into(), value.into())],
            ..Sources::default()
        };
        load(&sources).map_err(|failure| failure.to_string())
    };
    let listener = "[{ address = \"127.0.0.1:7\" }]";
    let config = of("MQTTLAB_LISTENER", listener).expect("it is a list");
    assert_eq!(config.listener[0].address.to_string(), "127.0.0.1:7");
    let why = of("MQTTLAB_LISTENER__ADDRESS", "127.0.0.1:7").expect_err("which one?");
    assert!(why.contains("listeners are a list"), "{why}");
    let why = of("MQTTLAB_AUTH_ACL_FILE", "rules").expect_err("an underscore is missing");
    assert!(why.contains("did you mean MQTTLAB_AUTH__ACL_FILE"), "{why}");
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

#[test]
fn what_lets_nobody_in_or_does_nothing_is_refused() {
    let listener =
        |address: &str, key: &str| format!("listener=[{{ address = \"{address}\", {key} }}]");
    for (set, expected) in [
        (
            listener("127.0.0.1:1", "connections-max = 0"),
            "127.0.0.1:1: connections-max is 0, and nobody could connect; give at least 1, or leave it out",
        ),
        (
            listener("127.0.0.1:1", "proxies-say = \"proxy-protocol\""),
            "127.0.0.1:1: proxies-say is for the addresses in proxies; give these too",
        ),
        (
            "auth.jwt-audience=a".to_owned(),
            "auth.jwt-audience needs keys; give jwt-keys-file or jwt-keys-url",
        ),
        (
            "auth.jwt-keys-refresh-s=0".to_owned(),
            "auth.jwt-keys-refresh-s: give at least 1",
        ),
        (
            "hook.token-file=a".to_owned(),
            "hook.token-file needs a server to ask; give hook.url",
        ),
    ] {
        let config = from_set(&[&set]).expect("it can be read");
        let why = config.check().expect_err(&set).to_string();
        assert_eq!(why, expected, "{set}");
    }
    let both = [
        "broker.versions=[\"5.0\"]",
        "listener=[{ address = \"127.0.0.1:7\", versions = [\"3.1\"] }]",
    ];
    let config = from_set(&both).expect("it can be read");
    let why = config.check().expect_err("they have none in common");
    assert!(why.to_string().contains("nobody could connect"), "{why}");
    let none = ["listener=[{ address = \"127.0.0.1:7\", versions = [] }]"];
    let why = from_set(&none).expect_err("there is none");
    assert!(why.contains("give one version or more"), "{why}");
}

//! What whoever runs the broker sees of it: the log, and what it says to wrong files and slips of the finger.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use time::OffsetDateTime;

use crate::harness::packets::{self, packet, publish, subscribe, text};
use crate::harness::{Broker, Folder, PATIENCE, Raw, program};
use crate::logins::metric;

/// CONNECT with Clean Session, for this client, user and password.
fn connect(client_id: &str, user: &str, password: &str) -> Vec<u8> {
    let head = [0, 4, b'M', b'Q', b'T', b'T', 4, 0xC2, 0, 60];
    packet(
        0x10,
        &[&head, &text(client_id), &text(user), &text(password)],
    )
}

/// What `mqttlab broker` says when it does not start with these options; its exit code must be 2.
fn refusal(options: &[&str]) -> Result<String> {
    let output = Command::new(program()?)
        .args(["broker", "--listen", "127.0.0.1:0", "--http", "off"])
        .args(options)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(2), "{}: {said}", output.status);
    Ok(said)
}

/// The lines of a log for machines with this message.
fn lines_of(log: &str, message: &str) -> Result<Vec<Value>> {
    let lines = log.lines().map(serde_json::from_str::<Value>);
    let mut lines = lines.collect::<Result<Vec<_>, _>>()?;
    lines.retain(|line| line["message"] == message);
    Ok(lines)
}

/// Names stand in it as they are, also of who is turned away, and what failed below MQTT is said.
#[test]
fn the_log_for_machines_says_who_and_why() -> Result<()> {
    let folder = Folder::new("operators-log")?;
    let users = folder.path("users").to_string_lossy().into_owned();
    // The password is `secret`.
    let hash = "$7$101$FFraYvMvTrFWzjLI$cSFcUWNmh9B8rB0V8XSPJjIWCiY2FvT2XEytYL9aVFe4M0dN7V7HBupJc7eC580fWF6PUDEFDEcTpipoQDwYlg==";
    fs::write(&users, format!("Ann \"ä\":{hash}\n"))?;
    let rules = folder.path("rules").to_string_lossy().into_owned();
    fs::write(
        &rules,
        "topic read public/#\nuser Ann \"ä\"\ntopic home/#\n",
    )?;
    let options = [
        "--http",
        "off",
        "--listen",
        "ws://127.0.0.1:0",
        "--password-file",
        &users,
        "--acl-file",
        &rules,
        "--log-format",
        "json",
    ];
    let broker = Broker::start_with(&options)?;
    let mut client = broker.connect()?;
    client.send(&connect("pump-1", "Ann \"ä\"", "secret"))?;
    client.expect(&[0x20, 2, 0, 0])?;
    let mut stranger = broker.connect()?;
    stranger.send(&connect("pump-2", "eve", "secret"))?;
    stranger.expect(&[0x20, 2, 0, 4])?;
    stranger.expect_closed()?;
    let mut lost = Raw::connect(broker.mqtt[1])?;
    lost.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
    lost.rest()?;
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    let connected = lines_of(&log, "connected")?;
    ensure!(connected.len() == 1, "{log}");
    ensure!(
        connected[0]["client_id"] == "pump-1" && connected[0]["user_name"] == "Ann \"ä\"",
        "{log}"
    );
    // Where Mosquitto's rules would mean something else.
    ensure!(
        log.contains("what stands before the first user is for everybody"),
        "{log}"
    );
    let away = lines_of(&log, "turned away")?;
    let refused = away.iter().find(|line| line["client_id"] == "pump-2");
    let refused = refused.with_context(|| log.clone())?;
    let why = refused["why"].as_str().unwrap_or_default();
    ensure!(
        refused["user_name"] == "eve" && why.contains("0x86"),
        "{log}"
    );
    ensure!(
        away.iter().any(|line| {
            let why = line["why"].as_str().unwrap_or_default();
            why.contains("WebSocket") && line["client_id"].is_null()
        }),
        "{log}"
    );
    Ok(())
}

/// The client hears that it is not let in. The log and the metrics say why, and at which listener; strangers cannot fill the
/// log with that.
#[test]
fn the_log_says_why_somebody_is_turned_away_and_has_few_lines_for_it() -> Result<()> {
    let folder = Folder::new("operators-away")?;
    let users = folder.path("users").to_string_lossy().into_owned();
    // The password is `secret`.
    let hash = "$7$101$FFraYvMvTrFWzjLI$cSFcUWNmh9B8rB0V8XSPJjIWCiY2FvT2XEytYL9aVFe4M0dN7V7HBupJc7eC580fWF6PUDEFDEcTpipoQDwYlg==";
    fs::write(&users, format!("ann:{hash}\nbob:{hash}\n"))?;
    let http = ["--http", "127.0.0.1:0", "--log-format", "json"];
    let broker = Broker::start_with(&[&http[..], &["--password-file", &users]].concat())?;
    let turn_away = |client_id: &str, user: &str, password: &str, code: u8| {
        let mut client = broker.connect()?;
        client.send(&connect(client_id, user, password))?;
        client.expect(&[0x20, 2, 0, code])?;
        client.expect_closed()
    };
    let mut ann = broker.connect()?;
    ann.send(&connect("hers", "ann", "secret"))?;
    ann.expect(&[0x20, 2, 0, 0])?;
    turn_away("c1", "eve", "secret", 4)?;
    turn_away("c2", "ann", "sesame", 4)?;
    turn_away("hers", "bob", "secret", 5)?;
    let mut nobody = broker.connect()?;
    nobody.send(&packets::connect("c4", true))?;
    nobody.expect(&[0x20, 2, 0, 5])?;
    for _ in 0..40 {
        turn_away("c5", "eve", "secret", 4)?;
    }
    thread::sleep(Duration::from_millis(1_100));
    turn_away("c6", "eve", "secret", 4)?;
    for (why, count) in [
        ("unknown user", 42),
        ("wrong password", 1),
        ("session of another user", 1),
        ("no user name", 1),
    ] {
        let name = format!("mqttlab_turned_away_total{{why=\"{why}\"}}");
        let counted = metric(&broker, &name)?;
        ensure!(counted == count, "{why}: {counted}");
    }
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    let away = lines_of(&log, "turned away")?;
    for (client_id, because) in [
        ("c1", "there is no such user in the password file"),
        ("c2", "the password is wrong"),
        ("hers", "the session belongs to another user"),
        ("c4", "it has no User Name, and one is needed"),
    ] {
        let line = away.iter().find(|line| line["client_id"] == client_id);
        let line = line.with_context(|| log.clone())?;
        ensure!(line["because"] == because, "{line}");
        ensure!(line["listener"] == "127.0.0.1:0", "{line}");
    }
    let untold = away.iter().filter_map(|line| line["untold"].as_u64());
    let told = away.len() as u64;
    ensure!(told + untold.sum::<u64>() == 45 && told < 40, "{log}");
    Ok(())
}

/// A client of 3.1.1 hears nothing of what it may not publish; the log says so, and by which line.
#[test]
fn what_the_rules_deny_is_in_the_log() -> Result<()> {
    let folder = Folder::new("operators-denied")?;
    let rules = folder.path("rules").to_string_lossy().into_owned();
    fs::write(&rules, "topic home/#\ntopic deny home/safe\n")?;
    let options = [
        "--http",
        "off",
        "--acl-file",
        &rules,
        "--log-format",
        "json",
    ];
    let broker = Broker::start_with(&options)?;
    let mut client = broker.connect()?;
    client.log_in(b'a')?;
    client.send(&publish(2, "home/safe", 1, b"x"))?;
    client.expect(&[0x40, 2, 0, 1])?;
    client.send(&subscribe("elsewhere/#", 0))?;
    client.expect(&[0x90, 3, 0, 1, 0x80])?;
    for _ in 0..1_000 {
        client.send(&publish(0, "home/safe", 0, b"x"))?;
    }
    client.expect_alive()?;
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    let denied = lines_of(&log, "denied by the rules")?;
    let by_line = &denied[0];
    ensure!(
        by_line["client_id"] == "a"
            && by_line["what"] == "publish"
            && by_line["topic"] == "home/safe"
            && by_line["line"] == 2,
        "{log}"
    );
    let by_none = &denied[1];
    ensure!(
        by_none["what"] == "subscribe" && by_none["line"].is_null(),
        "{log}"
    );
    ensure!(denied.len() < 200, "{} lines", denied.len());
    Ok(())
}

/// What is asked for over the admin interface is in the log, but not what was only looked at, and no token.
#[test]
fn what_operators_do_is_in_the_log() -> Result<()> {
    const TOKEN: &str = "0123456789abcdef";
    let folder = Folder::new("operators-did")?;
    let tokens = folder.path("tokens").to_string_lossy().into_owned();
    fs::write(&tokens, format!("# for me\n{TOKEN}\n"))?;
    let options = ["--http", "127.0.0.1:0", "--token-file", &tokens];
    let broker = Broker::start_with(&options)?;
    let http = broker.http.context("it serves HTTP")?;
    let ban = "{\"client_id\": \"pu\u{202e}mp\",\n \"for_s\": 60}";
    let long = format!("{{\"user_name\": \"{}\"}}", "x".repeat(1_000));
    for (request, body, status) in [
        ("GET /api/v1/clients", "", "200"),
        ("DELETE /api/v1/clients/pump%2F1", "", "404"),
        ("PUT /api/v1/traces/pump-1", "", "204"),
        ("POST /api/v1/bans", ban, "201"),
        ("POST /api/v1/bans", &*long, "201"),
    ] {
        let length = body.len();
        let mut asker = Raw::connect(http)?;
        asker.send(
            format!(
                "{request} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        )?;
        let answer = asker.rest()?;
        let said = answer.split(' ').nth(1).unwrap_or_default();
        ensure!(said == status, "{request}: {answer}");
    }
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    for told in [
        "method=DELETE uri=\"/clients/pump%2F1\" status=404",
        "method=PUT uri=\"/traces/pump-1\" status=204",
        "peer=127.0.0.1:",
        "token_line=2",
        "status=201 body=",
        "u{202e}mp",
        "for_s",
        "xxx…",
    ] {
        ensure!(log.contains(told), "{log}");
    }
    ensure!(!log.contains("GET") && !log.contains(TOKEN), "{log}");
    Ok(())
}

/// What the shell allows for the sake of old programs is no limit, as long as the system gives more.
#[cfg(target_os = "linux")]
#[test]
fn more_connections_are_taken_in_than_the_shell_allows_at_first() -> Result<()> {
    let broker = Broker::start_limited("ulimit -Sn 24")?;
    let mut crowd = (b'a'..=b'z').chain(b'A'..=b'Z').map(|name| {
        let mut client = broker.connect()?;
        client.log_in(name)?;
        Ok(client)
    });
    let mut crowd = crowd.by_ref().collect::<Result<Vec<_>>>()?;
    crowd.iter_mut().try_for_each(Raw::expect_alive)
}

/// Keys, tokens and passwords that everybody may read are told.
#[cfg(unix)]
#[test]
fn secrets_that_everybody_may_read_are_told() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("operators-secrets")?;
    let tokens = folder.path("tokens").to_string_lossy().into_owned();
    fs::write(&tokens, "0123456789abcdef\n")?;
    for (mode, is_told) in [(0o644, true), (0o640, false)] {
        fs::set_permissions(&tokens, fs::Permissions::from_mode(mode))?;
        let broker = Broker::start_with(&["--http", "127.0.0.1:0", "--token-file", &tokens])?;
        broker.signal("TERM")?;
        let (_, log) = broker.wait()?;
        let told = log.contains("everybody on this machine can read this");
        ensure!(told == is_told && log.contains(&tokens) == is_told, "{log}");
    }
    Ok(())
}

/// How long clients may take to go is for whoever runs the broker to say.
#[test]
fn a_stop_waits_for_clients_as_long_as_it_may() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--set", "stop.within-s=1"])?;
    let mut client = broker.connect()?;
    client.log_in(b'a')?;
    let started = Instant::now();
    broker.signal("TERM")?;
    // It does not close its side.
    let (status, log) = broker.wait()?;
    let took = started.elapsed();
    ensure!(status.success(), "{status}: {log}");
    ensure!(log.contains("clients_may_take=1s"), "{log}");
    ensure!(took < Duration::from_secs(4), "{took:?}");
    client.expect_closed()
}

/// A wrong word is said, and the right ones; nothing is silenced or thrown away because of it.
#[test]
fn slips_of_the_finger_are_told_and_cost_nothing() -> Result<()> {
    let folder = Folder::new("operators-slips")?;
    let path = |name: &str| folder.path(name).to_string_lossy().into_owned();
    let (text, rules) = (path("notes.txt"), path("rules"));
    fs::write(&text, "nothing to do with a broker\n")?;
    fs::write(&rules, "topic a/#\ntopic denny a/secret\n")?;
    let socket = format!("unix://{text}");
    for (options, expected) in [
        (["--log", "inof"], "give error, warn, info, debug, trace"),
        (["--store", &text], "it is a text and no store"),
        (
            ["--acl-file", &rules],
            "rules:2: before the topic stands read, write, readwrite or deny, not denny",
        ),
        (["--listen", &socket], "there is a file of this name"),
    ] {
        let said = refusal(&options)?;
        ensure!(said.contains(expected), "{options:?}: {said}");
        ensure!(said.lines().count() == 1, "{options:?}: {said}");
    }
    ensure!(fs::read_to_string(&text)? == "nothing to do with a broker\n");
    ensure!(fs::read_dir(folder.path(""))?.count() == 2);
    Ok(())
}

/// A certificate where there is no TLS is not left away in silence: passwords would go over the network as they are.
#[test]
fn an_encrypted_key_is_told_as_such() -> Result<()> {
    let folder = Folder::new("operators-encrypted")?;
    let (certificate, key) = (folder.path("c.pem"), folder.path("k.pem"));
    let pair = KeyPair::generate()?;
    let signed = CertificateParams::new(["localhost".to_owned()])?.self_signed(&pair)?;
    fs::write(&certificate, signed.pem())?;
    for text in [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
    ] {
        fs::write(&key, text)?;
        let listener = format!(
            "{{ address = \"mqtts://127.0.0.1:0\", certificate = {certificate:?}, key = {key:?} }}"
        );
        let said = Broker::refusal(&listener)?;
        ensure!(
            said.contains("k.pem: the private key is encrypted"),
            "{said}"
        );
    }
    Ok(())
}

#[test]
fn a_certificate_without_tls_keeps_it_from_starting() -> Result<()> {
    let said = refusal(&["--certificate", "server.pem", "--key", "server.key"])?;
    ensure!(said.contains("begin the address with mqtts://"), "{said}");
    let listener = "listener=[{ address = \"127.0.0.1:0\", client-ca = \"root.pem\" }]";
    let output = Command::new(program()?)
        .args(["broker", "--check-config", "--set", listener])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2), "{said}");
    ensure!(
        said.contains("client-ca is for listeners with TLS"),
        "{said}"
    );
    Ok(())
}

/// A certificate out of its time does not keep the broker from starting, and is told.
#[test]
fn a_certificate_out_of_its_time_is_told() -> Result<()> {
    let folder = Folder::new("operators-time")?;
    let path = |name: &str| folder.path(name).to_string_lossy().into_owned();
    let (certificate, key) = (path("server.pem"), path("server.key"));
    let pair = KeyPair::generate()?;
    fs::write(&key, pair.serialize_pem())?;
    let now = OffsetDateTime::now_utc();
    let day = time::Duration::DAY;
    for (from, until, expected) in [
        (
            now - 9 * day,
            now - day,
            Some("the certificate has expired"),
        ),
        (
            now + day,
            now + 9 * day,
            Some("the certificate is not good yet"),
        ),
        (
            now - day,
            now + 9 * day,
            Some("the certificate expires soon"),
        ),
        (now - day, now + 90 * day, None),
    ] {
        let mut params = CertificateParams::new(["localhost".to_owned()])?;
        params.not_before = from;
        params.not_after = until;
        fs::write(&certificate, params.self_signed(&pair)?.pem())?;
        let listener = format!(
            "listener=[{{ address = \"mqtts://127.0.0.1:0\", certificate = {certificate:?}, key = {key:?} }}]"
        );
        let broker = Broker::start_configured(&["--http", "127.0.0.1:0", "--set", &listener])?;
        let mut asker = Raw::connect(broker.http.context("it serves HTTP")?)?;
        asker.send(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
        let metric = format!(
            "mqttlab_certificate_expires_timestamp_seconds{{listener=\"mqtts://127.0.0.1:0\"}} {}\n",
            until.unix_timestamp()
        );
        let metrics = asker.rest()?;
        ensure!(metrics.contains(&metric), "{metrics}");
        broker.signal("TERM")?;
        let (status, log) = broker.wait()?;
        ensure!(status.success(), "{status}: {log}");
        match expected {
            Some(expected) => ensure!(log.contains(expected), "{log}"),
            None => ensure!(!log.contains("certificate"), "{log}"),
        }
    }
    Ok(())
}

/// Tokens and passwords that others could read on their way are told.
#[test]
fn what_goes_over_the_network_in_clear_is_told() -> Result<()> {
    for (options, expected) in [
        (&["--http", "0.0.0.0:0"][..], Some("HTTP is in clear")),
        (&["--http", "127.0.0.1:0"], None),
        (
            &["--http", "off", "--set", "hook.url=http://192.0.2.1/mqtt"],
            Some("hook.url is in clear"),
        ),
        (
            &["--http", "off", "--set", "hook.url=http://127.0.0.1:1/mqtt"],
            None,
        ),
    ] {
        let broker = Broker::start_with(options)?;
        broker.signal("TERM")?;
        let (_, log) = broker.wait()?;
        match expected {
            Some(expected) => ensure!(log.contains(expected), "{options:?}: {log}"),
            None => ensure!(!log.contains("in clear"), "{options:?}: {log}"),
        }
    }
    Ok(())
}

/// No signal is needed: a configuration that changes is read, as the files that it names. What is only for the next start
/// is said.
#[test]
fn a_configuration_that_changes_is_read_again() -> Result<()> {
    let folder = Folder::new("operators-watch")?;
    let file = folder.path("broker.toml").to_string_lossy().into_owned();
    let content = "[[listener]]\naddress = \"127.0.0.1:0\"\n[log]\n";
    fs::write(&file, format!("{content}level = \"error\"\n"))?;
    let broker = Broker::start_configured(&["--http", "off", "--config", &file])?;
    broker.connect()?.log_in(b'a')?;
    let changed = "level = \"info\"\nformat = \"json\"\n[broker]\nversions = [\"5.0\"]\n";
    fs::write(&file, format!("{content}{changed}"))?;
    let until = Instant::now() + PATIENCE;
    while broker.connect()?.log_in(b'a').is_ok() {
        ensure!(Instant::now() < until, "it is not read again");
        thread::sleep(Duration::from_millis(200));
    }
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success(), "{status}: {log}");
    let told = log.contains("changed=log.format") && log.contains("only with a restart");
    ensure!(told && log.contains(" INFO turned away"), "{log}");
    ensure!(!log.contains(" INFO connected"), "{log}");
    Ok(())
}

/// What stands between fences of a language in a Markdown file.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let mut blocks = Vec::new();
    let mut rest = markdown;
    while let Some((_, block)) = rest.split_once(&fence) {
        let (block, after) = block.split_once("```").unwrap_or((block, ""));
        blocks.push(block.to_owned());
        rest = after;
    }
    blocks
}

/// The guide for operators and the first page tell no fairy tales: their configurations are good, and there are the commands
/// and options that they name.
#[test]
fn what_the_guide_says_is_there() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guide = fs::read_to_string(root.join("docs/operating.md"))?;
    let readme = fs::read_to_string(root.join("README.md"))?;
    let folder = Folder::new("operators-guide")?;
    let pair = KeyPair::generate()?;
    let certificate = CertificateParams::new(["localhost".to_owned()])?.self_signed(&pair)?;
    let rules = blocks(&guide, "text")
        .into_iter()
        .find(|block| block.contains("pattern"))
        .context("it shows rules")?;
    let files = [
        ("server.pem", certificate.pem()),
        ("clients.pem", certificate.pem()),
        ("server.key", pair.serialize_pem()),
        ("passwords", String::new()),
        ("tokens", "0123456789abcdef\n".to_owned()),
        ("rules", rules),
    ];
    for (name, content) in files {
        fs::write(folder.path(name), content)?;
    }
    let configurations = blocks(&guide, "toml");
    ensure!(!configurations.is_empty());
    for configuration in configurations {
        fs::write(folder.path("broker.toml"), &configuration)?;
        let output = Command::new(program()?)
            .args(["broker", "--config", "broker.toml", "--check-config"])
            .current_dir(folder.path(""))
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{said}\n{configuration}");
    }
    let mut commands = 0;
    for line in [guide, readme].iter().flat_map(|text| blocks(text, "sh")) {
        for line in line
            .lines()
            .filter_map(|line| line.strip_prefix("mqttlab "))
        {
            let words: Vec<_> = line.split(' ').collect();
            let options = words.iter().filter(|word| word.starts_with("--"));
            let depth = if ["store", "acl"].contains(&words[0]) {
                2
            } else {
                1
            };
            let output = Command::new(program()?)
                .args(&words[..depth])
                .arg("--help")
                .output()?;
            let help = String::from_utf8_lossy(&output.stdout);
            ensure!(output.status.success(), "mqttlab {line}");
            for option in options {
                ensure!(help.contains(option), "mqttlab {line}: {option}");
            }
            commands += 1;
        }
    }
    ensure!(commands > 8, "{commands}");
    Ok(())
}

//! Who is let in is asked elsewhere: an HTTP server that answers, fails, hangs or talks too much; and one with keys.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PublicKeyData, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::harness::{Broker, Folder, PATIENCE, Raw};

const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];
const UNAVAILABLE: &[u8] = &[0x20, 2, 0, 3];
const NOT_AUTHORIZED: &[u8] = &[0x20, 2, 0, 5];

type Answer = dyn Fn(&str, &Value) -> Vec<u8> + Send + Sync;

/// An HTTP server for a test. It ends with the process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Server {
    /// `answer` gets the head of the request and its JSON, null where there is none, and gives the whole response.
    pub(crate) fn start(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&str, &Value) -> Vec<u8> + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let answer: Arc<Answer> = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, answer, count) = (tls.clone(), Arc::clone(&answer), Arc::clone(&count));
                std::thread::spawn(move || {
                    // Whoever asks may go away at any time.
                    let _ = match tls {
                        None => serve(stream, &*answer, &count),
                        Some(config) => ServerConnection::new(config)
                            .map_err(anyhow::Error::from)
                            .and_then(|tls| serve(StreamOwned::new(tls, stream), &*answer, &count)),
                    };
                });
            }
        });
        Ok(Self { address, asked })
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// One request, one answer.
fn serve(mut stream: impl Read + Write, answer: &Answer, count: &AtomicUsize) -> Result<()> {
    let mut reader = BufReader::new(&mut stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    count.fetch_add(1, Ordering::SeqCst);
    let json = serde_json::from_slice(&body).unwrap_or_default();
    stream.write_all(&answer(&head, &json))?;
    Ok(stream.flush()?)
}

/// A whole response.
fn response(status: u16, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut response =
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
            .into_bytes();
    response.extend(body);
    response
}

pub(crate) fn said(answer: &Value) -> Vec<u8> {
    response(200, answer.to_string().as_bytes())
}

/// A broker that asks there.
fn broker(url: &str, set: &[&str]) -> Result<Broker> {
    let url = format!("hook.url={url}");
    let mut all = vec!["--http", "127.0.0.1:0", "--set", &url];
    for value in set {
        all.extend(["--set", value]);
    }
    Broker::start_with(&all)
}

/// CONNECT of MQTT 3.1.1 with Clean Session, with a will to `will` where that is wanted.
fn connect(client_id: &str, user: Option<(&str, &[u8])>, will: bool) -> Vec<u8> {
    let mut flags = 2;
    let mut fields = vec![client_id.as_bytes()];
    if will {
        flags |= 4;
        fields.extend([&b"will"[..], b"gone"]);
    }
    if let Some((name, password)) = user {
        flags |= 0xC0;
        fields.extend([name.as_bytes(), password]);
    }
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, flags, 0, 60];
    for field in fields {
        body.extend([0, field.len() as u8]);
        body.extend(field);
    }
    let mut packet = vec![0x10, body.len() as u8];
    packet.append(&mut body);
    packet
}

fn log_in(broker: &Broker, client_id: &str, user: &str, answer: &[u8]) -> Result<Raw> {
    let mut client = broker.connect()?;
    client.send(&connect(client_id, Some((user, b"secret")), false))?;
    client
        .expect(answer)
        .with_context(|| client_id.to_owned())?;
    Ok(client)
}

/// SUBSCRIBE to one letter, and the code that it gets.
fn subscribe(client: &mut Raw, topic: u8, code: u8) -> Result<()> {
    client.send(&[0x82, 6, 0, 1, 0, 1, topic, 0])?;
    client.expect(&[0x90, 3, 0, 1, code])
}

fn metric(broker: &Broker, line: &str) -> Result<bool> {
    let http = broker.http.context("it serves HTTP")?;
    let mut stream = Raw::connect(http)?;
    stream.send(
        format!("GET /metrics HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let text = stream.rest()?;
    Ok(text.lines().any(|found| found == line))
}

fn eventually(mut attempt: impl FnMut() -> Result<()>) -> Result<()> {
    let started = Instant::now();
    loop {
        match attempt() {
            Err(_) if started.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            done => return done,
        }
    }
}

#[test]
fn the_hook_says_who_is_let_in_as_whom_and_what_they_may() -> Result<()> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let server = Server::start(None, move |head, json| {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push((head.to_owned(), json.clone()));
        match json["user_name"].as_str() {
            Some("ann") => said(&json!({"result": "allow", "acl": ["readwrite a", "write will"]})),
            Some("bob") => said(&json!({"result": "allow", "user_name": "robert"})),
            Some("eve") => response(403, b""),
            _ => said(&json!({"result": "deny"})),
        }
    })?;
    let folder = Folder::new("hook")?;
    let (rules, token) = (folder.path("rules"), folder.path("token"));
    fs::write(&rules, "user robert\ntopic r\n")?;
    fs::write(&token, "let-me-ask\n")?;
    let url = format!("http://{}/mqtt?x=1", server.address);
    let rules = format!("auth.acl-file={rules:?}");
    let token = format!("hook.token-file={token:?}");
    let broker = broker(&url, &[&rules, &token])?;
    let mut ann = log_in(&broker, "c1", "ann", ACCEPTED)?;
    subscribe(&mut ann, b'a', 0)?;
    subscribe(&mut ann, b'r', 0x80)?;
    let mut bob = log_in(&broker, "c2", "bob", ACCEPTED)?;
    subscribe(&mut bob, b'r', 0)?;
    subscribe(&mut bob, b'a', 0x80)?;
    log_in(&broker, "c3", "eve", NOT_AUTHORIZED)?;
    let mut nobody = broker.connect()?;
    nobody.send(&connect("c4", None, false))?;
    nobody.expect(NOT_AUTHORIZED)?;
    // A will is looked at by the rules that the client comes with.
    for (user, answer) in [("ann", ACCEPTED), ("bob", NOT_AUTHORIZED)] {
        let mut client = broker.connect()?;
        client.send(&connect("w", Some((user, b"secret")), true))?;
        client.expect(answer)?;
    }
    // Somebody else who asks for the name of a client that is in changes nothing for that one.
    log_in(&broker, "c1", "bob", NOT_AUTHORIZED)?;
    subscribe(&mut ann, b'a', 0)?;
    subscribe(&mut ann, b'r', 0x80)?;
    // Asked the same again it remembers; a password that is no text is told as bytes.
    let before = server.asked();
    log_in(&broker, "c2", "bob", ACCEPTED)?;
    ensure!(server.asked() == before, "it was asked again");
    let mut client = broker.connect()?;
    client.send(&connect("b", Some(("bob", &[0xFF, 0])), false))?;
    client.expect(ACCEPTED)?;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let (head, json) = seen.first().context("it was asked")?;
    ensure!(head.starts_with("POST /mqtt?x=1 HTTP/1.1\r\n"), "{head}");
    ensure!(
        head.to_lowercase()
            .contains("authorization: bearer let-me-ask"),
        "{head}"
    );
    let expected = json!({"client_id": "c1", "user_name": "ann", "password": "secret",
        "version": "3.1.1", "address": "127.0.0.1", "listener": 0});
    ensure!(*json == expected, "{json}");
    let (_, json) = seen.last().context("it was asked")?;
    ensure!(
        json["password"] == Value::Null && json["password_base64"] == "/wA=",
        "{json}"
    );
    ensure!(metric(
        &broker,
        "mqttlab_hook_answers_total{answer=\"remembered\"} 1"
    )?);
    Ok(())
}

/// What the hook has said holds for a session, and for what it has retained, also when the broker was killed.
#[cfg(unix)]
#[test]
fn what_the_hook_allowed_holds_after_a_crash() -> Result<()> {
    let server = Server::start(None, |_, json| {
        let lines = match json["user_name"].as_str() {
            Some("ann") => json!(["readwrite a"]),
            _ => json!(["readwrite #"]),
        };
        said(&json!({"result": "allow", "acl": lines}))
    })?;
    let folder = Folder::new("hook-kept")?;
    let (rules, store) = (folder.path("rules"), folder.path("store"));
    fs::write(&rules, "topic b\n")?;
    let url = format!("http://{}/", server.address);
    let rules = format!("auth.acl-file={rules:?}");
    let store = format!("store.path={store:?}");
    let start = || broker(&url, &[&rules, &store]);
    let stays = || {
        let mut packet = connect("c1", Some(("ann", b"secret")), false);
        packet[9] &= !2;
        packet
    };
    let first = start()?;
    let mut client = first.connect()?;
    client.send(&stays())?;
    client.expect(ACCEPTED)?;
    client.send(&[0x82, 6, 0, 1, 0, 1, b'a', 1])?;
    client.expect(&[0x90, 3, 0, 1, 1])?;
    let mut ann = log_in(&first, "c2", "ann", ACCEPTED)?;
    ann.send(&[0x33, 6, 0, 1, b'a', 0, 1, b'R'])?;
    ann.expect(&[0x40, 2, 0, 1])?;
    client.expect(&[0x32, 6, 0, 1, b'a', 0, 1, b'R'])?;
    client.send(&[0x40, 2, 0, 1])?;
    client.expect_alive()?;
    first.signal("KILL")?;
    first.wait()?;

    let broker = start()?;
    let mut bob = log_in(&broker, "c3", "bob", ACCEPTED)?;
    subscribe(&mut bob, b'a', 0)?;
    bob.expect(&[0x31, 4, 0, 1, b'a', b'R'])?;
    // By the rules in the file nobody may have this.
    bob.send(&[0x32, 6, 0, 1, b'a', 0, 1, b'!'])?;
    bob.expect(&[0x30, 4, 0, 1, b'a', b'!'])?;
    bob.expect(&[0x40, 2, 0, 1])?;
    let mut client = broker.connect()?;
    client.send(&stays())?;
    client.expect(&[0x20, 2, 1, 0])?;
    let body = client.expect_publish()?;
    ensure!(body.ends_with(b"!"), "{body:02x?}");
    client.expect_alive()
}

#[test]
fn without_a_good_answer_in_time_nobody_is_let_in_and_nobody_else_waits() -> Result<()> {
    let works = Arc::new(AtomicBool::new(false));
    let healed = Arc::clone(&works);
    let server = Server::start(None, move |_, json| {
        let allow = json!({"result": "allow"});
        match json["client_id"].as_str().unwrap_or_default() {
            "fails" if healed.load(Ordering::SeqCst) => said(&allow),
            "fails" => response(500, allow.to_string().as_bytes()),
            "garbage" => b"\0\x01\x02 not HTTP at all\r\n\r\n".to_vec(),
            "no-json" => response(200, b"allow"),
            "redirect" => {
                let to = b"HTTP/1.1 302 X\r\nLocation: /allow\r\nContent-Length: 0\r\n\r\n";
                to.to_vec()
            }
            "huge" => {
                let mut body = allow.to_string().into_bytes();
                body.resize(1 << 20, b' ');
                response(200, &body)
            }
            "cut" => response(200, allow.to_string().as_bytes())[..60].to_vec(),
            "slow" => {
                std::thread::sleep(Duration::from_secs(30));
                said(&allow)
            }
            _ => said(&allow),
        }
    })?;
    let url = format!("http://{}/", server.address);
    let broker = broker(&url, &["hook.timeout-ms=1000", "flapping.then=ignore"])?;
    let mut inside = log_in(&broker, "inside", "ann", ACCEPTED)?;
    for client_id in ["fails", "garbage", "no-json", "redirect", "huge", "cut"] {
        log_in(&broker, client_id, "ann", UNAVAILABLE)?.expect_closed()?;
    }
    ensure!(metric(
        &broker,
        "mqttlab_hook_answers_total{answer=\"failed\"} 6"
    )?);
    // An error is not remembered.
    works.store(true, Ordering::SeqCst);
    log_in(&broker, "fails", "ann", ACCEPTED)?;
    // As many as are asked about at once hang; whoever is inside does not notice.
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut client = broker.connect()?;
        client.send(&connect("slow", Some(("ann", b"secret")), false))?;
        slow.push(client);
    }
    let started = Instant::now();
    inside.expect_alive()?;
    ensure!(
        started.elapsed() < Duration::from_millis(500),
        "{:?}",
        started.elapsed()
    );
    for mut client in slow {
        client.expect(UNAVAILABLE)?;
    }
    ensure!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    // Where nobody answers at all.
    let gone = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let broker = self::broker(&format!("http://{gone}/"), &[])?;
    log_in(&broker, "c", "ann", UNAVAILABLE)?;
    Ok(())
}

#[test]
fn the_hook_is_known_by_its_roots_and_says_how_long() -> Result<()> {
    let certified = generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())
        .map_err(anyhow::Error::msg)?;
    let tls = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)?;
    let server = Server::start(Some(Arc::new(tls)), |_, _| {
        said(&json!({"result": "allow", "expires_in_s": 1}))
    })?;
    let folder = Folder::new("hook-tls")?;
    let ca = folder.path("ca.pem");
    fs::write(&ca, certified.cert.pem())?;
    let url = format!("https://localhost:{}/", server.address.port());
    let known = format!("hook.ca={ca:?}");
    let first = broker(&url, &[&known])?;
    // MQTT 5.0 hears why it must go.
    let mut client = first.connect()?;
    client.send(&[
        0x10, 14, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, 0, 0, 1, b'e',
    ])?;
    client.expect(&[0x20])?;
    ensure!(client.skip_packet()?[1] == 0);
    let started = Instant::now();
    client.expect(&[0xE0])?;
    ensure!(client.skip_packet()?.first() == Some(&0xA0));
    client.expect_closed()?;
    ensure!(
        started.elapsed() > Duration::from_millis(800),
        "{:?}",
        started.elapsed()
    );
    // One that nobody vouches for is not believed.
    let second = broker(&url, &[])?;
    log_in(&second, "c", "ann", UNAVAILABLE)?;
    Ok(())
}

#[test]
fn what_makes_no_sense_keeps_it_from_starting() -> Result<()> {
    for (set, expected) in [
        (&["hook.url=localhost"][..], "give a whole address"),
        (
            &["hook.url=http://localhost", "hook.timeout-ms=0"],
            "give at least 1",
        ),
        (
            &["hook.url=https://localhost", "hook.ca=/nowhere.pem"],
            "/nowhere.pem",
        ),
        (
            &["hook.url=http://localhost", "auth.password-file=/dev/null"],
            "give a password file or hook.url",
        ),
        (
            &[
                "auth.jwt-keys-url=http://localhost",
                "auth.jwt-keys-file=/dev/null",
            ],
            "give one of the two",
        ),
    ] {
        let mut options = vec!["--http", "off"];
        for value in set {
            options.extend(["--set", value]);
        }
        let refused = Broker::start_with(&options).err().context("it starts")?;
        let refused = refused.to_string();
        ensure!(refused.contains(expected), "{refused}");
    }
    Ok(())
}

/// The public half in a key set, with one that is of no use.
fn key_set(key: &KeyPair, kid: &str) -> Value {
    let (x, y) = key.der_bytes()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    json!({"keys": [
        {"kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "x": x, "y": y},
        {"kty": "RSA", "kid": "no-alg", "n": "AQAB", "e": "AQAB"},
    ]})
}

fn token(key: &KeyPair, kid: &str, lasts_s: i64) -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(kid.into());
    let claims = json!({"sub": "ann", "exp": now + lasts_s});
    let key = EncodingKey::from_ec_der(key.serialized_der());
    Ok(encode(&header, &claims, &key)?)
}

/// CONNECT of MQTT 5.0 with a token for the password.
fn connect_with(token: &str) -> Vec<u8> {
    let mut body = vec![
        0, 4, b'M', b'Q', b'T', b'T', 5, 0xC2, 0, 60, 0, 0, 1, b'c', 0, 3,
    ];
    body.extend(b"ann");
    body.extend((token.len() as u16).to_be_bytes());
    body.extend(token.as_bytes());
    let length = body.len();
    let mut packet = vec![0x10, (length % 128) as u8 | 128, (length / 128) as u8];
    packet.append(&mut body);
    packet
}

fn expect(broker: &Broker, token: &str, reason: u8) -> Result<Raw> {
    let mut client = broker.connect()?;
    client.send(&connect_with(token))?;
    client.expect(&[0x20])?;
    let body = client.skip_packet()?;
    ensure!(body[1] == reason, "{body:02x?}");
    Ok(client)
}

#[test]
fn keys_are_fetched_kept_and_fetched_again() -> Result<()> {
    let (old, new) = (KeyPair::generate()?, KeyPair::generate()?);
    let answer = Arc::new(Mutex::new(response(503, b"later")));
    let current = Arc::clone(&answer);
    let server = Server::start(None, move |_, _| {
        current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    })?;
    let set = |bytes: Vec<u8>| *answer.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
    let url = format!("auth.jwt-keys-url=http://{}/keys", server.address);
    let options = [
        "--http",
        "127.0.0.1:0",
        "--set",
        &url,
        "--set",
        "auth.jwt-keys-refresh-s=1",
    ];
    let broker = Broker::start_with(&options)?;
    let good = token(&old, "one", 60)?;
    // No keys yet: nobody with a token comes in, and it is not the client's fault.
    expect(&broker, &good, 0x88)?;
    set(said(&key_set(&old, "one")));
    eventually(|| expect(&broker, &good, 0).map(drop))?;
    // What comes then is none: the last good set goes on.
    for bad in [
        response(500, b""),
        response(200, b"{}"),
        response(200, &vec![b' '; 1 << 20]),
    ] {
        let before = server.asked();
        set(bad);
        eventually(|| {
            ensure!(server.asked() > before + 1);
            Ok(())
        })?;
        expect(&broker, &good, 0)?;
    }
    // The keys change, and a configuration that is read again goes on with them.
    set(said(&key_set(&new, "two")));
    let other = token(&new, "two", 60)?;
    eventually(|| expect(&broker, &other, 0).map(drop))?;
    expect(&broker, &good, 0x86)?;
    set(response(500, b""));
    ensure!(broker.reload()?);
    expect(&broker, &other, 0)?;
    ensure!(metric(&broker, "mqttlab_jwt_keys 1")?);
    Ok(())
}

#[test]
fn when_its_token_expires_a_connection_ends() -> Result<()> {
    let folder = Folder::new("expires")?;
    let key = KeyPair::generate()?;
    let file = folder.path("keys.json");
    let mut set = key_set(&key, "one");
    set["keys"].as_array_mut().context("keys")?.truncate(1);
    fs::write(&file, set.to_string())?;
    let set = format!("auth.jwt-keys-file={file:?}");
    let leeway = "auth.jwt-leeway-s=30";
    let broker = Broker::start_with(&["--http", "off", "--set", &set, "--set", leeway])?;
    // Clocks may differ by half a minute: it expired almost so long ago.
    let mut client = expect(&broker, &token(&key, "one", -28)?, 0)?;
    let mut lasting = broker.connect()?;
    let mut connect = connect_with(&token(&key, "one", 60)?);
    // Another client: its one letter stands after the fixed header, ten bytes, the properties and its length.
    connect[3 + 13] = b'd';
    lasting.send(&connect)?;
    lasting.expect(&[0x20])?;
    lasting.skip_packet()?;
    client.expect(&[0xE0])?;
    let reason = client.skip_packet()?.first().copied();
    ensure!(reason == Some(0xA0), "{reason:02x?}");
    client.expect_closed()?;
    lasting.expect_alive()
}

#[test]
fn listeners_fetch_keys_of_their_own() -> Result<()> {
    let (all, own) = (KeyPair::generate()?, KeyPair::generate()?);
    let serve = |key: &KeyPair| {
        let set = said(&key_set(key, "one"));
        Server::start(None, move |_, _| set.clone())
    };
    let (of_all, of_own) = (serve(&all)?, serve(&own)?);
    let url = |server: &Server| format!("\"http://{}/keys\"", server.address);
    let at = |more: &str| format!("{{ address = \"127.0.0.1:0\"{more} }}");
    let listeners = [
        at(""),
        at(&format!(", jwt-keys-url = {}", url(&of_own))),
        at(&format!(", jwt-keys-url = {}", url(&of_own))),
        at(", jwt-keys-url = \"http://127.0.0.1:9/keys\""),
    ];
    let listeners = format!("listener=[{}]", listeners.join(", "));
    let keys = format!("auth.jwt-keys-url={}", url(&of_all));
    let options = ["--http", "127.0.0.1:0", "--set", &listeners, "--set", &keys];
    let broker = Broker::start_listening(&options, 4)?;
    let answer = |listener: usize, token: &str| {
        let mut client = Raw::connect(broker.mqtt[listener])?;
        client.send(&connect_with(token))?;
        client.expect(&[0x20])?;
        let body = client.skip_packet()?;
        anyhow::Ok(body[1])
    };
    let (of_all, of_own_token) = (token(&all, "one", 60)?, token(&own, "one", 60)?);
    for (listener, token, code) in [
        (0, &of_all, 0),
        (0, &of_own_token, 0x86),
        (1, &of_own_token, 0),
        (2, &of_own_token, 0),
        (1, &of_all, 0x86),
        // Nobody answers there.
        (3, &of_all, 0x88),
    ] {
        eventually(|| {
            let said = answer(listener, token)?;
            ensure!(
                said == code,
                "listener {listener}: {said:#x}, not {code:#x}"
            );
            Ok(())
        })?;
    }
    // The two listeners share what they fetch.
    ensure!(metric(&broker, "mqttlab_jwt_keys 2")?);
    ensure!(metric(&broker, "mqttlab_jwt_key_sets_missing 1")?);
    for (wrong, why) in [
        (
            at(", jwt-keys-url = \"http://127.0.0.1:9/\", jwt-keys-file = \"x\""),
            "give one of the two",
        ),
        (at(", jwt-keys-ca = \"x\""), "keys that are fetched"),
        (
            at(", take-tokens = false, jwt-keys-url = \"http://127.0.0.1:9/\""),
            "without tokens",
        ),
    ] {
        let refused = Broker::refusal(&wrong)?;
        ensure!(refused.contains(why), "{refused}");
    }
    Ok(())
}

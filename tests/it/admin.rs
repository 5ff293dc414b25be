//! The admin interface, as a program that has a token uses it.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::harness::{Broker, Folder, Raw, program};

const TOKEN: &str = "a-token-for-the-tests";

/// A broker whose admin interface is open.
struct Rig {
    broker: Broker,
    http: SocketAddr,
    /// Gone with the test.
    folder: Folder,
}

impl Rig {
    fn new(name: &str) -> Result<Self> {
        Self::start(Folder::new(name)?, &[])
    }

    fn start(folder: Folder, options: &[&str]) -> Result<Self> {
        let tokens = folder.path("tokens");
        fs::write(&tokens, format!("# for tests\n{TOKEN}\n"))?;
        let tokens = tokens.to_str().context("a plain path")?;
        let all = [&["--http", "127.0.0.1:0", "--token-file", tokens], options].concat();
        let broker = Broker::start_with(&all)?;
        let http = broker.http.context("it serves HTTP")?;
        Ok(Self {
            broker,
            http,
            folder,
        })
    }

    /// Asks with the token; gives the status and the JSON of the answer, null where there is none.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut headers = format!("Authorization: Bearer {TOKEN}\r\n");
        if !body.is_empty() {
            headers.push_str("Content-Type: application/json\r\n");
        }
        let (status, body) = request(self.http, method, path, &headers, &body)?;
        let json = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&body).with_context(|| body.clone())?
        };
        Ok((status, json))
    }

    /// What is there must be there.
    fn get(&self, path: &str) -> Result<Value> {
        let (status, json) = self.ask("GET", path, None)?;
        ensure!(status == 200, "{path}: {status} {json}");
        Ok(json)
    }

    /// A client with MQTT 5.0 whose session lasts, and a name of any length.
    fn client(&self, client_id: &str) -> Result<Raw> {
        let mut client = self.broker.connect()?;
        client.send(&connect(client_id))?;
        connack(&mut client, 0)?;
        Ok(client)
    }
}

fn request(
    http: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Result<(u16, String)> {
    let mut stream = Raw::connect(http)?;
    let length = body.len();
    stream.send(
        format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        )
        .as_bytes(),
    )?;
    let answer = stream.rest()?;
    let (head, body) = answer.split_once("\r\n\r\n").context("a whole answer")?;
    let status = head.split(' ').nth(1).context("a status")?.parse()?;
    Ok((status, body.to_owned()))
}

/// CONNECT of MQTT 5.0 with a Session Expiry Interval of 1000 s.
fn connect(client_id: &str) -> Vec<u8> {
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 5, 0, 0, 60];
    body.extend([5, 0x11, 0, 0, 3, 0xE8]);
    body.extend((client_id.len() as u16).to_be_bytes());
    body.extend(client_id.as_bytes());
    let mut packet = vec![0x10, body.len() as u8];
    packet.append(&mut body);
    packet
}

/// CONNACK with this Reason Code.
fn connack(client: &mut Raw, reason: u8) -> Result<()> {
    client.expect(&[0x20])?;
    let body = client.skip_packet()?;
    ensure!(body[1] == reason, "{body:02x?}");
    Ok(())
}

/// DISCONNECT with this Reason Code, and the end.
fn disconnected(client: &mut Raw, reason: u8) -> Result<()> {
    client.expect(&[0xE0])?;
    let body = client.skip_packet()?;
    ensure!(body.first() == Some(&reason), "{body:02x?}");
    client.expect_closed()
}

/// SUBSCRIBE of MQTT 5.0 at QoS 0, granted.
fn subscribe(client: &mut Raw, filter: &str) -> Result<()> {
    let length = filter.len() as u8;
    let mut packet = vec![0x82, length + 6, 0, 1, 0, 0, length];
    packet.extend(filter.as_bytes());
    packet.push(0);
    client.send(&packet)?;
    client.expect(&[0x90, 4, 0, 1, 0, 0])
}

/// PUBLISH of MQTT 5.0 at QoS 0.
fn publish(topic: &str, payload: &str, retain: bool) -> Vec<u8> {
    let length = topic.len() as u8;
    let whole = 3 + length + payload.len() as u8;
    let mut packet = vec![0x30 | u8::from(retain), whole, 0, length];
    packet.extend(topic.as_bytes());
    packet.push(0);
    packet.extend(payload.as_bytes());
    packet
}

#[test]
fn only_a_token_opens_the_admin_interface() -> Result<()> {
    let rig = Rig::new("tokens")?;
    let good = format!("Authorization: Bearer {TOKEN}\r\n");
    let page = format!("{good}Origin: http://elsewhere.example\r\n");
    let own_page = format!("{good}Origin: http://{}\r\n", rig.http);
    let cut = &TOKEN[..TOKEN.len() - 1];
    for (headers, status) in [
        (String::new(), 401),
        (format!("Authorization: Bearer {cut}\r\n"), 401),
        (format!("Authorization: Basic {TOKEN}\r\n"), 401),
        ("Authorization: Bearer \r\n".to_owned(), 401),
        (good.clone(), 200),
        (own_page, 200),
        // What a page elsewhere has a browser send is refused, whatever is in it.
        (page, 403),
        ("Origin: null\r\n".to_owned(), 403),
    ] {
        let got = request(rig.http, "GET", "/clients", &headers, "")?;
        ensure!(got.0 == status, "{headers}: {got:?}");
    }
    let large = "x".repeat(20 << 10);
    let json = format!("{good}Content-Type: application/json\r\n");
    for (method, path, body, status) in [
        ("POST", "/bans", &large[..], 413),
        ("POST", "/bans", "no json", 400),
        ("GET", "/nothing", "", 404),
        ("GET", "/../livez", "", 404),
        ("PUT", "/clients", "", 405),
    ] {
        let got = request(rig.http, method, path, &json, body)?;
        ensure!(got.0 == status, "{method} {path}: {got:?}");
    }
    let without = Broker::start_with(&["--http", "127.0.0.1:0"])?;
    let http = without.http.context("it serves HTTP")?;
    let (status, said) = request(http, "GET", "/clients", &good, "")?;
    ensure!(status == 403 && said.contains("--token-file"), "{said}");
    ensure!(request(http, "GET", "/version", "", "")?.0 == 200);
    Ok(())
}

#[test]
fn what_the_document_promises_is_there() -> Result<()> {
    let rig = Rig::new("document")?;
    let (status, document) = request(rig.http, "GET", "/openapi.json", "", "")?;
    ensure!(status == 200, "{document}");
    let document: Value = serde_json::from_str(&document)?;
    let paths = document["paths"].as_object().context("it has paths")?;
    ensure!(paths.len() == 12, "{paths:?}");
    for (path, operations) in paths {
        let operations = operations.as_object().context("it has operations")?;
        for (method, operation) in operations {
            let path = path.strip_prefix("/api/v1").context("it is below")?;
            let path = path.replace("{client_id}", "nobody");
            let method = method.to_uppercase();
            let body = (method == "POST").then(|| json!({}));
            let (status, answer) = rig.ask(&method, &path, body.as_ref())?;
            let known = operation["responses"].get(status.to_string());
            ensure!(known.is_some(), "{method} {path}: {status} {answer}");
            ensure!(
                answer["error"] != "there is nothing under this path",
                "{path}"
            );
        }
    }
    Ok(())
}

/// Names that need care in a path; the last is no longer connected.
const NAMES: [&str; 5] = ["a/b c%", "new?line", "né", "plain", "zz"];

/// Clients with these names, each with two subscriptions.
fn crowd(rig: &Rig) -> Result<Vec<Raw>> {
    let mut clients = Vec::new();
    for name in NAMES {
        let mut client = rig.client(name)?;
        subscribe(&mut client, "all/#")?;
        subscribe(&mut client, "$share/g/work")?;
        clients.push(client);
    }
    clients.pop();
    for _ in 0..100 {
        if rig.get("/sessions/zz")?["connected"] == false {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    Ok(clients)
}

#[test]
fn clients_and_sessions_are_listed_page_by_page() -> Result<()> {
    let rig = Rig::new("lists")?;
    let _clients = crowd(&rig)?;
    for (path, expected) in [("/sessions", &NAMES[..]), ("/clients", &NAMES[..4])] {
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let page = rig.get(&format!("{path}?limit=2{after}"))?;
            let items = page["items"].as_array().context("items")?;
            ensure!(items.len() <= 2, "{page}");
            seen.extend(items.iter().map(|item| item["client_id"].clone()));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = format!("&after={}", encoded(next));
        }
        ensure!(seen == expected, "{path}: {seen:?}");
    }
    let client = rig.get(&format!("/clients/{}", encoded(NAMES[0])))?;
    ensure!(
        client["version"] == "5.0" && client["subscriptions"] == 2,
        "{client}"
    );
    ensure!(
        client["address"]
            .as_str()
            .is_some_and(|a| a.starts_with("127.0.0.1:"))
    );
    let session = rig.get("/sessions/zz")?;
    ensure!(
        session["connected"] == false && session["expiry_s"] == 1000,
        "{session}"
    );
    ensure!(
        session["ends_in_s"].as_u64().is_some_and(|s| s > 900),
        "{session}"
    );
    for path in ["/clients/zz", "/sessions/nobody"] {
        ensure!(rig.ask("GET", path, None)?.0 == 404, "{path}");
    }
    Ok(())
}

#[test]
fn subscriptions_are_listed_of_one_session_of_all_and_by_topic() -> Result<()> {
    let rig = Rig::new("subscriptions")?;
    let _clients = crowd(&rig)?;
    let path = format!("/sessions/{}/subscriptions", encoded(NAMES[2]));
    let page = rig.get(&format!("{path}?limit=1"))?;
    ensure!(page["items"][0]["filter"] == "$share/g/work", "{page}");
    let next = encoded(page["next"].as_str().context("there is more")?);
    let page = rig.get(&format!("{path}?after={next}"))?;
    ensure!(
        page["items"][0]["filter"] == "all/#" && page["next"].is_null(),
        "{page}"
    );
    let all = rig.get("/subscriptions")?;
    ensure!(
        all["items"]
            .as_array()
            .is_some_and(|items| items.len() == 10),
        "{all}"
    );
    let reached = rig.get("/subscriptions?topic=work&limit=3")?;
    ensure!(
        reached["items"]
            .as_array()
            .is_some_and(|items| items.len() == 3),
        "{reached}"
    );
    ensure!(reached["next"] == NAMES[2], "{reached}");
    ensure!(rig.ask("GET", "/subscriptions?topic=a/%23", None)?.0 == 400);
    ensure!(rig.ask("GET", "/sessions/nobody/subscriptions", None)?.0 == 404);
    Ok(())
}

/// As part of a path or a query.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        // A String takes all that is written to it.
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

#[test]
fn a_client_is_kicked_and_a_session_ended() -> Result<()> {
    let rig = Rig::new("kick")?;
    let mut client = rig.client("pump")?;
    ensure!(rig.ask("DELETE", "/clients/pump", None)?.0 == 204);
    disconnected(&mut client, 0x98)?;
    ensure!(rig.ask("DELETE", "/clients/pump", None)?.0 == 404);
    ensure!(rig.get("/sessions/pump")?["connected"] == false);
    let mut client = rig.client("pump")?;
    ensure!(rig.ask("DELETE", "/sessions/pump", None)?.0 == 204);
    disconnected(&mut client, 0x98)?;
    ensure!(rig.ask("GET", "/sessions/pump", None)?.0 == 404);
    ensure!(rig.ask("DELETE", "/sessions/pump", None)?.0 == 404);
    Ok(())
}

#[test]
fn who_is_banned_is_thrown_out_and_kept_out() -> Result<()> {
    let rig = Rig::new("ban")?;
    let mut pump = rig.client("pump")?;
    let mut other = rig.client("other")?;
    let ban = json!({"client_id": "pump", "for_s": 1000, "note": "it floods"});
    let (status, said) = rig.ask("POST", "/bans", Some(&ban))?;
    ensure!(status == 201 && said["closed"] == 1, "{status} {said}");
    ensure!(said["survives_restart"] == false, "{said}");
    disconnected(&mut pump, 0x8A)?;
    let mut pump = rig.broker.connect()?;
    pump.send(&connect("pump"))?;
    connack(&mut pump, 0x8A)?;
    pump.expect_closed()?;
    other.expect_alive()?;
    let bans = rig.get("/bans")?;
    ensure!(bans["items"][0]["note"] == "it floods", "{bans}");
    ensure!(bans["items"][0]["ends_in_s"].as_u64() > Some(900), "{bans}");
    ensure!(rig.ask("DELETE", "/bans?client_id=pump", None)?.0 == 204);
    ensure!(rig.ask("DELETE", "/bans?client_id=pump", None)?.0 == 404);
    rig.client("pump")?;

    let ban = json!({"address": "127.0.0.1"});
    ensure!(rig.ask("POST", "/bans", Some(&ban))?.0 == 201);
    disconnected(&mut other, 0x8A)?;
    rig.broker.connect()?.expect_closed()?;
    ensure!(rig.ask("DELETE", "/bans?address=127.0.0.1", None)?.0 == 204);
    rig.client("other")?;
    for wrong in [
        json!({}),
        json!({"address": "127.0.0.1:1"}),
        json!({"address": "127.0.0.1", "client_id": "x"}),
        json!({"client_id": "x", "note": "x".repeat(2_000)}),
    ] {
        let (status, said) = rig.ask("POST", "/bans", Some(&wrong))?;
        ensure!(status == 400, "{wrong}: {said}");
    }
    Ok(())
}

#[test]
fn bans_survive_a_restart() -> Result<()> {
    let folder = Folder::new("kept-bans")?;
    let store = folder.path("broker.redb");
    let store = store.to_str().context("a plain path")?;
    let rig = Rig::start(folder, &["--store", store])?;
    for ban in [
        json!({"client_id": "pump", "for_s": 1000, "note": "it floods"}),
        json!({"client_id": "forgiven"}),
        json!({"address": "192.0.2.1"}),
        json!({"user_name": "mallory", "for_s": 0}),
    ] {
        let (status, said) = rig.ask("POST", "/bans", Some(&ban))?;
        ensure!(status == 201 && said["survives_restart"] == true, "{said}");
    }
    ensure!(rig.ask("DELETE", "/bans?client_id=forgiven", None)?.0 == 204);
    rig.broker.signal("TERM")?;
    let Rig { broker, folder, .. } = rig;
    broker.wait()?;

    let dumped = Command::new(program()?)
        .args(["store", "dump", store])
        .output()?;
    let dumped = String::from_utf8(dumped.stdout)?;
    let bans = dumped.lines().map(serde_json::from_str);
    let bans: Vec<Value> = bans.collect::<Result<_, _>>()?;
    ensure!(bans.len() == 2, "{dumped}");
    ensure!(bans[0]["ban"]["address"] == "192.0.2.1" && bans[0]["ends_in_s"].is_null());
    ensure!(bans[1]["ban"]["client_id"] == "pump" && bans[1]["because"] == "operator");

    let rig = Rig::start(folder, &["--store", store])?;
    let bans = rig.get("/bans")?;
    let items = bans["items"].as_array().context("a list")?;
    ensure!(items.len() == 2, "{bans}");
    ensure!(items[1]["note"] == "it floods", "{bans}");
    let ends_in_s = items[1]["ends_in_s"].as_u64();
    ensure!(Some(900) < ends_in_s && ends_in_s <= Some(1000), "{bans}");
    let mut pump = rig.broker.connect()?;
    pump.send(&connect("pump"))?;
    connack(&mut pump, 0x8A)?;
    rig.client("forgiven")?;
    Ok(())
}

#[test]
fn retained_messages_are_listed_and_cleared_by_filter() -> Result<()> {
    let rig = Rig::new("retained")?;
    let mut client = rig.client("c")?;
    for topic in ["a/1", "a/2", "a/3", "b/1"] {
        client.send(&publish(topic, "hello", true))?;
    }
    client.expect_alive()?;
    let page = rig.get("/retained?filter=a/%2B&limit=2")?;
    ensure!(page["items"][0]["topic"] == "a/1" && page["items"][0]["text"] == "hello");
    ensure!(
        page["items"][1]["publisher"] == "c" && page["next"] == "a/2",
        "{page}"
    );
    let page = rig.get("/retained?filter=a/%2B&limit=2&after=a/2")?;
    ensure!(
        page["items"][0]["topic"] == "a/3" && page["next"] == Value::Null,
        "{page}"
    );

    let mut hears = rig.client("hears")?;
    subscribe(&mut hears, "b/#")?;
    hears.expect(&publish("b/1", "hello", true))?;
    ensure!(rig.ask("DELETE", "/retained", None)?.0 == 400);
    ensure!(rig.ask("DELETE", "/retained?filter=a%23", None)?.0 == 400);
    let (_, said) = rig.ask("DELETE", "/retained?filter=a/%23", None)?;
    ensure!(said == json!({"cleared": 3}), "{said}");
    ensure!(
        rig.get("/retained?filter=%23")?["items"]
            .as_array()
            .map(Vec::len)
            == Some(1)
    );
    // Whoever subscribes hears that it is cleared, as if a client had done it.
    rig.ask("DELETE", "/retained?filter=b/%23", None)?;
    hears.expect(&publish("b/1", "", false))
}

/// However many there are, and in all loops.
#[test]
fn all_retained_messages_that_match_are_cleared_by_one_call() -> Result<()> {
    let rig = Rig::start(Folder::new("clear")?, &["--threads", "3"])?;
    let mut client = rig.client("c")?;
    for number in 0..350 {
        client.send(&publish(&format!("many/{number}"), "x", true))?;
    }
    client.send(&publish("other", "x", true))?;
    client.expect_alive()?;
    let (status, said) = rig.ask("DELETE", "/retained?filter=many/%23", None)?;
    ensure!(
        status == 200 && said == json!({"cleared": 350}),
        "{status} {said}"
    );
    let left = rig.get("/retained?filter=%23")?;
    ensure!(
        left["items"].as_array().map(Vec::len) == Some(1) && left["items"][0]["topic"] == "other",
        "{left}"
    );
    // Whoever comes now, in whichever loop, gets none of them.
    for name in ["d", "e", "f", "g", "h"] {
        let mut late = rig.client(name)?;
        subscribe(&mut late, "#")?;
        late.expect(&publish("other", "x", true))?;
        late.expect_alive()?;
    }
    Ok(())
}

/// Bytes that are no text are shown as well.
#[test]
fn retained_bytes_are_listed_in_base64() -> Result<()> {
    let rig = Rig::new("base64")?;
    let mut client = rig.client("c")?;
    client.send(&[0x31, 6, 0, 1, b'b', 0, 0xFF, 0x00])?;
    client.send(&publish("t", "x", true))?;
    client.expect_alive()?;
    let page = rig.get("/retained?filter=%2B")?;
    let (bytes, text) = (&page["items"][0], &page["items"][1]);
    ensure!(
        bytes["text"].is_null() && bytes["base64"] == "/wA=",
        "{page}"
    );
    ensure!(text["text"] == "x" && text["base64"].is_null(), "{page}");
    Ok(())
}

/// Programs read the same form of answer whatever was wrong, and a slip is not taken for nothing.
#[test]
fn wrong_requests_are_answered_in_one_form() -> Result<()> {
    let rig = Rig::new("wrong")?;
    for (method, path, status, why) in [
        ("GET", "/clients/%ff", 400, "UTF-8"),
        (
            "GET",
            "/retained?limit=-1",
            400,
            "limit: give a number up to 1000",
        ),
        ("GET", "/retained?filtr=x", 400, "did you mean filter?"),
        ("GET", "/clients?nonsense=1", 400, "there are after, limit"),
        ("GET", "/limits?nonsense=1", 400, "there are none here"),
        (
            "DELETE",
            "/retained?filter=a&limit=1",
            400,
            "limit: no such",
        ),
        ("DELETE", "/bans?addres=::1", 400, "did you mean address?"),
        ("POST", "/bans?for_s=1", 400, "there are none here"),
        ("GET", "/nothing?x=1", 404, "nothing under this path"),
        ("PUT", "/clients?x=1", 405, "does not take that method"),
    ] {
        let (got, answer) = rig.ask(method, path, None)?;
        let error = answer["error"].as_str().unwrap_or_default();
        ensure!(
            got == status && error.contains(why),
            "{method} {path}: {got} {answer}"
        );
    }
    let large = json!({"note": "x".repeat(20 << 10)});
    let (status, answer) = rig.ask("POST", "/bans", Some(&large))?;
    ensure!(status == 413 && answer["error"].is_string(), "{answer}");
    Ok(())
}

#[test]
fn decisions_about_a_client_are_told_while_it_runs() -> Result<()> {
    let rig = Rig::new("trace")?;
    let mut pump = rig.client("pump")?;
    pump.expect_alive()?;
    ensure!(rig.ask("GET", "/traces/pump", None)?.0 == 404);
    ensure!(rig.ask("PUT", "/traces/pump", None)?.0 == 204);
    pump.expect_alive()?;
    let trace = rig.get("/traces/pump")?;
    let lines = trace["lines"].as_array().context("lines")?;
    ensure!(lines.len() == 1, "{trace}");
    let text = lines[0]["text"].as_str().context("a sentence")?;
    ensure!(text.ends_with("[MQTT-3.12.4-1]"), "{text}");
    // A new connection is traced as well, also where it is refused.
    drop(pump);
    let mut pump = rig.client("pump")?;
    let said = rig.get("/traces/pump")?.to_string();
    ensure!(said.contains("is connected, Session Present 1"), "{said}");
    ensure!(rig.get("/traces")?["items"][0]["client_id"] == "pump");
    ensure!(rig.get("/clients/pump")?["traced"] == true);
    ensure!(rig.ask("DELETE", "/traces/pump", None)?.0 == 204);
    pump.expect_alive()?;
    ensure!(rig.ask("GET", "/traces/pump", None)?.0 == 404);
    for number in 0..16 {
        ensure!(rig.ask("PUT", &format!("/traces/{number}"), None)?.0 == 204);
    }
    ensure!(rig.ask("PUT", "/traces/one-more", None)?.0 == 409);
    let (_, log) = {
        let Rig { broker, .. } = rig;
        broker.signal("TERM")?;
        broker.wait()?
    };
    ensure!(log.contains("[MQTT-3.12.4-1]"), "{log}");
    Ok(())
}

#[test]
fn limits_are_told_and_files_read_again() -> Result<()> {
    let rig = Rig::new("limits")?;
    let _client = rig.client("c")?;
    let limits = rig.get("/limits")?;
    let global = limits["global"].as_array().context("global")?;
    let sessions = global.iter().find(|limit| limit["name"] == "sessions-max");
    ensure!(sessions == Some(&json!({"name": "sessions-max", "limit": 1_000_000, "used": 1})));

    let tokens = rig.folder.path("tokens");
    fs::write(&tokens, "short\n")?;
    let (status, said) = rig.ask("POST", "/reload", None)?;
    let why = said["error"].as_str().unwrap_or_default();
    ensure!(
        status == 422 && why.contains("shorter than 16"),
        "{status} {said}"
    );
    // The old one is still good, until a good file says otherwise.
    fs::write(&tokens, "another-token-for-the-tests\n")?;
    ensure!(rig.ask("POST", "/reload", None)?.0 == 204);
    ensure!(rig.ask("GET", "/limits", None)?.0 == 401);
    Ok(())
}

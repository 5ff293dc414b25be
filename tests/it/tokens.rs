//! JSON Web Tokens in place of passwords.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PublicKeyData};
use serde_json::json;

use crate::harness::{Broker, Folder};

const ACCEPTED: u8 = 0;
const BAD_PASSWORD: u8 = 4;

/// CONNECT of MQTT 3.1.1 with Clean Session, a user name and a password of any length.
fn connect(user: &str, password: &str) -> Vec<u8> {
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, 0xC2, 0, 60, 0, 1, b'c'];
    for text in [user, password] {
        body.extend((text.len() as u16).to_be_bytes());
        body.extend(text.as_bytes());
    }
    let mut packet = vec![0x10];
    match body.len() {
        length @ 0..128 => packet.push(length as u8),
        length => packet.extend([(length % 128) as u8 | 128, (length / 128) as u8]),
    }
    packet.append(&mut body);
    packet
}

fn token(algorithm: Algorithm, key: &EncodingKey, name: &str, lasts_s: i64) -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    let mut header = Header::new(algorithm);
    header.kid = Some("k1".into());
    let claims = json!({"sub": name, "exp": now + lasts_s});
    Ok(encode(&header, &claims, key)?)
}

/// The public half in a key set.
fn key_set(key: &KeyPair) -> String {
    let (x, y) = key.der_bytes()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "alg": "ES256", "x": x, "y": y}]})
        .to_string()
}

fn expect(broker: &Broker, user: &str, password: &str, code: u8) -> Result<()> {
    let mut client = broker.connect()?;
    client.send(&connect(user, password))?;
    client.expect(&[0x20, 2, 0, code])
}

#[test]
fn a_token_lets_in_whom_it_is_about_and_no_other() -> Result<()> {
    let folder = Folder::new("tokens")?;
    let (old, new) = (KeyPair::generate()?, KeyPair::generate()?);
    let file = folder.path("keys.json");
    fs::write(&file, key_set(&old))?;
    let set = format!("auth.jwt-keys-file={file:?}");
    let broker = Broker::start_with(&["--http", "off", "--set", &set])?;
    let sign = |key: &KeyPair| EncodingKey::from_ec_der(key.serialized_der());
    let good = token(Algorithm::ES256, &sign(&old), "ann", 60)?;
    expect(&broker, "ann", &good, ACCEPTED)?;
    expect(&broker, "bob", &good, BAD_PASSWORD)?;
    expect(&broker, "ann", "secret", BAD_PASSWORD)?;
    let late = token(Algorithm::ES256, &sign(&old), "ann", -60)?;
    expect(&broker, "ann", &late, BAD_PASSWORD)?;
    // The public key, taken for a secret that both sides know.
    let public = EncodingKey::from_secret(old.der_bytes());
    let forged = token(Algorithm::HS256, &public, "ann", 60)?;
    expect(&broker, "ann", &forged, BAD_PASSWORD)?;
    let foreign = token(Algorithm::ES256, &sign(&new), "ann", 60)?;
    expect(&broker, "ann", &foreign, BAD_PASSWORD)?;

    // The keys change while it runs.
    fs::write(&file, key_set(&new))?;
    broker.signal("HUP")?;
    for _ in 0..200 {
        if expect(&broker, "ann", &foreign, ACCEPTED).is_ok() {
            return expect(&broker, "ann", &good, BAD_PASSWORD);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    expect(&broker, "ann", &foreign, ACCEPTED).context("the new keys")
}

#[test]
fn keys_that_choose_no_algorithm_keep_it_from_starting() -> Result<()> {
    let folder = Folder::new("no-alg")?;
    let file = folder.path("keys.json");
    let set = format!("auth.jwt-keys-file={file:?}");
    fs::write(
        &file,
        key_set(&KeyPair::generate()?).replace("\"alg\":\"ES256\",", ""),
    )?;
    let refused = Broker::start_with(&["--http", "off", "--set", &set]).err();
    let refused = refused.context("a key has no alg")?.to_string();
    ensure!(refused.contains("needs an alg"), "{refused}");
    Ok(())
}

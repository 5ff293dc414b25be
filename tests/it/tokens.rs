//! JSON Web Tokens in place of passwords.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PublicKeyData};
use serde_json::json;

use crate::harness::{Broker, Folder, Raw};

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
    token_for(algorithm, key, name, lasts_s, None)
}

fn token_for(
    algorithm: Algorithm,
    key: &EncodingKey,
    name: &str,
    lasts_s: i64,
    audience: Option<&str>,
) -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    let mut header = Header::new(algorithm);
    header.kid = Some("k1".into());
    let mut claims = json!({"sub": name, "exp": now + lasts_s});
    if let Some(audience) = audience {
        claims["aud"] = audience.into();
    }
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
    ensure!(broker.reload()?);
    expect(&broker, "ann", &foreign, ACCEPTED).context("the new keys")?;
    expect(&broker, "ann", &good, BAD_PASSWORD).context("the old keys")
}

#[test]
fn listeners_have_keys_and_claims_of_their_own() -> Result<()> {
    let folder = Folder::new("token-doors")?;
    let (all, own) = (KeyPair::generate()?, KeyPair::generate()?);
    let (all_file, own_file) = (folder.path("all.json"), folder.path("own.json"));
    fs::write(&all_file, key_set(&all))?;
    fs::write(&own_file, key_set(&own))?;
    let at = |keys: &str| format!("{{ address = \"127.0.0.1:0\", {keys} }}");
    let listeners = [
        at("connections-max = 9"),
        at("jwt-audience = \"devices\""),
        at(&format!("jwt-keys-file = {own_file:?}")),
        at("take-tokens = false, password-file = \"PASSWORDS\""),
    ];
    let passwords = folder.path("passwords");
    fs::write(&passwords, "")?;
    let set = format!("listener=[{}]", listeners.join(", "));
    let set = set.replace("\"PASSWORDS\"", &format!("{passwords:?}"));
    let keys = format!("auth.jwt-keys-file={all_file:?}");
    let options = ["--http", "off", "--set", &set, "--set", &keys];
    let broker = Broker::start_listening(&options, 4)?;
    let sign = |key: &KeyPair, audience: Option<&str>| {
        let key = EncodingKey::from_ec_der(key.serialized_der());
        token_for(Algorithm::ES256, &key, "ann", 60, audience)
    };
    let plain = sign(&all, None)?;
    let device = sign(&all, Some("devices"))?;
    let other = sign(&own, None)?;
    for (token, codes) in [
        (plain, [ACCEPTED, BAD_PASSWORD, BAD_PASSWORD, BAD_PASSWORD]),
        (device, [ACCEPTED, ACCEPTED, BAD_PASSWORD, BAD_PASSWORD]),
        (other, [BAD_PASSWORD, BAD_PASSWORD, ACCEPTED, BAD_PASSWORD]),
    ] {
        for (listener, code) in codes.into_iter().enumerate() {
            let mut client = Raw::connect(broker.mqtt[listener])?;
            client.send(&connect("ann", &token))?;
            client
                .expect(&[0x20, 2, 0, code])
                .with_context(|| format!("listener {listener}"))?;
        }
    }
    for (wrong, why) in [
        (at("jwt-issuer = \"x\""), "need keys"),
        (
            at("take-tokens = false, jwt-audience = \"x\""),
            "without tokens",
        ),
    ] {
        let refused = Broker::refusal(&wrong)?;
        ensure!(refused.contains(why), "{refused}");
    }
    Ok(())
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

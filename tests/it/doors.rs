//! Listeners that let in different clients: by certificate, by version, by password, by number.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DistinguishedName, DnType, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SanType, SerialNumber,
};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use time::{Duration, OffsetDateTime};

use crate::harness::{Broker, Folder, PATIENCE, Raw, program};

const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];
const NOT_AUTHORIZED: &[u8] = &[0x20, 2, 0, 5];

/// CONNECT with Clean Session for the client `c`, which says that its name is `eve`, without a password.
const CONNECT_AS_EVE: &[u8] = &[
    0x10, 18, 0, 4, b'M', b'Q', b'T', b'T', 4, 0x82, 0, 60, 0, 1, b'c', 0, 3, b'e', b'v', b'e',
];
const CONNECT: &[u8] = &[
    0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1, b'c',
];

/// Roots, a server's certificate, and those of clients by serial number.
struct Authority {
    folder: Folder,
    root: CertifiedIssuer<'static, KeyPair>,
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

impl Authority {
    fn new(name: &str) -> Result<Self> {
        let folder = Folder::new(name)?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let server = CertificateParams::new(["localhost".to_owned()])?.signed_by(&key, &root)?;
        fs::write(folder.path("root.pem"), root.pem())?;
        fs::write(folder.path("server.pem"), server.pem())?;
        fs::write(folder.path("server.key"), key.serialize_pem())?;
        Ok(Self { folder, root })
    }

    fn path(&self, file: &str) -> String {
        self.folder.path(file).to_string_lossy().into_owned()
    }

    /// Writes a list of the certificates that are good no longer.
    fn revoke(&self, serial: u64) -> Result<()> {
        let now = OffsetDateTime::now_utc();
        let list = CertificateRevocationListParams {
            this_update: now - Duration::HOUR,
            next_update: now + Duration::DAY,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from(serial),
                revocation_time: now - Duration::HOUR,
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.root)?;
        fs::write(self.folder.path("revoked.pem"), list.pem()?)?;
        Ok(())
    }

    /// A broker whose one listener has these keys beside those that TLS needs.
    fn broker(&self, keys: &str, options: &[&str]) -> Result<Broker> {
        let set = format!(
            "listener=[{{ address = \"mqtts://127.0.0.1:0\", certificate = {:?}, key = {:?}, client-ca = {:?}, {keys} }}]",
            self.path("server.pem"),
            self.path("server.key"),
            self.path("root.pem"),
        );
        Broker::start_configured(&[&["--http", "off", "--set", &set], options].concat())
    }

    /// A client's side of TLS, with a certificate for these Common Names.
    fn client(&self, address: SocketAddr, names: &[&str], serial: u64) -> Result<Tls> {
        let good = CertificateParams::new(["client".to_owned()])?;
        self.client_with(address, good, names, serial)
    }

    /// The same with a certificate that begins as this one; of its subject only the organization counts.
    fn client_with(
        &self,
        address: SocketAddr,
        mut params: CertificateParams,
        names: &[&str],
        serial: u64,
    ) -> Result<Tls> {
        let key = KeyPair::generate()?;
        let organization = params.distinguished_name;
        params.distinguished_name = DistinguishedName::new();
        if let Some(name) = organization.get(&DnType::OrganizationName) {
            let name = name.clone();
            params
                .distinguished_name
                .push(DnType::OrganizationName, name);
        }
        for name in names {
            params.distinguished_name.push(DnType::CommonName, *name);
        }
        params.serial_number = Some(SerialNumber::from(serial));
        let certificate = params.signed_by(&key, &self.root)?.der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone())?;
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate], key)?;
        let name = ServerName::try_from("localhost")?;
        let connection = ClientConnection::new(Arc::new(config), name)?;
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(StreamOwned::new(connection, stream))
    }
}

fn expect(stream: &mut impl Read, bytes: &[u8]) -> Result<()> {
    let mut got = vec![0; bytes.len()];
    stream.read_exact(&mut got)?;
    ensure!(got == bytes, "{got:02x?} came instead of {bytes:02x?}");
    Ok(())
}

#[test]
fn the_name_in_the_certificate_is_that_of_the_client() -> Result<()> {
    let authority = Authority::new("identity")?;
    let rules = authority.path("rules");
    fs::write(
        &rules,
        "user sensor\ntopic readwrite s\nuser eve\ntopic readwrite e\n",
    )?;
    let keys = "user-name-from = \"common-name\"";
    let broker = authority.broker(keys, &["--acl-file", &rules])?;
    let mut client = authority.client(broker.address(), &["sensor"], 1)?;
    // Whatever it calls itself.
    client.write_all(CONNECT_AS_EVE)?;
    expect(&mut client, ACCEPTED)?;
    for (topic, code) in [(b's', 0), (b'e', 0x80)] {
        client.write_all(&[0x82, 6, 0, 1, 0, 1, topic, 0])?;
        expect(&mut client, &[0x90, 3, 0, 1, code])?;
    }
    let odd: [&[&str]; 4] = [&[], &["sensor", "eve"], &[""], &["new\nline"]];
    for names in odd {
        let mut client = authority.client(broker.address(), names, 2)?;
        client.write_all(CONNECT)?;
        expect(&mut client, NOT_AUTHORIZED).with_context(|| format!("{names:?}"))?;
    }
    Ok(())
}

#[test]
fn a_client_must_be_called_as_it_has_proven_where_that_is_asked() -> Result<()> {
    let authority = Authority::new("bound")?;
    let keys = "user-name-from = \"common-name\", client-id-is-user-name = true";
    let broker = authority.broker(keys, &[])?;
    let_in(&mut authority.client(broker.address(), &["c"], 1)?)?;
    let mut other = authority.client(broker.address(), &["sensor"], 2)?;
    other.write_all(CONNECT)?;
    // The Client Identifier is not valid.
    expect(&mut other, &[0x20, 2, 0, 2])?;
    // With names that nobody proves it would be worth nothing.
    let listener = "listener=[{ address = \"127.0.0.1:0\", client-id-is-user-name = true }]";
    let output = Command::new(program()?)
        .args(["broker", "--check-config", "--set", listener])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2), "{said}");
    ensure!(said.contains("give a password file"), "{said}");
    Ok(())
}

#[test]
fn the_name_is_taken_from_where_it_is_said_to_be() -> Result<()> {
    let authority = Authority::new("names")?;
    let rules = authority.path("rules");
    fs::write(
        &rules,
        "user pump.example.org\ntopic readwrite d\nuser ann@example.org\ntopic readwrite e\n\
         user urn:pump:1\ntopic readwrite u\nuser CN=sensor\ntopic readwrite c\n\
         user CN=b,O=a\ntopic readwrite t\nuser CN=b\\,O\\=a\ntopic readwrite o\n",
    )?;
    let with = |names: &[SanType], common_names: &[&str]| {
        let mut params = CertificateParams::default();
        if common_names == ["b"] {
            let subject = &mut params.distinguished_name;
            subject.push(DnType::OrganizationName, "a");
        }
        params.subject_alt_names = names.to_vec();
        params
    };
    let dns = SanType::DnsName("pump.example.org".try_into()?);
    let mail = SanType::Rfc822Name("ann@example.org".try_into()?);
    let uri = SanType::URI("urn:pump:1".try_into()?);
    let all = [dns.clone(), mail.clone(), uri.clone()];
    let both = [
        dns.clone(),
        SanType::DnsName("other.example.org".try_into()?),
    ];
    for (from, names, common_names, topic) in [
        ("san-dns", &all[..], &["eve"][..], Some(b'd')),
        ("san-email", &all, &[], Some(b'e')),
        ("san-uri", &all, &["eve"], Some(b'u')),
        ("subject", &all, &["sensor"], Some(b'c')),
        ("subject", &[], &["b"], Some(b't')),
        // One that has the look of two.
        ("subject", &[], &["b,O=a"], Some(b'o')),
        ("subject", &all, &[], None),
        ("san-dns", &both, &["eve"], None),
        ("san-uri", &[dns, mail], &["eve"], None),
        ("san-email", &[], &["eve"], None),
    ] {
        let keys = format!("user-name-from = {from:?}");
        let broker = authority.broker(&keys, &["--acl-file", &rules])?;
        let params = with(names, common_names);
        let mut client = authority.client_with(broker.address(), params, common_names, 1)?;
        client.write_all(CONNECT)?;
        let Some(topic) = topic else {
            expect(&mut client, NOT_AUTHORIZED).context(from)?;
            continue;
        };
        expect(&mut client, ACCEPTED).context(from)?;
        for other in *b"deucto" {
            client.write_all(&[0x82, 6, 0, 1, 0, 1, other, 0])?;
            let code = if other == topic { 0 } else { 0x80 };
            expect(&mut client, &[0x90, 3, 0, 1, code]).context(from)?;
        }
    }
    Ok(())
}

#[test]
fn rules_are_for_client_identifiers_addresses_and_certificates_too() -> Result<()> {
    let authority = Authority::new("origins")?;
    let rules = authority.path("rules");
    fs::write(&rules, "client c\ntopic readwrite c\n")?;
    let broker = authority.broker("", &["--acl-file", &rules])?;
    let mut client = authority.client(broker.address(), &["sensor"], 1)?;
    let_in(&mut client)?;
    let may = |client: &mut Tls, topics: &[u8]| {
        for topic in *b"cakxw" {
            client.write_all(&[0x82, 6, 0, 1, 0, 1, topic, 0])?;
            let code = if topics.contains(&topic) { 0 } else { 0x80 };
            let context = || format!("topic {}", char::from(topic));
            expect(client, &[0x90, 3, 0, 1, code]).with_context(context)?;
        }
        anyhow::Ok(())
    };
    may(&mut client, b"c")?;
    let more = "client c\ntopic readwrite c\naddress 127.0.0.0/8\ntopic readwrite a\n\
                address 10.0.0.1\ntopic readwrite x\ncertificate CN=sensor\ntopic readwrite k\n\
                certificate CN=other\ntopic readwrite w\n";
    fs::write(&rules, more)?;
    // It holds for those who are there, and for those who come.
    ensure!(broker.reload()?);
    may(&mut client, b"cak")?;
    let mut other = authority.client(broker.address(), &["other"], 2)?;
    // CONNECT with Clean Session for the client `o`.
    let as_o = [&CONNECT[..CONNECT.len() - 1], b"o"].concat();
    other.write_all(&as_o)?;
    expect(&mut other, ACCEPTED)?;
    may(&mut other, b"aw")?;
    let check = |arguments: &[&str]| -> Result<String> {
        let output = Command::new(program()?)
            .args(["acl", "check", "--acl-file", &rules])
            .args(arguments)
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let said = check(&["-", "o", "a"])?;
    ensure!(
        said.contains("no line allows it") && said.contains("--address"),
        "{said}"
    );
    let said = check(&["--address", "127.0.0.1", "-", "o", "a"])?;
    ensure!(
        said.contains("allowed  line 4: topic readwrite a"),
        "{said}"
    );
    let said = check(&["--certificate", "CN=other", "-", "o", "w"])?;
    ensure!(
        said.contains("allowed  line 10: topic readwrite w"),
        "{said}"
    );
    let said = check(&["-", "c", "c"])?;
    ensure!(
        said.contains("allowed  line 2: topic readwrite c"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_revoked_certificate_lets_nobody_in() -> Result<()> {
    let authority = Authority::new("revoked")?;
    let list = authority.path("revoked.pem");
    let keys = format!("client-crl = {list:?}");
    // Without the list nobody knows who is still good.
    let refused = authority.broker(&keys, &[]).err();
    let refused = refused.context("the list is missing")?.to_string();
    ensure!(refused.contains("revoked.pem"), "{refused}");
    authority.revoke(7)?;
    let broker = authority.broker(&keys, &[])?;
    for (serial, is_good) in [(6, true), (7, false)] {
        let mut client = authority.client(broker.address(), &["c"], serial)?;
        let asked = client
            .write_all(CONNECT)
            .map_err(anyhow::Error::from)
            .and_then(|()| expect(&mut client, ACCEPTED));
        ensure!(asked.is_ok() == is_good, "{serial}: {asked:?}");
    }
    Ok(())
}

/// CONNECT over this, answered by CONNACK 0.
fn let_in(client: &mut Tls) -> Result<()> {
    client.write_all(CONNECT)?;
    expect(client, ACCEPTED)
}

#[test]
fn a_certificate_out_of_its_time_or_of_others_lets_nobody_in() -> Result<()> {
    let authority = Authority::new("out-of-time")?;
    let stranger = Authority::new("stranger")?;
    let broker = authority.broker("", &[])?;
    let now = OffsetDateTime::now_utc();
    for (before, after, is_good) in [
        (-Duration::DAY, Duration::DAY, true),
        (-Duration::DAY * 2, -Duration::DAY, false),
        (Duration::DAY, Duration::DAY * 2, false),
    ] {
        let mut params = CertificateParams::new(["client".to_owned()])?;
        params.not_before = now + before;
        params.not_after = now + after;
        let mut client = authority.client_with(broker.address(), params, &["c"], 1)?;
        let asked = let_in(&mut client);
        ensure!(asked.is_ok() == is_good, "{before} to {after}: {asked:?}");
    }
    // One that somebody else has signed, shown to a broker whose own certificate is trusted all the same.
    let key = KeyPair::generate()?;
    let foreign = CertificateParams::new(["client".to_owned()])?.signed_by(&key, &stranger.root)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let mut roots = RootCertStore::empty();
    roots.add(authority.root.der().clone())?;
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![foreign.der().clone()], key)?;
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost")?)?;
    let mut client = StreamOwned::new(connection, TcpStream::connect(broker.address())?);
    ensure!(let_in(&mut client).is_err(), "it was let in");
    Ok(())
}

/// Handshakes that end in the middle, that never go on, and that are noise.
#[test]
fn broken_handshakes_leave_nothing_behind() -> Result<()> {
    let authority = Authority::new("broken")?;
    let options = ["--log", "error", "--set", "broker.connect-timeout-ms=1000"];
    let broker = authority.broker("", &options)?;
    // How a handshake begins, as rustls writes it, for a host that is not here.
    let config = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let name = ServerName::try_from("xn--nothing-here.example")?;
    let mut hello = Vec::new();
    ClientConnection::new(Arc::new(config), name)?.write_tls(&mut hello)?;
    let mut noise = mqttlab_core::rng::Rng::new(1);
    for round in 0..600 {
        let mut stream = TcpStream::connect(broker.address())?;
        let end = noise.below(hello.len() as u64 + 1) as usize;
        let mut bytes = hello[..end].to_vec();
        if round % 3 == 0 {
            bytes
                .iter_mut()
                .skip(5)
                .for_each(|byte| *byte ^= noise.next_u64() as u8);
        }
        // It may be closed already.
        let _ = stream.write_all(&bytes);
    }
    // One that stops half-way is closed when its time is over.
    let started = std::time::Instant::now();
    let mut stuck = TcpStream::connect(broker.address())?;
    stuck.set_read_timeout(Some(PATIENCE))?;
    stuck.write_all(&hello)?;
    let mut rest = Vec::new();
    // A reset is an end as well.
    let _ = stuck.read_to_end(&mut rest);
    let after = started.elapsed();
    ensure!(
        after >= std::time::Duration::from_millis(900) && after < PATIENCE / 2,
        "closed after {after:?}"
    );
    #[cfg(target_os = "linux")]
    {
        let open =
            || -> Result<usize> { Ok(fs::read_dir(format!("/proc/{}/fd", broker.id()))?.count()) };
        let waited = std::time::Instant::now();
        while open()? > 30 {
            ensure!(waited.elapsed() < PATIENCE, "{} files are open", open()?);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
    let_in(&mut authority.client(broker.address(), &["c"], 1)?)
}

/// Waits until so many tries to read everything again have failed.
#[cfg(unix)]
fn until_failed(broker: &Broker, count: u32) -> Result<()> {
    let wanted = format!("mqttlab_reloads_failed_total {count}");
    let started = std::time::Instant::now();
    loop {
        let mut scraper = Raw::connect(broker.http.context("it serves HTTP")?)?;
        scraper.send(b"GET /metrics HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n")?;
        let text = scraper.rest()?;
        let has = |line: &str| text.lines().any(|other| other == line);
        if has(&wanted) {
            let stale = u8::from(count > 0);
            ensure!(
                has(&format!("mqttlab_configuration_stale {stale}")),
                "{text}"
            );
            return Ok(());
        }
        ensure!(
            started.elapsed() < PATIENCE,
            "{wanted} does not come: {text}"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Certificate, key, roots, lists, rules: whichever is spoilt, all stays as it was, and metrics and exit status say so.
#[cfg(unix)]
#[test]
fn spoilt_files_change_nothing_and_are_told() -> Result<()> {
    let authority = Authority::new("spoilt")?;
    authority.revoke(7)?;
    let rules = authority.path("rules");
    fs::write(&rules, "topic readwrite #\n")?;
    let list = authority.path("revoked.pem");
    let file = authority.path("broker.toml");
    let content = format!(
        "[[listener]]\naddress = \"mqtts://127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\nclient-ca = {:?}\n\
         client-crl = {list:?}\n[auth]\nacl-file = {rules:?}\n",
        authority.path("server.pem"),
        authority.path("server.key"),
        authority.path("root.pem"),
    );
    fs::write(&file, content)?;
    let options = ["--config", &file, "--http", "127.0.0.1:0"];
    let broker = Broker::start_configured(&options)?;
    let check = || -> Result<Option<i32>> {
        let output = Command::new(program()?)
            .args(["broker", "--check-config", "--config", &file])
            .output()?;
        Ok(output.status.code())
    };
    until_failed(&broker, 0)?;
    ensure!(check()? == Some(0));
    let mut stays = authority.client(broker.address(), &["stays"], 2)?;
    let_in(&mut stays)?;
    let names = [
        "server.pem",
        "server.key",
        "root.pem",
        "revoked.pem",
        "rules",
        "broker.toml",
    ];
    for (count, name) in (1..).zip(names) {
        let path = authority.path(name);
        let good = fs::read(&path)?;
        fs::write(&path, b"\x00garbage\xFF\n")?;
        ensure!(check()? == Some(2), "{name}");
        broker.signal("HUP")?;
        until_failed(&broker, count).with_context(|| name.to_owned())?;
        // Who was good still is, and who was not is not.
        let mut client = authority.client(broker.address(), &["new"], 3)?;
        client.write_all(&CONNECT[..14])?;
        client.write_all(b"n")?;
        expect(&mut client, ACCEPTED).with_context(|| name.to_owned())?;
        let revoked = let_in(&mut authority.client(broker.address(), &["c"], 7)?);
        ensure!(revoked.is_err(), "{name}: a revoked one is let in");
        fs::write(&path, good)?;
    }
    stays.write_all(&[0xC0, 0])?;
    expect(&mut stays, &[0xD0, 0])
}

#[test]
fn each_listener_has_its_own_versions_passwords_and_limit() -> Result<()> {
    let folder = Folder::new("listeners")?;
    let passwords = folder.path("passwords");
    let mut passwd = Command::new(program()?)
        .arg("passwd")
        .arg(&passwords)
        .arg("ann")
        .stdin(Stdio::piped())
        .spawn()?;
    passwd
        .stdin
        .take()
        .context("piped")?
        .write_all(b"secret\n")?;
    ensure!(passwd.wait()?.success());
    let passwords = passwords.to_string_lossy().into_owned();
    let listeners = [
        "{ address = \"127.0.0.1:0\", versions = [\"5.0\"] }".to_owned(),
        format!("{{ address = \"127.0.0.1:0\", password-file = {passwords:?} }}"),
        format!(
            "{{ address = \"127.0.0.1:0\", password-file = {passwords:?}, allow-anonymous = true, connections-max = 1 }}"
        ),
    ];
    let file = folder.path("broker.toml");
    let file = file.to_str().context("a plain path")?;
    fs::write(
        file,
        format!(
            "listener = [{}]\n[http]\naddress = \"off\"\n",
            listeners.join(", ")
        ),
    )?;
    let broker = Broker::start_listening(&["--config", file, "--http", "off"], 3)?;
    for (listener, expected) in [
        (0, &[0x20, 2, 0, 1][..]),
        (1, NOT_AUTHORIZED),
        (2, ACCEPTED),
    ] {
        let mut client = Raw::connect(broker.mqtt[listener])?;
        client.send(CONNECT)?;
        client.expect(expected)?;
        if listener == 2 {
            let mut other = Raw::connect(broker.mqtt[listener])?;
            other.expect_closed()?;
            client.expect_alive()?;
        }
    }
    Ok(())
}

#[test]
fn acl_check_explains() -> Result<()> {
    let folder = Folder::new("explains")?;
    let rules = folder.path("rules");
    fs::write(&rules, "user ann\ntopic read home/#\n")?;
    let check = |arguments: &[&str]| -> Result<(Option<i32>, String)> {
        let output = Command::new(program()?)
            .args(["acl", "check", "--acl-file"])
            .arg(&rules)
            .args(arguments)
            .output()?;
        let said = [output.stdout, output.stderr].concat();
        Ok((
            output.status.code(),
            String::from_utf8_lossy(&said).into_owned(),
        ))
    };
    let (code, said) = check(&["ann", "c", "home/a"])?;
    ensure!(
        code == Some(0) && said.contains("publish    denied   no line allows it"),
        "{said}"
    );
    ensure!(
        said.contains("receive    allowed  line 2: topic read home/#"),
        "{said}"
    );
    let (code, said) = check(&["-", "c", "home/a"])?;
    ensure!(code == Some(1), "{said}");
    let (code, said) = check(&["ann", "c", "home/#/a"])?;
    ensure!(code == Some(2) && said.contains("home/#/a"), "{said}");
    Ok(())
}

/// Publishes at QoS 1 where the rules of the second listener allow it.
fn publish_there(broker: &Broker, payload: u8) -> Result<()> {
    let mut publisher = Raw::connect(broker.mqtt[1])?;
    publisher.log_in(b'p')?;
    publisher.send(&[0x32, 6, 0, 1, b'o', 0, 1, payload])?;
    publisher.expect(&[0x40, 2, 0, 1])
}

/// CONNECT of MQTT 5.0 without Clean Start: the session and the will stay for some seconds.
const STAYS: &[u8] = &[
    0x10, 37, 0, 4, b'M', b'Q', b'T', b'T', 5, 4, 0, 60, 5, 0x11, 0, 0, 0, 9, 0, 4, b's', b't',
    b'a', b'y', 5, 0x18, 0, 0, 0, 1, 0, 1, b'o', 0, 4, b'w', b'i', b'l', b'l',
];

/// The rules of its listener hold for a session also without connection: for what comes for it, and for its will.
fn whose_client_is_away(broker: &Broker) -> Result<()> {
    let mut witness = Raw::connect(broker.mqtt[1])?;
    witness.log_in(b'w')?;
    witness.send(&[0x82, 6, 0, 1, 0, 1, b'o', 0])?;
    witness.expect(&[0x90, 3, 0, 1, 0])?;
    let come = |present: u8| {
        let mut client = Raw::connect(broker.mqtt[1])?;
        client.send(STAYS)?;
        client.expect(&[0x20])?;
        let body = client.skip_packet()?;
        ensure!(body[..2] == [present, 0], "{body:02x?}");
        anyhow::Ok(client)
    };
    let mut client = come(0)?;
    client.send(&[0x82, 7, 0, 1, 0, 0, 1, b'o', 1])?;
    client.expect(&[0x90, 4, 0, 1, 0, 1])?;
    drop(client);
    witness.expect(&[0x30, 7, 0, 1, b'o', b'w', b'i', b'l', b'l'])?;
    publish_there(broker, b'!')?;
    let mut client = come(1)?;
    // Its own will had QoS 0 and did not wait.
    let body = client.expect_publish()?;
    ensure!(body.ends_with(b"!"), "{body:02x?}");
    client.send(&[0xE0, 0])?;
    client.expect_closed()
}

#[test]
fn a_listener_has_rules_of_its_own_and_they_change_while_it_runs() -> Result<()> {
    let folder = Folder::new("own-rules")?;
    let (all, own) = (folder.path("all"), folder.path("own"));
    fs::write(&all, "topic a\n")?;
    fs::write(&own, "topic o\n")?;
    let listeners = format!(
        "listener=[{{ address = \"127.0.0.1:0\" }}, {{ address = \"127.0.0.1:0\", acl-file = {own:?} }}]"
    );
    let rules = format!("auth.acl-file={all:?}");
    let options = ["--http", "off", "--set", &listeners, "--set", &rules];
    let broker = Broker::start_listening(&options, 2)?;
    whose_client_is_away(&broker)?;
    let mut clients = Vec::new();
    for (listener, topic, other) in [(0, b'a', b'o'), (1, b'o', b'a')] {
        let mut client = Raw::connect(broker.mqtt[listener])?;
        client.log_in(b'0' + listener as u8)?;
        for (topic, code) in [(topic, 0), (other, 0x80)] {
            client.send(&[0x82, 6, 0, 1, 0, 1, topic, 0])?;
            client.expect(&[0x90, 3, 0, 1, code])?;
        }
        clients.push(client);
    }
    fs::write(&own, "topic n\n")?;
    ensure!(broker.reload()?);
    let client = &mut clients[1];
    client.send(&[0x82, 6, 0, 1, 0, 1, b'n', 0])?;
    client.expect(&[0x90, 3, 0, 1, 0])
}

/// What the store keeps of a session and of what is retained names the listener: its rules hold after a crash, with other
/// numbers of threads. Where it is gone nothing is allowed, until the client comes by another one.
#[test]
fn the_rules_of_a_listener_hold_after_a_crash_and_none_where_it_is_gone() -> Result<()> {
    let folder = Folder::new("own-rules-kept")?;
    let (all, own, store) = (folder.path("all"), folder.path("own"), folder.path("store"));
    fs::write(&all, "topic a\n")?;
    fs::write(&own, "topic o\n")?;
    let store = store.to_str().context("a plain path")?;
    let rules = format!("auth.acl-file={all:?}");
    let start = |listeners: &[&str], threads: &str| {
        let set = format!("listener=[{}]", listeners.join(", "));
        let options = ["--http", "off", "--store", store, "--threads", threads];
        let set = ["--set", &set, "--set", &rules];
        Broker::start_listening(&[&options[..], &set].concat(), listeners.len())
    };
    let crash = |broker: Broker| {
        broker.signal("KILL")?;
        anyhow::Ok(broker.wait()?)
    };
    let plain = "{ address = \"127.0.0.1:0\" }";
    let ruled = format!("{{ address = \"127.0.0.1:0\", acl-file = {own:?} }}");
    let come = |address, present: u8| {
        let mut client = Raw::connect(address)?;
        client.send(STAYS)?;
        client.expect(&[0x20])?;
        let body = client.skip_packet()?;
        ensure!(body[..2] == [present, 0], "{body:02x?}");
        anyhow::Ok(client)
    };
    let broker = start(&[plain, &ruled], "2")?;
    let mut client = come(broker.mqtt[1], 0)?;
    client.send(&[0x82, 7, 0, 1, 0, 0, 1, b'o', 1])?;
    client.expect(&[0x90, 4, 0, 1, 0, 1])?;
    // It retains something too.
    client.send(&[0x33, 7, 0, 1, b'o', 0, 1, 0, b'R'])?;
    client.expect(&[0x32, 7, 0, 1, b'o', 0, 1, 0, b'R'])?;
    client.expect(&[0x40, 2, 0, 1])?;
    client.send(&[0x40, 2, 0, 1])?;
    client.expect_alive()?;
    crash(broker)?;

    let broker = start(&[plain, &ruled], "3")?;
    let mut witness = Raw::connect(broker.mqtt[1])?;
    witness.log_in(b'w')?;
    witness.send(&[0x82, 6, 0, 1, 0, 1, b'o', 0])?;
    witness.expect(&[0x90, 3, 0, 1, 0])?;
    witness.expect(&[0x31, 4, 0, 1, b'o', b'R'])?;
    witness.expect(&[0x30, 7, 0, 1, b'o', b'w', b'i', b'l', b'l'])?;
    publish_there(&broker, b'!')?;
    let mut client = come(broker.mqtt[1], 1)?;
    let body = client.expect_publish()?;
    ensure!(body.ends_with(b"!"), "{body:02x?}");
    client.send(&[0x40, 2, body[3], body[4]])?;
    client.expect_alive()?;
    crash(broker)?;

    // Everybody may do everything now, but for what came by a listener that is no more.
    fs::write(&all, "topic #\n")?;
    let broker = start(&[plain], "1")?;
    let mut witness = broker.connect()?;
    witness.log_in(b'w')?;
    witness.send(&[0x82, 6, 0, 1, 0, 1, b'o', 0])?;
    witness.expect(&[0x90, 3, 0, 1, 0])?;
    witness.expect_alive()?;
    witness.send(&[0x32, 6, 0, 1, b'o', 0, 1, b'?'])?;
    witness.expect(&[0x30, 4, 0, 1, b'o', b'?'])?;
    witness.expect(&[0x40, 2, 0, 1])?;
    let mut client = come(broker.mqtt[0], 1)?;
    client.expect_alive()?;
    // From here on it has the rights of those who come there.
    witness.send(&[0x32, 6, 0, 1, b'o', 0, 1, b'+'])?;
    let body = client.expect_publish()?;
    ensure!(body.ends_with(b"+"), "{body:02x?}");
    Ok(())
}

#[test]
fn a_listener_has_a_largest_packet_of_its_own() -> Result<()> {
    let folder = Folder::new("sizes")?;
    let traffic = folder.path("traffic.mqttlab");
    let traffic = traffic.to_str().context("a plain path")?;
    let listeners = "listener = [{ address = \"127.0.0.1:0\", packet-size-max = 100 }, { address = \"127.0.0.1:0\" }]";
    let options = ["--http", "off", "--record", traffic, "--set", listeners];
    let broker = Broker::start_listening(&options, 2)?;
    // PUBLISH of 100 and of 101 bytes.
    let fits = [&[0x30, 98, 0, 1, b't'][..], &[b'.'; 95]].concat();
    let too_large = [&[0x30, 99, 0, 1, b't'][..], &[b'.'; 96]].concat();
    for (listener, told) in [(0, 100_u32), (1, 1 << 20)] {
        let mut client = Raw::connect(broker.mqtt[listener])?;
        client.send(&[
            0x10, 14, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, 0, 0, 1, b'c',
        ])?;
        client.expect(&[0x20])?;
        let connack = client.skip_packet()?;
        // [MQTT-3.2.2-15]
        let property = [&[0x27][..], &told.to_be_bytes()].concat();
        let is_told = connack.windows(5).any(|part| part == property);
        ensure!(is_told, "{connack:02x?}");
        // PUBLISH of 101 bytes.
        client.send(&[&[0x30, 99, 0, 1, b't', 0][..], &[b'.'; 95]].concat())?;
        if listener == 0 {
            client.expect(&[0xE0])?;
            ensure!(client.skip_packet()?.first() == Some(&0x95));
            client.expect_closed()?;
        } else {
            client.expect_alive()?;
        }
    }
    for listener in [0, 1] {
        let mut client = Raw::connect(broker.mqtt[listener])?;
        client.log_in(b'd')?;
        client.send(&fits)?;
        client.expect_alive()?;
        // Its first two bytes are enough.
        client.send(&too_large[..2])?;
        if listener == 0 {
            client.expect_closed()?;
        } else {
            client.send(&too_large[2..])?;
            client.expect_alive()?;
        }
    }
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success() && log.contains("malformed"), "{log}");
    let replayed = Command::new(program()?)
        .args(["replay", traffic])
        .output()?;
    ensure!(replayed.status.success(), "{replayed:?}");
    for (wrong, why) in [("0", "give 1 to"), ("2000000", "give 1 to 1048576")] {
        let set = format!("listener=[{{ address = \"127.0.0.1:0\", packet-size-max = {wrong} }}]");
        let refused = Broker::start_configured(&["--http", "off", "--set", &set]).err();
        let refused = refused.context("it makes no sense")?.to_string();
        ensure!(refused.contains(why), "{refused}");
    }
    Ok(())
}

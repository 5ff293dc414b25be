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
    SerialNumber,
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
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(["client".to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
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

use super::{Address, Endpoint, Inherited, Scheme};

fn address(text: &str) -> Address {
    text.parse().expect("a good address")
}

#[test]
fn an_address_needs_a_port() {
    for bad in [
        "",
        "1883",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "[::1]",
        ":x",
    ] {
        let error = bad.parse::<Address>().expect_err(bad);
        assert!(error.contains("127.0.0.1:1883"), "{bad}: {error}");
    }
}

#[test]
fn only_addresses_of_this_machine_are_loopback() {
    assert!(address("127.0.0.1:0").is_loopback());
    assert!(address("[::1]:0").is_loopback());
    assert!(!address("0.0.0.0:0").is_loopback());
    assert!(!address("192.0.2.1:1883").is_loopback());
}

#[test]
fn a_busy_port_is_said_with_the_option_to_change() {
    let first = address("127.0.0.1:0")
        .bind("--listen", &mut Inherited::default())
        .expect("a free port");
    let taken = first[0].local_addr().expect("it is bound").to_string();
    let failure = address(&taken)
        .bind("--listen", &mut Inherited::default())
        .expect_err("it is taken");
    let text = failure.to_string();
    assert!(text.contains(&taken) && text.contains("--listen"), "{text}");
    assert_eq!(failure.exit_code(), std::process::ExitCode::from(2));
}

#[test]
fn a_name_of_two_addresses_is_listened_to_at_both() {
    let sockets = address("localhost:0")
        .bind("--listen", &mut Inherited::default())
        .expect("a free port");
    let places: Vec<_> = sockets
        .iter()
        .map(|it| it.local_addr().expect("it is bound"))
        .collect();
    let has_v6 = std::net::TcpListener::bind("[::1]:0").is_ok();
    assert_eq!(places.len(), 1 + usize::from(has_v6), "{places:?}");
    assert!(
        places
            .iter()
            .all(|it| it.port() == places[0].port() && it.ip().is_loopback())
    );
    assert!(address("localhost:1").is_loopback());
}

#[test]
fn places_that_one_socket_would_take_are_the_same() {
    for (one, other, expected) in [
        ("127.0.0.1:1", "127.0.0.1:1", true),
        ("127.0.0.1:1", "127.0.0.1:2", false),
        ("127.0.0.1:0", "127.0.0.1:0", false),
        ("127.0.0.1:1", "0.0.0.0:1", true),
        ("[::]:1", "127.0.0.1:1", true),
        ("[::1]:1", "0.0.0.0:1", false),
        ("[::1]:1", "127.0.0.1:1", false),
        ("localhost:1", "[::1]:1", true),
        ("mqtt://127.0.0.1:1", "ws://0.0.0.0:1", true),
        ("unix:///tmp/a", "unix:///tmp//./a", true),
        ("unix:///tmp/a", "unix:///tmp/b", false),
        ("unix:///no/such/a", "unix:///no//such/a", true),
        ("unix:///tmp/a", "127.0.0.1:1", false),
    ] {
        let [one, other] = [one, other].map(|it| it.parse::<Endpoint>().expect(it));
        assert_eq!(one.overlaps(&other), expected, "{one} {other}");
        assert_eq!(other.overlaps(&one), expected, "{other} {one}");
    }
}

#[test]
fn an_address_of_another_machine_is_said() {
    let failure = address("192.0.2.1:0")
        .bind("--http", &mut Inherited::default())
        .expect_err("not ours");
    assert!(failure.to_string().contains("no such address"), "{failure}");
}

#[test]
fn an_endpoint_says_what_lies_below_mqtt() {
    for (text, scheme, path, shown) in [
        ("127.0.0.1:1", Scheme::Mqtt, "", "127.0.0.1:1"),
        ("mqtt://127.0.0.1:1", Scheme::Mqtt, "", "127.0.0.1:1"),
        ("mqtts://[::1]:1/", Scheme::Mqtts, "", "mqtts://[::1]:1"),
        (
            "ws://127.0.0.1:1",
            Scheme::Ws,
            "/mqtt",
            "ws://127.0.0.1:1/mqtt",
        ),
        (
            "wss://127.0.0.1:1/a/b",
            Scheme::Wss,
            "/a/b",
            "wss://127.0.0.1:1/a/b",
        ),
    ] {
        let endpoint: Endpoint = text.parse().expect(text);
        assert_eq!((endpoint.scheme, &endpoint.path[..]), (scheme, path));
        assert_eq!(endpoint.to_string(), shown);
    }
    let unix: Endpoint = "unix:///run/mqtt".parse().expect("a path");
    assert_eq!((unix.scheme, &unix.path[..]), (Scheme::Unix, "/run/mqtt"));
    assert_eq!(unix.to_string(), "unix:///run/mqtt");
    for bad in [
        "unix://run/mqtt",
        "http://127.0.0.1:1",
        "127.0.0.1:1/mqtt",
        "ws://127.0.0.1",
        "ws:/127.0.0.1:1",
    ] {
        bad.parse::<Endpoint>().expect_err(bad);
    }
}

//! `mqttlab acl check`: what a client may do with a topic, and which line of the file says so.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use mqttlab_core::broker::{Access, Identity};
use mqttlab_core::topic;

use super::acl::{Acl, Origin, Rule};
use crate::Failure;

/// Options of `mqttlab acl`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Say what a client may do with a topic, and which line of the file decides; exit code 1 says that it may nothing
    Check {
        /// The file, in the form of Mosquitto's ACL files
        #[arg(long, value_name = "FILE")]
        acl_file: PathBuf,
        /// Where the client comes from, for lines after address
        #[arg(long, value_name = "IP")]
        address: Option<IpAddr>,
        /// The subject of its certificate, such as CN=pump-1,O=Example, for lines after certificate
        #[arg(long, value_name = "SUBJECT")]
        certificate: Option<String>,
        /// The user name, or - for none
        user: String,
        /// The Client Identifier
        client: String,
        /// The topic; one with wildcards is looked at as a Topic Filter to subscribe to
        topic: String,
    },
}

/// Explains.
///
/// # Errors
/// When the file cannot be read or has a wrong line, or the topic is none.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let What::Check {
        acl_file,
        address,
        certificate,
        user,
        client,
        topic: wanted,
    } = &options.what;
    let acl = Acl::load(acl_file)?;
    let text = fs::read_to_string(acl_file)
        .map_err(|error| Failure::usage(format!("{}: {error}", acl_file.display())))?;
    let plain = topic::split_share(wanted).map(|(_, filter)| filter);
    plain
        .and_then(topic::check_filter)
        .map_err(|error| Failure::usage(format!("the topic {wanted:?}: {error}")))?;
    let who = Identity {
        client_id: client,
        user_name: (user != "-").then_some(&user[..]),
        stamp: &[],
    };
    let origin = Origin {
        address: *address,
        subject: certificate.as_deref().map(Into::into),
    };
    let (said, any) = explain(&acl, &text, (&who, &origin), wanted);
    io::stdout()
        .write_all(said.as_bytes())
        .map_err(|error| Failure::running(format!("standard output: {error}")))?;
    Ok(if any {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// In words, and whether anything is allowed.
fn explain(
    acl: &Acl,
    text: &str,
    (who, origin): (&Identity<'_>, &Origin),
    wanted: &str,
) -> (String, bool) {
    let line = |rule: &Rule| {
        let line = text.lines().nth(rule.line - 1).unwrap_or_default();
        format!("line {}: {}", rule.line, line.trim())
    };
    let accesses = [
        ("publish", Access::Publish),
        ("receive", Access::Receive),
        ("subscribe", Access::Subscribe),
    ];
    let is_filter = wanted.contains(['+', '#']) || wanted.starts_with("$share/");
    let (mut said, mut any) = (String::new(), false);
    // A String takes all that is written to it.
    for (name, access) in accesses {
        if is_filter && access != Access::Subscribe {
            continue;
        }
        let deciding = acl.deciding(who, Some(origin), access, wanted);
        let allowed = deciding.is_some_and(|rule| !rule.denies());
        any |= allowed;
        let verdict = if allowed { "allowed" } else { "denied" };
        let because = deciding.map_or_else(|| "no line allows it".to_owned(), line);
        let _ = writeln!(said, "{name:<9}  {verdict:<7}  {because}");
    }
    let is_known = origin.address.is_some() && origin.subject.is_some();
    if acl.asks_for_origin() && !is_known {
        let _ = writeln!(
            said,
            "the file has lines for addresses or certificates; --address and --certificate say what the client has"
        );
    }
    for rule in acl.unfilled(who) {
        let _ = writeln!(
            said,
            "passed over for this client, which lacks the name or has one that would change what the line means: {}",
            line(rule)
        );
    }
    (said, any)
}

#[cfg(test)]
mod tests {
    use mqttlab_core::broker::Identity;

    use super::super::acl::{Acl, Origin};
    use super::explain;

    const FILE: &str = "\
# A comment.
topic read news/#
user ann
topic readwrite home/#
topic deny home/safe
pattern write from/%c/#
";

    fn said(client_id: &str, user_name: Option<&str>, wanted: &str) -> String {
        let acl = Acl::parse(FILE).expect("a good file");
        let who = Identity {
            client_id,
            user_name,
            stamp: &[],
        };
        explain(&acl, FILE, (&who, &Origin::default()), wanted).0
    }

    #[test]
    fn each_verdict_comes_with_the_line_behind_it() {
        assert_eq!(
            said("c", Some("ann"), "home/a"),
            "publish    allowed  line 4: topic readwrite home/#\n\
             receive    allowed  line 4: topic readwrite home/#\n\
             subscribe  allowed  line 4: topic readwrite home/#\n"
        );
        assert_eq!(
            said("c", Some("ann"), "home/safe"),
            "publish    denied   line 5: topic deny home/safe\n\
             receive    denied   line 5: topic deny home/safe\n\
             subscribe  denied   line 5: topic deny home/safe\n"
        );
        assert_eq!(
            said("c", None, "from/c/x"),
            "publish    allowed  line 6: pattern write from/%c/#\n\
             receive    denied   no line allows it\n\
             subscribe  denied   no line allows it\n"
        );
    }

    #[test]
    fn a_filter_is_for_subscribing_alone_and_odd_names_are_said() {
        assert_eq!(
            said("a/b", None, "news/+"),
            "subscribe  allowed  line 2: topic read news/#\n\
             passed over for this client, which lacks the name or has one that would change what the line means: line 6: pattern write from/%c/#\n"
        );
    }
}

//! Asking an HTTP server who is let in, as whom, for how long, and what they may do.
//!
//! The broker posts what it knows of a client as JSON:
//!
//! ```json
//! {"client_id": "pump-1", "user_name": "ann", "password": "secret", "version": "5.0",
//!  "address": "192.0.2.1", "listener": 0}
//! ```
//!
//! A password that is no text is in `password_base64`. The answer has status 200 and at most 64 KiB of JSON:
//!
//! ```json
//! {"result": "allow", "user_name": "ann", "acl": ["readwrite home/#", "deny home/safe"], "expires_in_s": 3600}
//! ```
//!
//! or `{"result": "deny"}`. All but `result` may be missing: `user_name` stands in place of what the client said, `acl` has
//! lines as they follow `topic` in an ACL file and holds in place of that file, and after `expires_in_s` the connection
//! ends. The statuses 401 and 403 deny too. Everything else lets nobody in and is not remembered.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::acl::Acl;
use super::http::{Place, Server};
use crate::Failure;

/// The largest answer, in bytes.
const ANSWER_MAX: u64 = 64 << 10;
/// Requests at once, at most: each has a thread.
const AT_ONCE_MAX: u16 = 256;
/// Lines of an ACL in an answer.
const LINES_MAX: usize = 1_000;

/// The server to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// Where it is; nobody is asked without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) timeout_ms: u32,
    pub(crate) at_once: u16,
    pub(crate) cache_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: None,
            ca: None,
            token_file: None,
            timeout_ms: 2_000,
            at_once: 8,
            cache_s: 60,
        }
    }
}

/// The server, ready to be asked.
pub(crate) struct Hook {
    server: Server,
    /// Requests at once.
    pub(super) at_once: usize,
    /// How long an answer holds for others that ask the same.
    pub(super) cache_for: Duration,
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook").finish_non_exhaustive()
    }
}

/// What is told about a client.
#[derive(Debug, Serialize)]
struct Request<'a> {
    client_id: &'a str,
    user_name: Option<&'a str>,
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_base64: Option<String>,
    version: &'a str,
    address: Option<&'a str>,
    listener: u16,
}

/// About whom is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Applicant {
    pub(super) client_id: String,
    pub(super) user_name: Option<String>,
    pub(super) password: Option<Vec<u8>>,
    pub(super) version: String,
    pub(super) address: Option<String>,
    pub(super) listener: u16,
}

/// An answer as it comes.
#[derive(Debug, Deserialize)]
struct Reply {
    result: Verdict,
    user_name: Option<String>,
    acl: Option<Vec<String>>,
    expires_in_s: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Allow,
    Deny,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Allowed(Arc<Allowed>),
    Denied,
    /// There was none, or none that makes sense: why.
    Failed(String),
}

/// Somebody who is let in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) user_name: Option<String>,
    pub(super) acl: Option<Arc<Acl>>,
    pub(super) lasts: Option<Duration>,
}

impl Hook {
    /// # Errors
    /// When the settings make no sense, or a file cannot be read.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Self>, Failure> {
        let Some(url) = &settings.url else {
            return Ok(None);
        };
        if settings.timeout_ms == 0 {
            return Err(Failure::usage("hook.timeout-ms: give at least 1"));
        }
        if !(1..=AT_ONCE_MAX).contains(&settings.at_once) {
            return Err(Failure::usage(format!(
                "hook.at-once is {}; give 1 to {AT_ONCE_MAX}",
                settings.at_once
            )));
        }
        let server = Server::new(&Place {
            url,
            ca: settings.ca.as_ref(),
            token_file: settings.token_file.as_ref(),
            timeout: Duration::from_millis(settings.timeout_ms.into()),
            answer_max: ANSWER_MAX,
        })?;
        let cache_for = Duration::from_secs(settings.cache_s.into());
        Ok(Some(Self {
            server,
            at_once: settings.at_once.into(),
            cache_for,
        }))
    }

    /// Asks, and waits for the answer.
    pub(super) fn ask(&self, applicant: &Applicant) -> Answer {
        let password = applicant.password.as_deref();
        let text = password.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let request = Request {
            client_id: &applicant.client_id,
            user_name: applicant.user_name.as_deref(),
            password: text,
            password_base64: match text {
                Some(_) => None,
                None => password.map(|bytes| STANDARD.encode(bytes)),
            },
            version: &applicant.version,
            address: applicant.address.as_deref(),
            listener: applicant.listener,
        };
        let answer = serde_json::to_vec(&request)
            .map_err(|error| error.to_string())
            .and_then(|json| self.server.post(&json));
        match answer {
            Ok((200, body)) => read(&body),
            Ok((401 | 403, _)) => Answer::Denied,
            Ok((status, _)) => Answer::Failed(format!("it answers with status {status}")),
            Err(why) => Answer::Failed(why),
        }
    }
}

fn read(body: &[u8]) -> Answer {
    let reply: Reply = match serde_json::from_slice(body) {
        Ok(reply) => reply,
        Err(error) => return Answer::Failed(format!("its answer makes no sense: {error}")),
    };
    if reply.result == Verdict::Deny {
        return Answer::Denied;
    }
    if let Some(name) = &reply.user_name
        && (name.is_empty() || name.contains(char::is_control))
    {
        return Answer::Failed("its answer has no good user_name".into());
    }
    let acl = match reply.acl.as_deref().map(rules).transpose() {
        Ok(acl) => acl.map(Arc::new),
        Err(why) => return Answer::Failed(format!("the acl in its answer: {why}")),
    };
    Answer::Allowed(Arc::new(Allowed {
        user_name: reply.user_name,
        acl,
        lasts: reply.expires_in_s.map(|s| Duration::from_secs(s.into())),
    }))
}

fn rules(lines: &[String]) -> Result<Acl, String> {
    if lines.len() > LINES_MAX {
        return Err(format!("more than {LINES_MAX} lines"));
    }
    if let Some(line) = lines.iter().find(|line| line.contains(char::is_control)) {
        return Err(format!("{line:?} has control characters"));
    }
    let acl = Acl::of_lines(lines.iter().map(String::as_str));
    acl.map_err(|(number, why)| format!("line {number}: {why}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mqttlab_core::broker::{Access, Identity};

    use super::{Answer, read};

    #[test]
    fn an_answer_says_who_what_and_for_how_long() {
        let answer = read(
            br#"{"result":"allow","user_name":"ann","acl":["read a/#","deny a/b"],"expires_in_s":5,"more":1}"#,
        );
        let Answer::Allowed(allowed) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(allowed.user_name.as_deref(), Some("ann"));
        assert_eq!(allowed.lasts, Some(Duration::from_secs(5)));
        let who = Identity {
            client_id: "c",
            user_name: None,
            stamp: &[],
        };
        let acl = allowed.acl.as_ref().expect("it has rules");
        for (topic, expected) in [("a/c", true), ("a/b", false), ("b", false)] {
            assert_eq!(
                acl.permits(&who, None, Access::Receive, topic),
                expected,
                "{topic}"
            );
        }
        // Rules that allow nothing are rules.
        let Answer::Allowed(allowed) = read(br#"{"result":"allow","acl":[]}"#) else {
            panic!("it is allowed");
        };
        let acl = allowed.acl.as_ref().expect("it has rules");
        assert!(!acl.permits(&who, None, Access::Receive, "a"));
        assert_eq!(read(br#"{"result":"deny"}"#), Answer::Denied);
    }

    #[test]
    fn whatever_makes_no_sense_lets_nobody_in() {
        for body in [
            "",
            "{}",
            "true",
            "\"allow\"",
            r#"{"result":"Allow"}"#,
            r#"{"result":"allow","user_name":""}"#,
            r#"{"result":"allow","user_name":"a\nb"}"#,
            r#"{"result":"allow","user_name":5}"#,
            r#"{"result":"allow","acl":"readwrite #"}"#,
            r#"{"result":"allow","acl":["readwrite a/#/b"]}"#,
            r##"{"result":"allow","acl":["read a\nuser b\ntopic #"]}"##,
            r#"{"result":"allow","expires_in_s":-1}"#,
        ] {
            let answer = read(body.as_bytes());
            assert!(matches!(answer, Answer::Failed(_)), "{body}: {answer:?}");
        }
    }
}

//! The agent's key and its way to the server.

use std::io;
use std::os::unix::fs::PermissionsExt as _;

use access_core::UnixMs;
use access_core::attempt::ClockTrust;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Duration, timeout};

use super::{Finding, Patient};
use crate::door::Now;
use crate::identity::{FILE, Identity, IdentityError};
use crate::join;
use crate::tls;

/// Longest wait for the server to answer.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// The rights that the file of the keys has.
const KEY_MODE: u32 = 0o600;
const MINUTE_MS: i64 = 60_000;
const ANEW: &str = "move the data folder away, make it again (systemd-tmpfiles --create pforte-agent.conf) and join anew: an administrator invites \
                    the agent (page Agents)";

/// The identity, and what its certificate says.
pub(super) fn key(patient: &Patient<'_>, identity: &Result<Identity, IdentityError>, now: Now) -> Vec<Finding> {
    const WHAT: &str = "key";
    let identity = match identity {
        Ok(identity) => identity,
        Err(error @ IdentityError::Missing(_)) => {
            return vec![Finding::wrong(
                WHAT,
                error.to_string(),
                "join: an administrator invites the agent (page Agents)",
            )];
        }
        Err(IdentityError::Io { path, source }) if source.kind() == io::ErrorKind::PermissionDenied => {
            let to_do = "run this as the agent's account: sudo -u pforte-agent pforte-agent doctor";
            return vec![Finding::unseen(WHAT, format!("{}: {source}", path.display()), to_do)];
        }
        Err(error @ IdentityError::Sealed(_)) => {
            let to_do = "hand the machine's key over, as pforte-agent(8) says under SEALED KEYS";
            return vec![Finding::unseen(WHAT, error.to_string(), to_do)];
        }
        Err(error) => return vec![Finding::wrong(WHAT, error.to_string(), ANEW)],
    };
    let mut wrong = Vec::new();
    let path = patient.config.data_folder.join(FILE);
    let mode = std::fs::metadata(&path).map_or(KEY_MODE, |file| file.permissions().mode() & 0o777);
    if mode & !KEY_MODE != 0 {
        let says = format!("{} has the rights {mode:o}: others of this machine can read it", path.display());
        wrong.push(Finding::wrong(
            WHAT,
            says,
            format!("chmod 600 {}; if others have been here, {ANEW}", path.display()),
        ));
    }
    if (identity.mode, identity.kind) != (patient.config.mode, patient.config.kind()) {
        let says = format!(
            "the configuration is for a {} in mode {}, and this agent joined as a {} in mode {}",
            patient.config.kind(),
            patient.config.mode,
            identity.kind,
            identity.mode
        );
        wrong.push(Finding::wrong(WHAT, says, format!("mend agent.toml, or {ANEW}")));
    }
    match tls::validity(&identity.certificate) {
        None => wrong.push(Finding::wrong(WHAT, "its certificate can't be read", ANEW)),
        Some(validity) => {
            let left_ms = validity.until.since(now.unix);
            let is_overdue = left_ms < validity.until.since(validity.from) / 4;
            let is_told = now.clock == ClockTrust::Trusted;
            if is_told && left_ms <= 0 {
                let says = format!("its certificate ended {} minutes ago", -left_ms / MINUTE_MS);
                let to_do = "see that the server is reached: the agent renews it by itself; if the server refuses that, join anew";
                wrong.push(Finding::wrong(WHAT, says, to_do));
            } else if is_told && is_overdue {
                let says = format!("its certificate ends in {} minutes and was not renewed", left_ms / MINUTE_MS);
                wrong.push(Finding::wrong(
                    WHAT,
                    says,
                    "see that the agent runs and the server is reached: it renews at half life",
                ));
            }
        }
    }
    if wrong.is_empty() {
        wrong.push(Finding::good(WHAT, format!("agent {} of installation {}", identity.agent, identity.installation)));
    }
    wrong
}

/// Whether the server answers to this agent's certificate. No session is begun: one that the agent has goes on.
pub(super) async fn link(patient: &Patient<'_>, identity: Option<&Identity>, now: Now) -> Vec<Finding> {
    const WHAT: &str = "link";
    let address = &patient.config.server;
    let Some(identity) = identity else {
        return vec![Finding::unseen(WHAT, format!("{address} was not asked"), "it takes the agent's key to ask")];
    };
    let told = (now.clock == ClockTrust::Trusted).then_some(now.unix);
    vec![match ask(address, identity, told).await {
        Ok(()) => Finding::good(WHAT, format!("{address} answers, and knows this agent's certificate")),
        Err(error) => {
            let to_do = remedy(&error, address);
            Finding::wrong(WHAT, format!("{address}: {error}"), to_do)
        }
    }]
}

/// A request for what is not there: it shows that both certificates were taken.
async fn ask(address: &str, identity: &Identity, now: Option<UnixMs>) -> io::Result<()> {
    let own = join::own_certificate(identity);
    let mut connection = tls::connect(address, join::trust(identity), Some(&own), now).await?;
    let asked = timeout(ANSWER_WAIT, async {
        connection.write_all(b"GET / HTTP/1.1\r\nHost: agents\r\nConnection: close\r\n\r\n").await?;
        let mut answer = [0; 5];
        connection.read_exact(&mut answer).await?;
        match &answer {
            b"HTTP/" => Ok(()),
            _ => Err(io::Error::other("it is no server of Pforte that answers")),
        }
    });
    asked.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

fn remedy(error: &io::Error, address: &str) -> String {
    let text = error.to_string();
    let is_of_tls = text.contains("certificate") || text.contains("alert");
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("start the server, or mend server = … in agent.toml ({address})"),
        io::ErrorKind::TimedOut => {
            "check the cable, the network and the firewall on the way: the agent calls, nobody calls it".into()
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "check the cable and the Pi's address (ip addr)".into()
        }
        _ if is_of_tls => format!(
            "another server answers there, the server's authority was made anew, or it refuses this agent. If {address} is right, {ANEW}"
        ),
        _ => "check the name of the server (getent hosts NAME), the cable and the network".into(),
    }
}

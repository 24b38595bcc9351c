//! Joining and renewing: the only two things an agent does outside its link. Joining needs no certificate and a one-time
//! token; renewing needs the agent's own certificate, which may have expired a while ago.

use access_core::canonical;
use access_core::event::{ActKind, CopySign, SubjectKind};
use access_core::ids::TenantId;
use access_core::protocol::{AgentKind, authorities_digest};
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Standing;
use super::copies::{self, Renewal};
use super::port::{AgentPort, Caller};
use super::store::{self, Joining};
use crate::audit::Entry;
use crate::cards;
use crate::certificates::{AGENT_PORT_NAME, AgentName};
use crate::http::{ApiError, ApiJson, ApiResult};

/// Longest version of an agent's program, in bytes.
const BUILD_BYTES_MAX: usize = 100;

/// A join token: the tenant in clear, 256 random bits, and the fingerprint of the authority that the agent is to trust.
pub(super) struct JoinToken {
    tenant: TenantId,
    secret: [u8; 32],
}

impl JoinToken {
    pub(super) fn new(tenant: TenantId) -> anyhow::Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        Ok(Self { tenant, secret })
    }

    pub(super) fn write(&self, authority: &[u8; 32]) -> String {
        format!(
            "pforte-join-1.{}.{}.{}",
            self.tenant.as_uuid().simple(),
            URL_SAFE_NO_PAD.encode(self.secret),
            URL_SAFE_NO_PAD.encode(authority)
        )
    }

    fn read(token: &str) -> Option<Self> {
        let mut parts = token.trim().strip_prefix("pforte-join-1.")?.split('.');
        let tenant = parts.next()?.parse::<Uuid>().ok()?;
        let secret = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        // The third part is the agent's to check.
        parts.next()?;
        parts.next().is_none().then_some(Self { tenant: tenant.into(), secret: secret.try_into().ok()? })
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret).to_vec()
    }
}

/// What an agent sends to join.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    token: String,
    certificate_key: String,
    record_key: String,
    sealing_key: String,
    build: String,
    kind: AgentKind,
}

/// What it gets.
#[derive(Debug, Serialize)]
pub(super) struct Joined {
    agent: Uuid,
    tenant: Uuid,
    installation: Uuid,
    mode: access_core::protocol::InstallationMode,
    certificate: String,
    chain: String,
    policy_key: String,
    server_name: &'static str,
    epoch: i32,
    /// Newest record of the machine whose place it takes: canonical bytes of a head, Base64.
    previous: Option<String>,
    /// That machine's configuration, as it said last.
    configuration: Option<String>,
}

fn key(field: &str, text: &str) -> ApiResult<[u8; 32]> {
    STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| ApiError::field(field, "must be 32 bytes in Base64"))
}

fn no_token() -> ApiError {
    ApiError::Refused(
        "join_token_refused",
        "The join token is wrong, was used, or is older than 15 minutes.".to_owned(),
    )
}

/// An agent joins.
pub(super) async fn join(State(port): State<AgentPort>, ApiJson(body): ApiJson<Join>) -> ApiResult<Json<Joined>> {
    let state = &port.state;
    let now = crate::clock::now();
    let token = JoinToken::read(&body.token).ok_or_else(no_token)?;
    let record_key = key("record_key", &body.record_key)?;
    VerifyingKey::from_bytes(&record_key).map_err(|_| ApiError::field("record_key", "is no Ed25519 key"))?;
    let sealing_key = key("sealing_key", &body.sealing_key)?;
    let certificate_key = STANDARD
        .decode(&body.certificate_key)
        .map_err(|_| ApiError::field("certificate_key", "must be a public key (SPKI) in Base64"))?;
    if body.build.is_empty() || body.build.len() > BUILD_BYTES_MAX {
        return Err(ApiError::field("build", "must have 1 to 100 bytes"));
    }
    let tenant = token.tenant;
    let mut tx = state.db.begin(tenant, None).await?;
    let Some((agent, kind, issued_by)) = store::use_token(&mut tx, tenant, &token.hash(), now).await? else {
        return Err(no_token());
    };
    if kind.parse::<AgentKind>().map_err(anyhow::Error::from)? != body.kind {
        return Err(ApiError::field("kind", format!("the token is for a {kind}")));
    }
    let (epoch, generation) = store::next_epoch(&mut tx, tenant, agent).await?;
    let before = store::for_link(&mut tx, tenant, agent.into(), true).await?.ok_or_else(no_token)?.head()?;
    let configuration = store::configuration(&mut tx, tenant, agent).await?;
    let name = AgentName { tenant, agent: agent.into(), generation };
    let (certificate, certificate_expires_at) = port
        .authority
        .issue_agent(name, &certificate_key, now)
        .map_err(|error| ApiError::field("certificate_key", format!("{error:#}")))?;
    let joining = Joining {
        record_key: &record_key,
        sealing_key: &sealing_key,
        build: &body.build,
        certificate_expires_at,
        authorities: authorities_digest([port.authority.certificate().as_ref()]),
    };
    store::join(&mut tx, tenant, agent, &joining, now).await?;
    // Whoever gave the token out let it in.
    Entry::by_command_line(&state.keys, ActKind::Joined, SubjectKind::Agent, agent, now)
        .by(issued_by.map(Into::into))
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    // Whoever was linked with the agent's older keys is somebody else now.
    state.agents.end(tenant, agent.into());
    Ok(Json(Joined {
        agent,
        tenant: tenant.into(),
        installation: state.installation.id.into(),
        mode: state.installation.mode,
        certificate,
        chain: port.authority.pem().to_owned(),
        policy_key: STANDARD.encode(state.keys.policy_key().verifying_key().as_bytes()),
        server_name: AGENT_PORT_NAME,
        epoch,
        previous: (before.seq > 0).then(|| STANDARD.encode(canonical::encode(&before))),
        configuration,
    }))
}

fn superseded() -> ApiError {
    ApiError::Refused(
        "certificate_superseded",
        "This agent was revoked or quarantined, or has a newer certificate than this one.".to_owned(),
    )
}

/// What an agent sends to renew its certificate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Renew {
    certificate_key: String,
}

/// What it gets.
#[derive(Debug, Serialize)]
pub(super) struct Renewed {
    certificate: String,
    chain: String,
}

/// An agent renews its certificate, with the one it has. Asked again for the same key, it is answered again: the answer may
/// have been lost. For another key it is a copy's.
pub(super) async fn renew(
    State(port): State<AgentPort>,
    caller: Caller,
    ApiJson(body): ApiJson<Renew>,
) -> ApiResult<Json<Renewed>> {
    let state = &port.state;
    let now = crate::clock::now();
    let AgentName { tenant, agent, generation } = caller.name;
    let certificate_key = STANDARD
        .decode(&body.certificate_key)
        .map_err(|_| ApiError::field("certificate_key", "must be a public key (SPKI) in Base64"))?;
    let mut tx = state.db.begin(tenant, None).await?;
    cards::store::lock_held(&mut tx, agent).await?;
    let row = store::for_link(&mut tx, tenant, agent, true).await?.ok_or(ApiError::Unauthenticated)?;
    if row.standing()? != Standing::Joined || row.is_replaced(generation) {
        drop(tx);
        if row.is_held_on_to(generation) {
            copies::report(state, caller.name, CopySign::OldCertificate, now).await?;
        }
        return Err(superseded());
    }
    let key = copies::key_hash(&certificate_key);
    let own = store::issued(&mut tx, tenant, agent, generation).await?;
    let successor = store::issued(&mut tx, tenant, agent, generation.saturating_add(1)).await?;
    let next = match copies::judge(&row, generation, &key, (own.as_ref(), successor.as_ref()), now) {
        Renewal::Issue(next) => next,
        Renewal::TooEarly => {
            tracing::warn!(%tenant, %agent, generation, "asks for a certificate hours after it got one");
            let detail = "This certificate was issued just now; ask again in some hours.".to_owned();
            return Err(ApiError::Conflict("renewal_too_early", detail));
        }
        Renewal::RenewedTwice => {
            copies::quarantine(&mut tx, caller.name, now).await?;
            tx.commit().await?;
            state.agents.end(tenant, agent);
            return Err(superseded());
        }
        Renewal::OldCertificate => {
            drop(tx);
            copies::report(state, caller.name, CopySign::OldCertificate, now).await?;
            return Err(superseded());
        }
        Renewal::NeverIssued => return Err(superseded()),
    };
    let name = AgentName { tenant, agent, generation: next };
    let (certificate, expires_at) = port
        .authority
        .issue_agent(name, &certificate_key, now)
        .map_err(|error| ApiError::field("certificate_key", format!("{error:#}")))?;
    store::renewed(&mut tx, tenant, agent, next, &key, (now, expires_at)).await?;
    tx.commit().await?;
    Ok(Json(Renewed { certificate, chain: port.authority.pem().to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_read_back_and_nothing_else_is_one() {
        let tenant = TenantId::from_uuid(Uuid::now_v7());
        let token = JoinToken::new(tenant).unwrap();
        let text = token.write(&[7; 32]);
        let read = JoinToken::read(&text).unwrap();
        assert_eq!((read.tenant, read.secret), (tenant, token.secret));
        for bad in ["", "pforte-join-1", "pforte-join-1..", &text[..text.len() - 45], &format!("{text}.x")] {
            assert!(JoinToken::read(bad).is_none(), "{bad}");
        }
    }
}

//! Operators' acts on their way into the log: appended in the transaction of the change itself, so that neither is there
//! without the other. What is personal in them lies sealed in `log_contents`; the act holds a commitment to it.

use access_core::canonical;
use access_core::event::{Act, ActKind, Commitment, Event, Subject, SubjectKind};
use access_core::ids::OperatorId;
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Actor;
use crate::db::TenantTx;
use crate::http::ApiError;
use crate::keys::{Binding, Keys};

mod change;
mod looks;

pub use change::{Change, Done};
pub use looks::{Look, Looks};

/// Longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// An act in the making.
#[derive(Debug)]
pub struct Entry<'a> {
    keys: &'a Keys,
    operator: Option<OperatorId>,
    at: DateTime<Utc>,
    kind: ActKind,
    subject: Option<(SubjectKind, Uuid)>,
    before: Content,
    after: Content,
    reason: Content,
    reason_kept: Option<Commitment>,
}

/// What stands behind a commitment; what can't be written is told when the act is appended.
type Content = serde_json::Result<Option<Vec<u8>>>;

impl<'a> Entry<'a> {
    /// `actor` did `kind` to a thing.
    pub fn new(keys: &'a Keys, actor: &Actor, kind: ActKind, subject: SubjectKind, id: Uuid) -> Self {
        Self {
            keys,
            operator: Some(actor.operator),
            at: actor.now,
            kind,
            subject: Some((subject, id)),
            before: Ok(None),
            after: Ok(None),
            reason: Ok(None),
            reason_kept: None,
        }
    }

    /// `actor` did `kind` to many things at once, listed in what is committed to as after.
    pub fn many(keys: &'a Keys, actor: &Actor, kind: ActKind) -> Self {
        Self { subject: None, ..Self::new(keys, actor, kind, SubjectKind::Person, Uuid::nil()) }
    }

    /// The server's command line did `kind` to a thing, or somebody whom nobody knows.
    pub fn by_command_line(keys: &'a Keys, kind: ActKind, subject: SubjectKind, id: Uuid, at: DateTime<Utc>) -> Self {
        let subject = Some((subject, id));
        let (before, after, reason) = (Ok(None), Ok(None), Ok(None));
        Self { keys, operator: None, at, kind, subject, before, after, reason, reason_kept: None }
    }

    /// In the name of an operator who is not there, if there is one.
    #[must_use]
    pub fn by(mut self, operator: Option<OperatorId>) -> Self {
        self.operator = operator;
        self
    }

    /// How it was.
    #[must_use]
    pub fn before(mut self, value: &impl Serialize) -> Self {
        self.before = serde_json::to_vec(value).map(Some);
        self
    }

    /// How it is.
    #[must_use]
    pub fn after(mut self, value: &impl Serialize) -> Self {
        self.after = serde_json::to_vec(value).map(Some);
        self
    }

    /// Why.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Ok(Some(reason.as_bytes().to_vec()));
        self
    }

    /// Why, where the reason is kept already.
    #[must_use]
    pub fn reason_kept(mut self, reason: Commitment) -> Self {
        self.reason_kept = Some(reason);
        self
    }

    /// Appends it in this transaction.
    pub async fn append(self, tx: &mut TenantTx) -> anyhow::Result<()> {
        let about = self.subject.map(|(_, id)| id);
        let mut commitments = [None; 3];
        for (commitment, content) in commitments.iter_mut().zip([self.before, self.after, self.reason]) {
            if let Some(content) = content? {
                *commitment = Some(commit(self.keys, tx, about, &content).await?);
            }
        }
        let [before, after, reason] = commitments;
        let reason = self.reason_kept.or(reason);
        let subject = self.subject.map(|(kind, id)| Subject { kind, id });
        note_for_rules(tx, self.kind, subject, [before, after, reason]).await?;
        let act = Event::Act(Act { operator: self.operator, kind: self.kind, subject, before, after, reason });
        append_event(tx, &act, self.at).await
    }
}

/// Notes the act with the version of the rules that its transaction moved them to, if it did.
async fn note_for_rules(
    tx: &mut TenantTx,
    kind: ActKind,
    subject: Option<Subject>,
    commitments: [Option<Commitment>; 3],
) -> sqlx::Result<()> {
    let [before, after, reason] = commitments.map(|commitment| commitment.map(|commitment| commitment.0.to_vec()));
    sqlx::query(
        "INSERT INTO policy_version_acts (tenant_id, version, kind, subject_kind, subject_id, before, after, reason) \
         SELECT tenant_id, version, $2, $3, $4, $5, $6, $7 FROM policy_versions \
         WHERE tenant_id = $1 AND moved_by = pg_current_xact_id_if_assigned() ON CONFLICT DO NOTHING",
    )
    .bind(tx.tenant().as_uuid())
    .bind(kind.as_str())
    .bind(subject.map(|subject| subject.kind.as_str()))
    .bind(subject.map(|subject| subject.id))
    .bind(before)
    .bind(after)
    .bind(reason)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps content, sealed and erasable, and returns the commitment to it.
pub async fn commit(keys: &Keys, tx: &mut TenantTx, about: Option<Uuid>, content: &[u8]) -> anyhow::Result<Commitment> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let commitment = Commitment::to(&random, content);
    let tenant = tx.tenant();
    let binding = Binding { tenant, purpose: "log content", row: about.unwrap_or_default() };
    let sealed = keys.of_tenant(tenant, "log content").seal(&binding, content)?;
    sqlx::query(
        "INSERT INTO log_contents (tenant_id, commitment, random, subject_id, content) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(tenant.as_uuid())
    .bind(commitment.0.to_vec())
    .bind(random.to_vec())
    .bind(about)
    .bind(sealed)
    .execute(&mut **tx)
    .await?;
    Ok(commitment)
}

/// Appends an event of the server's own.
pub async fn append_event(tx: &mut TenantTx, event: &Event, at: DateTime<Utc>) -> anyhow::Result<()> {
    sqlx::query("INSERT INTO log_outbox (tenant_id, at, event) VALUES ($1, $2, $3)")
        .bind(tx.tenant().as_uuid())
        .bind(at)
        .bind(canonical::encode(event))
        .execute(&mut **tx)
        .await?;
    tx.note_for_log();
    Ok(())
}

/// A reason as it may be kept: something, and not too long.
pub fn checked_reason(reason: &str) -> Result<&str, ApiError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        return Err(ApiError::field("reason", format!("must have 1 to {REASON_CHARS_MAX} characters")));
    }
    Ok(reason)
}

/// A reason as it may be kept; none is an answer only where none is needed.
pub fn reason_where(is_needed: bool, reason: Option<&str>) -> Result<Option<&str>, ApiError> {
    match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => checked_reason(reason).map(Some),
        None if is_needed => Err(ApiError::field("reason", "say why: this may let more people in, or by less")),
        None => Ok(None),
    }
}

/// Why something is done, in the operator's words.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// 1 to 500 characters; kept with the act, erasable.
    pub reason: String,
}

//! SQL of people as pseudonyms: their state, what they have, and their legal basis. Names lie in the vault.

use access_core::ids::{PersonId, TenantId};
use access_core::policy::ExemptionGround;
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::rules::{Escort, Exemption, NewPersonRules, PersonRules};
use super::{LegalBasis, LegalBasisKind, NewLegalBasis, PersonState};

/// A person without a name.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PersonRow {
    /// The pseudonym.
    pub id: Uuid,
    state: String,
    /// Counts changes.
    pub row_version: i64,
    /// When the person was registered.
    pub created_at: DateTime<Utc>,
    /// By which operator.
    pub created_by: Option<Uuid>,
    /// How many usable cards.
    pub credentials: i64,
    /// How many fingers.
    pub fingers: i64,
    /// How many grants in force or to come.
    pub grants: i64,
    /// Whether a legal basis for templates stands.
    pub has_legal_basis: bool,
    /// Whether no finger is asked for: that basis is an alternative, or an exemption counts.
    pub is_exempt_from_finger: bool,
}

impl PersonRow {
    /// Whether the person may use anything at all.
    pub fn state(&self) -> PersonState {
        // The table's check keeps it within the vocabulary; anything else must not open doors.
        PersonState::from_word(&self.state).unwrap_or(PersonState::Inactive)
    }
}

const SELECT: &str = "SELECT p.id, p.state, p.row_version, p.created_at, p.created_by, \
    (SELECT count(*) FROM credentials c WHERE c.tenant_id = p.tenant_id AND c.person_id = p.id AND c.state = 'active') AS credentials, \
    (SELECT count(*) FROM fingers f WHERE f.tenant_id = p.tenant_id AND f.person_id = p.id) AS fingers, \
    (SELECT count(*) FROM grants g WHERE g.tenant_id = p.tenant_id AND g.person_id = p.id AND g.revoked_at IS NULL \
        AND (g.valid_until IS NULL OR g.valid_until > $2)) AS grants, \
    EXISTS (SELECT FROM legal_bases b WHERE b.tenant_id = p.tenant_id AND b.person_id = p.id AND b.withdrawn_at IS NULL) AS has_legal_basis, \
    EXISTS (SELECT FROM legal_bases b WHERE b.tenant_id = p.tenant_id AND b.person_id = p.id AND b.withdrawn_at IS NULL \
        AND b.kind = 'alternative') OR COALESCE(p.exemption_from <= $2 AND (p.exemption_until IS NULL OR p.exemption_until > $2), false) \
        AS is_exempt_from_finger \
    FROM persons p WHERE p.tenant_id = $1";

/// Which people to list.
#[derive(Debug, Clone, Default)]
pub struct PeopleFilter {
    /// Only these; none means everybody.
    pub among: Option<Vec<Uuid>>,
    /// Only in this state.
    pub state: Option<PersonState>,
    /// Only those registered before this one.
    pub before: Option<(DateTime<Utc>, Uuid)>,
}

/// People, newest first.
pub async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    filter: &PeopleFilter,
    limit: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<PersonRow>> {
    let sql = format!(
        "{SELECT} AND ($3::uuid[] IS NULL OR p.id = ANY ($3)) AND ($4::text IS NULL OR p.state = $4) \
         AND ($5::timestamptz IS NULL OR (p.created_at, p.id) < ($5, $6)) ORDER BY p.created_at DESC, p.id DESC LIMIT $7"
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(now)
        .bind(&filter.among)
        .bind(filter.state.map(PersonState::as_str))
        .bind(filter.before.map(|(at, _)| at))
        .bind(filter.before.map(|(_, id)| id))
        .bind(limit)
        .fetch_all(db)
        .await
}

/// One person, locked against other changes until the transaction ends.
pub async fn get(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<PersonRow>> {
    sqlx::query_as(AssertSqlSafe(format!("{SELECT} AND p.id = $3 FOR UPDATE OF p")))
        .bind(tenant.as_uuid())
        .bind(now)
        .bind(person.as_uuid())
        .fetch_optional(db)
        .await
}

/// Registers a pseudonym.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO persons (tenant_id, id, created_by, created_at) VALUES ($1, $2, $3, $4)")
        .bind(tenant.as_uuid())
        .bind(person.as_uuid())
        .bind(by)
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

/// Puts a person in or out of use; without a state only counts the change.
pub async fn touch(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    state: Option<PersonState>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE persons SET state = COALESCE($3, state), row_version = row_version + 1 WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .bind(state.map(PersonState::as_str))
    .execute(db)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct RulesRow {
    exemption_ground: Option<String>,
    exemption_from: Option<DateTime<Utc>>,
    exemption_until: Option<DateTime<Utc>>,
    escort_person_id: Option<Uuid>,
    escort_group_id: Option<Uuid>,
    escort_within_s: Option<i32>,
    needs_longer: bool,
    has_pin: bool,
    row_version: i64,
}

/// What rules ask of one person otherwise than of others, locked against other changes until the transaction ends.
pub async fn rules_locked(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
) -> sqlx::Result<Option<PersonRules>> {
    let row: Option<RulesRow> = sqlx::query_as(
        "SELECT exemption_ground, exemption_from, exemption_until, escort_person_id, escort_group_id, escort_within_s, \
         needs_longer, has_pin, row_version FROM persons WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let ground = row.exemption_ground.map(|word| word.parse::<ExemptionGround>()).transpose();
    let ground = ground.map_err(|unknown| sqlx::Error::Decode(unknown.into()))?;
    Ok(Some(PersonRules {
        exemption: ground.zip(row.exemption_from).map(|(ground, valid_from)| Exemption {
            ground,
            valid_from,
            valid_until: row.exemption_until,
        }),
        escort: row.escort_within_s.map(|within_s| Escort {
            person_id: row.escort_person_id,
            group_id: row.escort_group_id,
            within_s,
        }),
        needs_longer: row.needs_longer,
        has_pin: row.has_pin,
        version: row.row_version,
    }))
}

/// Says what rules ask of a person otherwise than of others.
pub async fn set_rules(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    new: &NewPersonRules,
) -> sqlx::Result<()> {
    let escort = new.escort.as_ref();
    sqlx::query(
        "UPDATE persons SET exemption_ground = $3, exemption_from = $4, exemption_until = $5, escort_person_id = $6, \
         escort_group_id = $7, escort_within_s = $8, needs_longer = $9, row_version = row_version + 1 \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .bind(new.exemption.map(|exemption| exemption.ground.as_str()))
    .bind(new.exemption.map(|exemption| exemption.valid_from))
    .bind(new.exemption.and_then(|exemption| exemption.valid_until))
    .bind(escort.and_then(|escort| escort.person_id))
    .bind(escort.and_then(|escort| escort.group_id))
    .bind(escort.map(|escort| escort.within_s))
    .bind(new.needs_longer)
    .execute(db)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct LegalBasisRow {
    kind: String,
    consent_text_version: Option<String>,
    given_at: DateTime<Utc>,
    note: Option<String>,
    recorded_at: DateTime<Utc>,
    recorded_by: Option<Uuid>,
}

/// The legal basis that stands, if one does.
pub async fn legal_basis(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
) -> sqlx::Result<Option<LegalBasis>> {
    let row: Option<LegalBasisRow> = sqlx::query_as(
        "SELECT kind, consent_text_version, given_at, note, recorded_at, recorded_by FROM legal_bases \
         WHERE tenant_id = $1 AND person_id = $2 AND withdrawn_at IS NULL",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| {
        Some(LegalBasis {
            kind: LegalBasisKind::from_word(&row.kind)?,
            consent_text_version: row.consent_text_version,
            given_at: row.given_at,
            note: row.note,
            recorded_at: row.recorded_at,
            recorded_by: row.recorded_by,
        })
    }))
}

/// Records a legal basis in place of the one before; the history keeps both.
pub async fn put_legal_basis(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    basis: &NewLegalBasis,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO legal_bases AS kept (tenant_id, person_id, kind, consent_text_version, given_at, note, recorded_at, \
         recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (tenant_id, person_id) DO UPDATE SET kind = excluded.kind, \
         consent_text_version = excluded.consent_text_version, given_at = excluded.given_at, note = excluded.note, \
         recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by, withdrawn_at = NULL, \
         row_version = kept.row_version + 1",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .bind(basis.kind.as_str())
    .bind(&basis.consent_text_version)
    .bind(basis.given_at)
    .bind(&basis.note)
    .bind(now)
    .bind(by)
    .execute(db)
    .await?;
    Ok(())
}

/// Withdraws the legal basis.
pub async fn withdraw_legal_basis(
    db: &mut PgConnection,
    tenant: TenantId,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE legal_bases SET withdrawn_at = $3, row_version = row_version + 1 \
         WHERE tenant_id = $1 AND person_id = $2 AND withdrawn_at IS NULL",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

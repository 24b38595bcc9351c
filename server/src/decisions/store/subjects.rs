//! People, groups, cards, what they were granted, and what stops them.

use access_core::attempt::Assurance;
use access_core::ids::TenantId;
use access_core::policy::{
    Block, BlockSubject, CardToken, CredentialRule, Escort, EscortBy, Exemption, Grant, GroupRule, Holder, PersonRule,
};
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{PlaceColumns, Which, period};

pub(super) async fn groups(db: &mut PgConnection, tenant: TenantId) -> anyhow::Result<Vec<GroupRule>> {
    let rows: Vec<(Uuid, bool)> =
        sqlx::query_as("SELECT id, is_responder FROM groups WHERE tenant_id = $1 ORDER BY id")
            .bind(tenant.as_uuid())
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|(id, is_responder)| GroupRule { id: id.into(), is_responder }).collect())
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    id: Uuid,
    state: String,
    has_finger: bool,
    has_pin: bool,
    needs_longer: bool,
    exemption_ground: Option<String>,
    exemption_from: Option<DateTime<Utc>>,
    exemption_until: Option<DateTime<Utc>>,
    escort_person_id: Option<Uuid>,
    escort_group_id: Option<Uuid>,
    escort_within_s: Option<i32>,
    groups: Option<Vec<Uuid>>,
}

pub(super) async fn persons(
    db: &mut PgConnection,
    tenant: TenantId,
    which: Which<'_>,
) -> anyhow::Result<Vec<PersonRule>> {
    let rows: Vec<PersonRow> = which
        .rows(
            db,
            tenant,
            "SELECT person.id, person.state, EXISTS (SELECT FROM fingers finger \
             WHERE finger.tenant_id = person.tenant_id AND finger.person_id = person.id \
             AND NOT finger.is_duress) AS has_finger, \
         person.has_pin, person.needs_longer, person.exemption_ground, person.exemption_from, person.exemption_until, \
         person.escort_person_id, person.escort_group_id, person.escort_within_s, held.groups \
         FROM persons person LEFT JOIN (SELECT person_id, array_agg(group_id ORDER BY group_id) AS groups \
             FROM group_members WHERE tenant_id = $1 AND person_id {which} GROUP BY person_id) held ON held.person_id = person.id \
         WHERE person.tenant_id = $1 AND person.id {which} ORDER BY person.id",
        )
        .await?;
    rows.into_iter().map(person).collect()
}

fn person(row: PersonRow) -> anyhow::Result<PersonRule> {
    let exemption = match row.exemption_ground.zip(row.exemption_from) {
        Some((ground, from)) => Some(Exemption { ground: ground.parse()?, valid: period(from, row.exemption_until) }),
        None => None,
    };
    let by_person = row.escort_person_id.map(|person| EscortBy::Person(person.into()));
    let by = by_person.or(row.escort_group_id.map(|group| EscortBy::Group(group.into())));
    let escort = match by.zip(row.escort_within_s) {
        Some((by, within_s)) => Some(Escort { by, within_s: within_s.try_into()? }),
        None => None,
    };
    Ok(PersonRule {
        id: row.id.into(),
        is_active: row.state == "active",
        has_finger: row.has_finger,
        has_pin: row.has_pin,
        needs_longer: row.needs_longer,
        exemption,
        escort,
        groups: row.groups.unwrap_or_default().into_iter().map(Into::into).collect(),
    })
}

#[derive(sqlx::FromRow)]
struct CredentialRow {
    id: Uuid,
    person_id: Uuid,
    token: Vec<u8>,
    strength: String,
    state: String,
    valid_from: DateTime<Utc>,
    valid_until: Option<DateTime<Utc>>,
}

pub(super) async fn credentials(
    db: &mut PgConnection,
    tenant: TenantId,
    which: Which<'_>,
) -> anyhow::Result<Vec<CredentialRule>> {
    let rows: Vec<CredentialRow> = which
        .rows(
            db,
            tenant,
        "SELECT id, person_id, token, strength, state, valid_from, valid_until FROM credentials WHERE tenant_id = $1 AND id {which} ORDER BY id",
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(CredentialRule {
                id: row.id.into(),
                person: row.person_id.into(),
                token: CardToken(row.token.try_into().map_err(|_| anyhow::anyhow!("a card's token"))?),
                state: row.state.parse()?,
                valid: period(row.valid_from, row.valid_until),
                proves_itself: row.strength.parse::<Assurance>()? == Assurance::Authenticated,
            })
        })
        .collect()
}

type GrantRow = (Uuid, Option<Uuid>, Option<Uuid>, Uuid, DateTime<Utc>, Option<DateTime<Utc>>);

pub(super) async fn grants(db: &mut PgConnection, tenant: TenantId, which: Which<'_>) -> anyhow::Result<Vec<Grant>> {
    let rows: Vec<GrantRow> = which
        .rows(
            db,
            tenant,
            "SELECT id, person_id, group_id, level_id, valid_from, valid_until FROM grants \
         WHERE tenant_id = $1 AND revoked_at IS NULL AND id {which} ORDER BY id",
        )
        .await?;
    rows.into_iter()
        .map(|(id, person, group, level, from, until)| {
            let by_person = person.map(|person| Holder::Person(person.into()));
            let holder = by_person.or(group.map(|group| Holder::Group(group.into())));
            let holder = holder.with_context(|| format!("grant {id} has no holder"))?;
            Ok(Grant { id: id.into(), holder, level: level.into(), valid: period(from, until) })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct BlockRow {
    id: Uuid,
    person_id: Option<Uuid>,
    credential_id: Option<Uuid>,
    group_id: Option<Uuid>,
    #[sqlx(flatten)]
    place: PlaceColumns,
    valid_from: DateTime<Utc>,
    valid_until: Option<DateTime<Utc>>,
}

pub(super) async fn blocks(db: &mut PgConnection, tenant: TenantId, which: Which<'_>) -> anyhow::Result<Vec<Block>> {
    let rows: Vec<BlockRow> = which
        .rows(
            db,
            tenant,
            "SELECT id, person_id, credential_id, group_id, place_kind AS kind, site_id, area_id, door_id, valid_from, \
         valid_until FROM blocks WHERE tenant_id = $1 AND lifted_at IS NULL AND id {which} ORDER BY id",
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let subject = match (row.person_id, row.credential_id, row.group_id) {
                (Some(person), _, _) => BlockSubject::Person(person.into()),
                (None, Some(credential), _) => BlockSubject::Credential(credential.into()),
                (None, None, Some(group)) => BlockSubject::Group(group.into()),
                (None, None, None) => anyhow::bail!("block {} stops nothing", row.id),
            };
            let valid = period(row.valid_from, row.valid_until);
            Ok(Block { id: row.id.into(), subject, place: row.place.place()?, valid })
        })
        .collect()
}

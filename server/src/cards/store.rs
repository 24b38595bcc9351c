//! SQL of cards that prove themselves. UIDs and numbers lie in the vault, not here.

use std::collections::BTreeMap;

use access_core::ids::{AgentId, CredentialId, PersonId, TenantId};
use access_core::policy::{CardToken, CredentialState};
use access_core::protocol::CardMessaging;
use access_core::word::Word;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::{CardRules, CardRulesChange, ChipRow, KEY_VERSION_MAX, TemplatesOn};
use crate::consent;
use crate::keys::cards::{HeldBy, KeyCheck};

pub mod due;

/// Columns of a chip, beside `chip` as the name of its table.
pub const CHIP: &str = "chip.messaging, chip.key_version, chip.versions_begun, chip.version_wanted, chip.free_bytes, \
                        chip.templates_bytes_max, chip.templates_bytes, chip.has_factory_key, \
                        (SELECT chosen.leaves_factory_key FROM card_rules chosen WHERE chosen.tenant_id = chip.tenant_id) \
                         AS leaves_factory_key, \
                        (SELECT known.key_version FROM card_exposures known WHERE known.tenant_id = chip.tenant_id \
                         AND known.uid_hash = chip.uid_hash) AS exposed_version";

/// Reads [`CHIP`]; none if the card has no chip that proves anything.
pub fn chip(row: &PgRow) -> sqlx::Result<Option<ChipRow>> {
    let Some(messaging) = row.try_get::<Option<String>, _>("messaging")? else { return Ok(None) };
    let exposed_version: Option<i16> = row.try_get("exposed_version")?;
    // Whatever was written down meanwhile, a card never gets a version that others know, while there is another.
    let beyond = exposed_version.map_or(1, |exposed| exposed.saturating_add(1)).min(KEY_VERSION_MAX);
    let has_factory_key = row.try_get("has_factory_key")?;
    let leaves_factory_key: Option<bool> = row.try_get("leaves_factory_key")?;
    Ok(Some(ChipRow {
        messaging: word("messaging", &messaging)?,
        key_version: row.try_get("key_version")?,
        versions_begun: row.try_get("versions_begun")?,
        version_wanted: row.try_get::<i16, _>("version_wanted")?.max(beyond),
        free_bytes: row.try_get("free_bytes")?,
        templates_bytes_max: row.try_get("templates_bytes_max")?,
        templates_bytes: row.try_get("templates_bytes")?,
        has_factory_key,
        is_factory_key_due: has_factory_key && leaves_factory_key != Some(true),
        exposed_version,
    }))
}

fn word<W: Word>(column: &str, text: &str) -> sqlx::Result<W> {
    W::from_word(text).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("`{text}` is not a word of {}", W::NAME).into(),
    })
}

fn token(column: &str, bytes: Vec<u8>) -> sqlx::Result<CardToken> {
    let bytes = bytes.try_into().map_err(|_| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "a card's hash has 32 bytes".into(),
    })?;
    Ok(CardToken(bytes))
}

/// The tenant's choices, and how far its cards are.
pub async fn rules(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<CardRules> {
    let sql = format!(
        "SELECT COALESCE(rules.key_version, 1::smallint) AS key_version, COALESCE(rules.templates_on, 'card') AS templates_on, \
         COALESCE(rules.compares_fingers, false) AS compares_fingers, \
         COALESCE(rules.takes_ev1, false) AS takes_ev1, COALESCE(rules.leaves_factory_key, false) AS leaves_factory_key, \
         rules.rekeyed_at, COALESCE(rules.row_version, 0) AS row_version, held.cards, held.cards_due, held.cards_to_exchange, \
         (SELECT count(DISTINCT finger.person_id) FROM fingers finger \
             JOIN legal_bases basis ON basis.tenant_id = finger.tenant_id AND basis.person_id = finger.person_id \
             AND basis.withdrawn_at IS NULL WHERE finger.tenant_id = $1 AND finger.credential_id IS NULL AND basis.consent_text_version <> ALL($3)) \
             AS people_not_compared \
         FROM (SELECT count(*) AS cards, count(*) FILTER (WHERE reason <> 'exchange') AS cards_due, \
             count(*) FILTER (WHERE reason = 'exchange') AS cards_to_exchange FROM ({}) card) held \
         LEFT JOIN card_rules rules ON rules.tenant_id = $1",
        due::IN_CIRCULATION
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(KEY_VERSION_MAX)
        .bind(consent::comparing_versions())
        .fetch_one(db)
        .await?;
    let templates_on: &str = row.try_get("templates_on")?;
    Ok(CardRules {
        key_version: row.try_get("key_version")?,
        templates_on: word::<TemplatesOn>("templates_on", templates_on)?,
        compares_fingers: row.try_get("compares_fingers")?,
        people_not_compared: row.try_get("people_not_compared")?,
        takes_ev1: row.try_get("takes_ev1")?,
        leaves_factory_key: row.try_get("leaves_factory_key")?,
        rekeyed_at: row.try_get("rekeyed_at")?,
        cards: row.try_get("cards")?,
        cards_due: row.try_get("cards_due")?,
        cards_to_exchange: row.try_get("cards_to_exchange")?,
        version: row.try_get("row_version")?,
    })
}

/// Where templates of fingers that are enrolled now are kept.
pub async fn templates_on(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<TemplatesOn> {
    let chosen: Option<String> = sqlx::query_scalar("SELECT templates_on FROM card_rules WHERE tenant_id = $1")
        .bind(tenant.as_uuid())
        .fetch_optional(db)
        .await?;
    chosen.map_or(Ok(TemplatesOn::Card), |chosen| word("templates_on", &chosen))
}

/// Whether a finger is compared with those of others before it is stored.
pub async fn compares_fingers(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM card_rules WHERE tenant_id = $1 AND compares_fingers AND templates_on = 'server')",
    )
    .bind(tenant.as_uuid())
    .fetch_one(db)
    .await
}

/// Puts choices in place of those of this version; whether none came between.
pub async fn put_rules(
    db: &mut PgConnection,
    tenant: TenantId,
    new: &CardRulesChange,
    version: i64,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO card_rules AS kept (tenant_id, templates_on, takes_ev1, leaves_factory_key, compares_fingers) \
         VALUES ($1, $2, $3, $4, $6) \
         ON CONFLICT (tenant_id) DO UPDATE SET templates_on = excluded.templates_on, takes_ev1 = excluded.takes_ev1, \
         leaves_factory_key = excluded.leaves_factory_key, compares_fingers = excluded.compares_fingers, \
         row_version = kept.row_version + 1 WHERE kept.row_version = $5",
    )
    .bind(tenant.as_uuid())
    .bind(new.templates_on.as_str())
    .bind(new.takes_ev1)
    .bind(new.leaves_factory_key)
    .bind(version)
    .bind(new.compares_fingers)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The tenant's next version: one that no card has or is to get, and of which no master key was ever made. None if there is none left.
/// A card whose keys were lost with agents again and again may be far ahead by itself, and stays so.
pub async fn next_version(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Option<i16>> {
    sqlx::query_scalar(
        "SELECT min(series.version)::smallint FROM generate_series(\
             COALESCE((SELECT key_version FROM card_rules WHERE tenant_id = $1), 1) + 1, $2) AS series (version) \
         WHERE NOT EXISTS (SELECT FROM card_key_versions made WHERE made.tenant_id = $1 AND made.version = series.version) \
         AND NOT EXISTS (SELECT FROM card_chips chip WHERE chip.tenant_id = $1 \
             AND (chip.key_version = series.version OR chip.version_wanted = series.version))",
    )
    .bind(tenant.as_uuid())
    .bind(i32::from(KEY_VERSION_MAX))
    .fetch_one(db)
    .await
}

/// Who holds the master key of each version that was ever used.
pub async fn key_holders(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<BTreeMap<u8, HeldBy>> {
    let rows: Vec<(i16, Option<Vec<u8>>)> =
        sqlx::query_as("SELECT version, module_check FROM card_key_versions WHERE tenant_id = $1")
            .bind(tenant.as_uuid())
            .fetch_all(db)
            .await?;
    let unfit = |column: &str| sqlx::Error::ColumnDecode { index: column.to_owned(), source: "out of range".into() };
    rows.into_iter()
        .map(|(version, check)| {
            let version = u8::try_from(version).map_err(|_| unfit("version"))?;
            let held = match check {
                None => HeldBy::File,
                Some(check) => HeldBy::Module(KeyCheck(check.try_into().map_err(|_| unfit("module_check"))?)),
            };
            Ok((version, held))
        })
        .collect()
}

/// Writes down who holds the master key of a version, unless that is written.
pub async fn put_key_holder(
    db: &mut PgConnection,
    tenant: TenantId,
    version: u8,
    held: HeldBy,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let check = match held {
        HeldBy::File => None,
        HeldBy::Module(KeyCheck(check)) => Some(check.to_vec()),
    };
    sqlx::query(
        "INSERT INTO card_key_versions (tenant_id, version, module_check, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(tenant.as_uuid())
    .bind(i16::from(version))
    .bind(check)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Gives the tenant's keys another version: new cards get it, and every card at its next visit. Agents are told as of a change of
/// rules.
pub async fn rotate(db: &mut PgConnection, tenant: TenantId, version: i16, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO card_rules AS kept (tenant_id, key_version, rekeyed_at) VALUES ($1, $2, $3) ON CONFLICT (tenant_id) DO UPDATE \
         SET key_version = excluded.key_version, rekeyed_at = excluded.rekeyed_at, row_version = kept.row_version + 1",
    )
    .bind(tenant.as_uuid())
    .bind(version)
    .bind(now)
    .execute(&mut *db)
    .await?;
    // One that is ahead already, since others know its keys, gets its own next.
    sqlx::query(
        "UPDATE card_chips SET version_wanted = greatest($2, least(greatest(key_version, version_wanted) + 1, $3)) WHERE tenant_id = $1",
    )
        .bind(tenant.as_uuid())
        .bind(version)
        .bind(KEY_VERSION_MAX)
        .execute(db)
        .await?;
    Ok(())
}

/// Keeps for good which cards' keys a lost agent was ever sent, and marks those cards: each gets a version that the agent does not
/// have, at its next visit; one whose keys have no next version can only be exchanged for another card. A card that is nobody's now
/// gets such a version when it is made anew. Says how many are marked. Other agents are told as of a change of rules.
pub async fn rekey_held_by(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    lock_held(db, agent).await?;
    sqlx::query(
        "INSERT INTO card_exposures AS kept (tenant_id, uid_hash, key_version) \
         SELECT tenant_id, uid_hash, max(key_version) FROM agent_card_keys WHERE tenant_id = $1 AND agent_id = $2 \
         GROUP BY tenant_id, uid_hash ORDER BY uid_hash \
         ON CONFLICT (tenant_id, uid_hash) DO UPDATE SET key_version = greatest(kept.key_version, excluded.key_version)",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .execute(&mut *db)
    .await?;
    let marked = sqlx::query(
        "UPDATE card_chips chip SET version_wanted = least(held.newest + 1, $3) \
         FROM (SELECT uid_hash, max(key_version) AS newest FROM agent_card_keys \
             WHERE tenant_id = $1 AND agent_id = $2 GROUP BY uid_hash) held \
         WHERE chip.tenant_id = $1 AND chip.uid_hash = held.uid_hash AND chip.version_wanted <= held.newest",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(KEY_VERSION_MAX)
    .execute(&mut *db)
    .await?
    .rows_affected();
    if marked > 0 {
        sqlx::query(
            "INSERT INTO card_rules AS kept (tenant_id, rekeyed_at) VALUES ($1, $2) \
             ON CONFLICT (tenant_id) DO UPDATE SET rekeyed_at = excluded.rekeyed_at, row_version = kept.row_version + 1",
        )
        .bind(tenant.as_uuid())
        .bind(now)
        .execute(db)
        .await?;
    }
    Ok(marked)
}

/// Newest version of the keys of the card with this UID that whoever has a lost agent knows.
pub async fn exposed_version(db: &mut PgConnection, tenant: TenantId, uid: &CardToken) -> sqlx::Result<Option<i16>> {
    sqlx::query_scalar("SELECT key_version FROM card_exposures WHERE tenant_id = $1 AND uid_hash = $2")
        .bind(tenant.as_uuid())
        .bind(uid.0.to_vec())
        .fetch_optional(db)
        .await
}

/// Has whoever is about to send this agent keys of cards go on first, or wait and then find the agent out of use. It comes before any
/// lock of the agent's row and of a card's, here and in [`share_held`]: who took them the other way round would wait for each other.
pub async fn lock_held(db: &mut PgConnection, agent: AgentId) -> sqlx::Result<()> {
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    sqlx::query(lock).bind(held_by(agent)).execute(db).await.map(|_| ())
}

/// Until this is committed, nobody marks what the agent holds: see [`lock_held`]. Whoever is sent cards may not lock the agent's row,
/// hence a lock of its own.
pub async fn share_held(db: &mut PgConnection, agent: AgentId) -> sqlx::Result<()> {
    let lock = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))";
    sqlx::query(lock).bind(held_by(agent)).execute(db).await.map(|_| ())
}

fn held_by(agent: AgentId) -> String {
    format!("card keys of agent {agent}")
}

/// Notes that an agent is about to be sent these versions of reading keys, of cards by the keyed hash of their UIDs. An error if
/// the agent is not in use any more: what it holds was marked then, and it is to be sent nothing else.
pub async fn note_held(
    db: &mut PgConnection,
    tenant: TenantId,
    agent: AgentId,
    keys: &[(CardToken, u8)],
) -> sqlx::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    share_held(db, agent).await?;
    sqlx::query("SELECT 1 FROM agents WHERE tenant_id = $1 AND id = $2 AND state = 'joined'")
        .bind(tenant.as_uuid())
        .bind(agent.as_uuid())
        .fetch_one(&mut *db)
        .await?;
    let (uids, versions): (Vec<Vec<u8>>, Vec<i16>) =
        keys.iter().map(|(uid, version)| (uid.0.to_vec(), i16::from(*version))).unzip();
    sqlx::query(
        "INSERT INTO agent_card_keys (tenant_id, agent_id, uid_hash, key_version) \
         SELECT $1, $2, * FROM unnest($3::bytea[], $4::smallint[]) ON CONFLICT DO NOTHING",
    )
    .bind(tenant.as_uuid())
    .bind(agent.as_uuid())
    .bind(uids)
    .bind(versions)
    .execute(db)
    .await?;
    Ok(())
}

/// A credential that a UID belongs to.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Which credential.
    pub credential: Uuid,
    /// Whose.
    pub person: PersonId,
    /// Its state.
    pub state: CredentialState,
    /// Its chip; none for a card that is known by its UID alone.
    pub chip: Option<ChipRow>,
}

/// Credentials that a UID belongs to, by its chip or by itself, locked until the transaction ends.
pub async fn holders(db: &mut PgConnection, tenant: TenantId, uid: &CardToken) -> sqlx::Result<Vec<Holder>> {
    let sql = format!(
        "SELECT card.id, card.person_id, card.state, {CHIP} FROM credentials card \
         LEFT JOIN card_chips chip ON chip.tenant_id = card.tenant_id AND chip.credential_id = card.id \
         WHERE card.tenant_id = $1 AND (card.token = $2 OR chip.uid_hash = $2) ORDER BY card.created_at FOR UPDATE OF card"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(uid.0.to_vec())
        .try_map(|row| {
            let state: &str = row.try_get("state")?;
            Ok(Holder {
                credential: row.try_get("id")?,
                person: row.try_get::<Uuid, _>("person_id")?.into(),
                state: word("state", state)?,
                chip: chip(&row)?,
            })
        })
        .fetch_all(db)
        .await
}

/// The card whose chip has this UID, and whose it is.
pub async fn holder_of_uid(
    db: &mut PgConnection,
    tenant: TenantId,
    uid: &CardToken,
) -> sqlx::Result<Option<(CredentialId, PersonId)>> {
    let holder: Option<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT card.id, card.person_id FROM card_chips chip \
         JOIN credentials card ON card.tenant_id = chip.tenant_id AND card.id = chip.credential_id \
         WHERE chip.tenant_id = $1 AND chip.uid_hash = $2",
    )
    .bind(tenant.as_uuid())
    .bind(uid.0.to_vec())
    .fetch_optional(db)
    .await?;
    Ok(holder.map(|(card, person)| (card.into(), person.into())))
}

/// A chip, by its credential.
pub async fn get(db: &mut PgConnection, tenant: TenantId, credential: Uuid) -> sqlx::Result<Option<ChipRow>> {
    let sql = format!("SELECT {CHIP} FROM card_chips chip WHERE tenant_id = $1 AND credential_id = $2 FOR UPDATE");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_uuid()).bind(credential).fetch_optional(db).await?;
    row.as_ref().map_or(Ok(None), chip)
}

/// What a station reported of a card that it wrote.
#[derive(Debug, Clone, Copy)]
pub struct WrittenChip<'a> {
    /// Keyed hash of its UID.
    pub uid: &'a CardToken,
    /// How it is spoken to.
    pub messaging: CardMessaging,
    /// Version of its keys.
    pub key_version: u8,
    /// What is free on it, in bytes.
    pub free_bytes: i32,
    /// Size of its template file.
    pub templates_bytes_max: i32,
    /// How much of it is used.
    pub templates_bytes: i32,
    /// Whether its own key was to stay the factory's.
    pub keeps_factory_key: bool,
}

/// Keeps the chip of a new credential. Fails by constraint `card_chips_uid_is_unique` if it is another's.
pub async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    credential: CredentialId,
    chip: &WrittenChip<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO card_chips (tenant_id, credential_id, uid_hash, messaging, key_version, version_wanted, free_bytes, \
         templates_bytes_max, templates_bytes, written_at, has_factory_key) \
         VALUES ($1, $2, $3, $4, $5, greatest($5, COALESCE((SELECT key_version FROM card_rules WHERE tenant_id = $1), 1), \
         (SELECT least(key_version + 1, 255)::smallint FROM card_exposures WHERE tenant_id = $1 AND uid_hash = $3)), $6, $7, $8, $9, $10)",
    )
    .bind(tenant.as_uuid())
    .bind(credential.as_uuid())
    .bind(chip.uid.0.to_vec())
    .bind(chip.messaging.as_str())
    .bind(i16::from(chip.key_version))
    .bind(chip.free_bytes)
    .bind(chip.templates_bytes_max)
    .bind(chip.templates_bytes)
    .bind(now)
    .bind(chip.keeps_factory_key)
    .execute(&mut *db)
    .await?;
    note_messaging(db, tenant, chip).await
}

/// Keeps that a card spoke by the newer messages, if it did.
async fn note_messaging(db: &mut PgConnection, tenant: TenantId, chip: &WrittenChip<'_>) -> sqlx::Result<()> {
    if chip.messaging == CardMessaging::Ev2 {
        sqlx::query("INSERT INTO card_newer_messages (tenant_id, uid_hash) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(tenant.as_uuid())
            .bind(chip.uid.0.to_vec())
            .execute(db)
            .await?;
    }
    Ok(())
}

/// Whether a card with this UID ever spoke by the newer messages.
pub async fn knows_newer_messages(db: &mut PgConnection, tenant: TenantId, uid: &CardToken) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM card_newer_messages WHERE tenant_id = $1 AND uid_hash = $2)")
        .bind(tenant.as_uuid())
        .bind(uid.0.to_vec())
        .fetch_one(db)
        .await
}

/// Notes that a card is about to get a version of keys: until it is heard of again it may have that one too.
pub async fn begin_version(
    db: &mut PgConnection,
    tenant: TenantId,
    credential: Uuid,
    version: i16,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE card_chips SET versions_begun = array_append(versions_begun, $3) \
         WHERE tenant_id = $1 AND credential_id = $2 AND key_version <> $3 AND NOT versions_begun @> ARRAY[$3]",
    )
    .bind(tenant.as_uuid())
    .bind(credential)
    .bind(version)
    .execute(db)
    .await?;
    Ok(())
}

/// A card was written again. Once spoken to by the newer messages, it is never spoken to by the older ones.
pub async fn rewritten(
    db: &mut PgConnection,
    tenant: TenantId,
    credential: Uuid,
    chip: &WrittenChip<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE card_chips SET key_version = $3, versions_begun = '{}', free_bytes = $4, templates_bytes = $5, written_at = $6, \
         messaging = CASE WHEN messaging = 'ev2' THEN messaging ELSE $7 END, has_factory_key = has_factory_key AND $8 WHERE tenant_id = $1 AND credential_id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(credential)
    .bind(i16::from(chip.key_version))
    .bind(chip.free_bytes)
    .bind(chip.templates_bytes)
    .bind(now)
    .bind(chip.messaging.as_str())
    .bind(chip.keeps_factory_key)
    .execute(&mut *db)
    .await?;
    note_messaging(db, tenant, chip).await
}

/// Forgets a chip: it was wiped, or is another credential's from now on.
pub async fn delete(db: &mut PgConnection, tenant: TenantId, credential: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM card_chips WHERE tenant_id = $1 AND credential_id = $2")
        .bind(tenant.as_uuid())
        .bind(credential)
        .execute(db)
        .await?;
    Ok(())
}

/// Whether some site takes cards that are known by their UID alone.
pub async fn are_weak_cards_taken(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM sites WHERE tenant_id = $1 AND accepts_uid_only)")
        .bind(tenant.as_uuid())
        .fetch_one(db)
        .await
}

/// Whether a person has a card in use that a finger can be put on.
pub async fn has_card_for_finger(db: &mut PgConnection, tenant: TenantId, person: PersonId) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM credentials card JOIN card_chips chip ON chip.tenant_id = card.tenant_id \
         AND chip.credential_id = card.id WHERE card.tenant_id = $1 AND card.person_id = $2 AND card.state = 'active' \
         AND chip.templates_bytes_max > 0)",
    )
    .bind(tenant.as_uuid())
    .bind(person.as_uuid())
    .fetch_one(db)
    .await
}

/// A card as a bundle needs it.
#[derive(Debug, Clone)]
pub struct BundleChip {
    /// Which credential.
    pub credential: Uuid,
    /// Keyed hash of its UID.
    pub uid: CardToken,
    /// What the rules know it by.
    pub card: CardToken,
    /// Whether it is lost or stolen.
    pub is_missing: bool,
    /// The rest.
    pub chip: ChipRow,
}

/// Chips of these credentials.
pub async fn for_bundle(
    db: &mut PgConnection,
    tenant: TenantId,
    credentials: &[Uuid],
) -> sqlx::Result<Vec<BundleChip>> {
    let sql = format!(
        "SELECT card.id, card.token, card.state, chip.uid_hash, {CHIP} FROM card_chips chip \
         JOIN credentials card ON card.tenant_id = chip.tenant_id AND card.id = chip.credential_id \
         WHERE chip.tenant_id = $1 AND chip.credential_id = ANY ($2) ORDER BY chip.credential_id"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(credentials)
        .try_map(|row| {
            let state: &str = row.try_get("state")?;
            let Some(chip) = chip(&row)? else { return Ok(None) };
            Ok(Some(BundleChip {
                credential: row.try_get("id")?,
                uid: token("uid_hash", row.try_get("uid_hash")?)?,
                card: token("token", row.try_get("token")?)?,
                is_missing: matches!(word("state", state)?, CredentialState::Lost | CredentialState::Stolen),
                chip,
            }))
        })
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().flatten().collect())
}

/// Whether the tenant makes cards that prove themselves.
pub async fn are_there_any(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM card_chips WHERE tenant_id = $1)")
        .bind(tenant.as_uuid())
        .fetch_one(db)
        .await
}

/// Those of these people who have a finger on a card.
pub async fn fingers_on_cards(
    db: &mut PgConnection,
    tenant: TenantId,
    persons: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, Vec<Uuid>)>> {
    sqlx::query_as(
        "SELECT person_id, array_agg(id ORDER BY id) FROM fingers \
         WHERE tenant_id = $1 AND person_id = ANY ($2) AND credential_id IS NOT NULL GROUP BY person_id ORDER BY person_id",
    )
    .bind(tenant.as_uuid())
    .bind(persons)
    .fetch_all(db)
    .await
}

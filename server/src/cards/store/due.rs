//! SQL of the cards that are due for other keys, and why. Called by the routes of cards; the tenant's counts are made by the same
//! words, so that they are what the list is long.

use access_core::ids::TenantId;
use access_core::word::Word as _;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use uuid::Uuid;

use super::word;
use crate::cards::{CardDue, CardDueReason, KEY_VERSION_MAX};

/// Cards in circulation that prove themselves, each with why it is due, if it is. `$1` is the tenant, `$2` the last version that keys
/// can have. A card that is lost or stolen, or at its end, and one of a person who is out of use opens nothing and is brought by
/// nobody; it is in circulation again as soon as that is taken back. A suspended card stays: its holder has it.
pub(super) const IN_CIRCULATION: &str = "SELECT card.id, card.label, card.state, card.person_id, chip.key_version, \
     CASE WHEN known.key_version >= $2 THEN 'exchange' WHEN known.key_version >= chip.key_version THEN 'exposed' \
         WHEN chip.has_factory_key AND NOT COALESCE(chosen.leaves_factory_key, false) THEN 'factory_key' \
         WHEN chip.version_wanted <> chip.key_version THEN 'old_keys' END AS reason \
     FROM card_chips chip JOIN credentials card ON card.tenant_id = chip.tenant_id AND card.id = chip.credential_id \
     JOIN persons holder ON holder.tenant_id = card.tenant_id AND holder.id = card.person_id \
     LEFT JOIN card_rules chosen ON chosen.tenant_id = chip.tenant_id \
     LEFT JOIN card_exposures known ON known.tenant_id = chip.tenant_id AND known.uid_hash = chip.uid_hash \
     WHERE chip.tenant_id = $1 AND card.state IN ('active', 'suspended', 'issued') AND holder.state = 'active'";

/// Where a piece of the list begins: behind this card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// Why it was due.
    pub reason: CardDueReason,
    /// Which credential.
    pub id: Uuid,
}

/// How many cards are due, for this reason if one is named, and some of them: the most pressing first, among these the oldest. A card
/// that got its keys between two pieces moves no other out of them.
pub async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    reason: Option<CardDueReason>,
    after: Option<After>,
    limit: i64,
) -> sqlx::Result<(i64, Vec<CardDue>)> {
    let due = format!("({IN_CIRCULATION}) card WHERE reason IS NOT NULL AND ($3::text IS NULL OR reason = $3)");
    let reason = reason.map(CardDueReason::as_str);
    let count = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {due}")))
        .bind(tenant.as_uuid())
        .bind(KEY_VERSION_MAX)
        .bind(reason)
        .fetch_one(&mut *db)
        .await?;
    let order: Vec<&str> = CardDueReason::ALL.iter().map(|reason| reason.as_str()).collect();
    let sql = format!(
        "SELECT * FROM {due} AND ($5::text IS NULL OR (array_position($4::text[], reason), id) > (array_position($4, $5), $6)) \
         ORDER BY array_position($4, reason), id LIMIT $7"
    );
    let items = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(KEY_VERSION_MAX)
        .bind(reason)
        .bind(order)
        .bind(after.map(|after| after.reason.as_str()))
        .bind(after.map(|after| after.id))
        .bind(limit)
        .try_map(|row| {
            Ok(CardDue {
                credential_id: row.try_get("id")?,
                label: row.try_get("label")?,
                state: word("state", row.try_get("state")?)?,
                person_id: row.try_get("person_id")?,
                key_version: row.try_get("key_version")?,
                reason: word("reason", row.try_get("reason")?)?,
            })
        })
        .fetch_all(db)
        .await?;
    Ok((count, items))
}

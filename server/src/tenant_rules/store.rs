//! SQL of a tenant's choices: one row, or none while nothing was chosen.

use access_core::ids::TenantId;
use access_core::policy::WaivableRule;
use access_core::word::Word;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::{TenantRules, TenantRulesChange};

const COLUMNS: &str = "refusals, refusals_within_s, reader_lock_s, alone_travel, alone_anti_passback, alone_occupancy, \
                       alone_two_person, waived_for_duress, alone_hours, grant_days_max, row_version";

fn rules(row: PgRow) -> sqlx::Result<TenantRules> {
    Ok(TenantRules {
        refusals: row.try_get("refusals")?,
        refusals_within_s: row.try_get("refusals_within_s")?,
        reader_lock_s: row.try_get("reader_lock_s")?,
        alone_travel: word("alone_travel", row.try_get("alone_travel")?)?,
        alone_anti_passback: word("alone_anti_passback", row.try_get("alone_anti_passback")?)?,
        alone_occupancy: word("alone_occupancy", row.try_get("alone_occupancy")?)?,
        alone_two_person: word("alone_two_person", row.try_get("alone_two_person")?)?,
        waived_for_duress: row
            .try_get::<Vec<String>, _>("waived_for_duress")?
            .iter()
            .map(|text| word::<WaivableRule>("waived_for_duress", text))
            .collect::<sqlx::Result<_>>()?,
        alone_hours: row.try_get("alone_hours")?,
        grant_days_max: row.try_get("grant_days_max")?,
        version: row.try_get("row_version")?,
    })
}

fn word<W: Word>(column: &str, text: &str) -> sqlx::Result<W> {
    W::from_word(text).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("`{text}` is not a word of {}", W::NAME).into(),
    })
}

/// The tenant's choices; the strictest while it has made none.
pub async fn get(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<TenantRules> {
    one(db, tenant, "").await
}

/// The tenant's choices, locked against other changes until the transaction ends.
pub async fn get_locked(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<TenantRules> {
    one(db, tenant, "FOR UPDATE").await
}

async fn one(db: &mut PgConnection, tenant: TenantId, lock: &str) -> sqlx::Result<TenantRules> {
    let sql = AssertSqlSafe(format!("SELECT {COLUMNS} FROM tenant_rules WHERE tenant_id = $1 {lock}"));
    let row = sqlx::query(sql).bind(tenant.as_uuid()).try_map(rules).fetch_optional(db).await?;
    Ok(row.unwrap_or_else(TenantRules::strictest))
}

/// Puts choices in place of those of this version; none if another came between: a row that is not there yet can't be locked.
pub async fn put(
    db: &mut PgConnection,
    tenant: TenantId,
    new: &TenantRulesChange,
    version: i64,
) -> sqlx::Result<Option<TenantRules>> {
    let sql = format!(
        "INSERT INTO tenant_rules AS kept (tenant_id, refusals, refusals_within_s, reader_lock_s, alone_travel, \
         alone_anti_passback, alone_occupancy, alone_two_person, waived_for_duress, alone_hours, grant_days_max) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id) DO UPDATE SET refusals = excluded.refusals, \
         refusals_within_s = excluded.refusals_within_s, reader_lock_s = excluded.reader_lock_s, \
         alone_travel = excluded.alone_travel, alone_anti_passback = excluded.alone_anti_passback, \
         alone_occupancy = excluded.alone_occupancy, alone_two_person = excluded.alone_two_person, \
         waived_for_duress = excluded.waived_for_duress, alone_hours = excluded.alone_hours, grant_days_max = excluded.grant_days_max, \
         row_version = kept.row_version + 1 WHERE kept.row_version = $12 RETURNING {COLUMNS}"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.as_uuid())
        .bind(new.refusals)
        .bind(new.refusals_within_s)
        .bind(new.reader_lock_s)
        .bind(new.alone_travel.as_str())
        .bind(new.alone_anti_passback.as_str())
        .bind(new.alone_occupancy.as_str())
        .bind(new.alone_two_person.as_str())
        .bind(new.waived_for_duress.iter().map(|rule| rule.as_str()).collect::<Vec<_>>())
        .bind(new.alone_hours)
        .bind(new.grant_days_max)
        .bind(version)
        .try_map(rules)
        .fetch_optional(db)
        .await
}

//! Tables of the rules, row by row: what stands in their columns, and nothing about what it means.

use std::str::FromStr;

use access_core::ids::TenantId;
use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// The rows of a table that are a tenant's, in this order of its columns.
pub(super) async fn all<T: DeserializeOwned>(
    db: &mut PgConnection,
    tenant: TenantId,
    table: &'static str,
    order: &'static str,
) -> anyhow::Result<Vec<T>> {
    let sql = format!("SELECT to_jsonb(held) FROM {table} held WHERE held.tenant_id = $1 ORDER BY {order}");
    let rows: Vec<serde_json::Value> =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant.as_uuid()).fetch_all(db).await?;
    rows.into_iter().map(|row| serde_json::from_value(row).with_context(|| format!("a row of {table}"))).collect()
}

fn word<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(from: D) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

fn word_or_none<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(from: D) -> Result<Option<T>, D::Error> {
    Option::<String>::deserialize(from)?.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

fn words<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(from: D) -> Result<Vec<T>, D::Error> {
    Vec::<String>::deserialize(from)?.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

/// Postgres writes bytes as `\x` and hexadecimal digits.
fn token<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(from)?;
    let digits = text.strip_prefix("\\x").unwrap_or_default();
    let bytes: Option<Vec<u8>> = (0..digits.len() / 2)
        .map(|place| digits.get(place * 2..place * 2 + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| D::Error::custom("32 bytes were expected"))
}

/// A place as its columns name it.
#[derive(Debug, Deserialize)]
pub(super) struct PlaceColumns {
    #[serde(alias = "place_kind")]
    pub(super) kind: String,
    pub(super) site_id: Option<Uuid>,
    pub(super) area_id: Option<Uuid>,
    pub(super) door_id: Option<Uuid>,
}

macro_rules! rows {
    ($($(#[$meta:meta])* $name:ident { $($(#[$column:meta])* $field:ident: $of:ty),+ $(,)? })+) => {
        $($(#[$meta])* #[derive(Debug, Deserialize)] pub(super) struct $name { $($(#[$column])* pub(super) $field: $of),+ })+
    };
}

rows! {
    AreaRow {
        id: Uuid, site_id: Uuid, anti_passback: String, anti_passback_s: Option<u32>, persons_max: Option<u32>,
        two_person_s: Option<u32>, two_person_group_id: Option<Uuid>, two_person_other_group_id: Option<Uuid>,
    }
    DoorRow {
        id: Uuid, site_id: Uuid, area_outside_id: Uuid, area_inside_id: Uuid,
        #[serde(deserialize_with = "word")] factors_in: access_core::policy::FactorDemand,
        #[serde(deserialize_with = "word")] factors_out: access_core::policy::FactorDemand,
        release_ms: u32, held_ms: u32, release_longer_ms: Option<u32>, held_longer_ms: Option<u32>,
        #[serde(deserialize_with = "word")] exit: access_core::policy::Exit,
        has_contact: bool,
    }
    ModeLineRow {
        door_id: Uuid, schedule_id: Uuid, #[serde(deserialize_with = "word")] mode: access_core::policy::DoorMode,
    }
    FactorLineRow {
        door_id: Uuid, schedule_id: Uuid, #[serde(deserialize_with = "word")] side: access_core::policy::Side,
        #[serde(deserialize_with = "word")] factors: access_core::policy::FactorDemand,
    }
    IdRow { id: Uuid }
    InterlockDoorRow { interlock_id: Uuid, door_id: Uuid }
    TravelRow {
        door_id: Option<Uuid>, other_door_id: Option<Uuid>, site_id: Option<Uuid>, other_site_id: Option<Uuid>,
        least_s: u32,
    }
    ThreatRow {
        level: u8, locks: bool,
        #[serde(deserialize_with = "word_or_none")] factors: Option<access_core::policy::FactorDemand>,
    }
    ThreatPlaceRow { level: u8, #[serde(flatten)] place: PlaceColumns }
    ThreatExemptRow { level: u8, group_id: Uuid }
    TenantRulesRow {
        refusals: u32, refusals_within_s: u32, reader_lock_s: u32,
        #[serde(deserialize_with = "word")] alone_travel: access_core::policy::Alone,
        #[serde(deserialize_with = "word")] alone_anti_passback: access_core::policy::Alone,
        #[serde(deserialize_with = "word")] alone_occupancy: access_core::policy::Alone,
        #[serde(deserialize_with = "word")] alone_two_person: access_core::policy::Alone,
        #[serde(deserialize_with = "words")] waived_for_duress: Vec<access_core::policy::WaivableRule>,
        alone_hours: u32,
    }
    CalendarDayRow { calendar_id: Uuid, day: NaiveDate, day_type: u8 }
    WindowRow { schedule_id: Uuid, days: u8, day_types: u8, from_minute: u16, to_minute: u16 }
    ExceptionRow { schedule_id: Uuid, day: NaiveDate }
    ExceptionWindowRow { schedule_id: Uuid, day: NaiveDate, from_minute: u16, to_minute: u16 }
    LineRow {
        level_id: Uuid, place: i16, schedule_id: Option<Uuid>,
        #[serde(deserialize_with = "word")] sides: access_core::policy::Sides,
        #[serde(deserialize_with = "word_or_none")] factors: Option<access_core::policy::FactorDemand>,
    }
    LinePlaceRow { level_id: Uuid, #[serde(rename = "place")] line: i16, #[serde(flatten)] place: PlaceColumns }
    GroupRow { id: Uuid, is_responder: bool }
    MemberRow { group_id: Uuid, person_id: Uuid }
    PersonRow {
        id: Uuid, state: String, has_pin: bool, needs_longer: bool,
        #[serde(deserialize_with = "word_or_none")] exemption_ground: Option<access_core::policy::ExemptionGround>,
        exemption_from: Option<DateTime<Utc>>, exemption_until: Option<DateTime<Utc>>,
        escort_person_id: Option<Uuid>, escort_group_id: Option<Uuid>, escort_within_s: Option<u32>,
    }
    FingerRow { person_id: Uuid, is_duress: bool }
    CredentialRow {
        id: Uuid, person_id: Uuid, #[serde(deserialize_with = "token")] token: [u8; 32], strength: String,
        #[serde(deserialize_with = "word")] state: access_core::policy::CredentialState,
        valid_from: DateTime<Utc>, valid_until: Option<DateTime<Utc>>,
    }
    GrantRow {
        id: Uuid, person_id: Option<Uuid>, group_id: Option<Uuid>, level_id: Uuid,
        valid_from: DateTime<Utc>, valid_until: Option<DateTime<Utc>>, revoked_at: Option<DateTime<Utc>>,
    }
    BlockRow {
        id: Uuid, person_id: Option<Uuid>, credential_id: Option<Uuid>, group_id: Option<Uuid>,
        #[serde(flatten)] place: PlaceColumns,
        valid_from: DateTime<Utc>, valid_until: Option<DateTime<Utc>>, lifted_at: Option<DateTime<Utc>>,
    }
}

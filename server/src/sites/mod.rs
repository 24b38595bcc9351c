//! Sites and their areas: where doors stand, and by which clock their schedules run.

use access_core::policy::PolicyError;
use access_core::time::{UnixMs, Zone, ZoneOffset};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub mod routes;
pub mod store;

/// A place with one time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct Site {
    /// Which site.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// IANA name of its time zone.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// Whether cards known only by their UID, which can be copied, are taken here.
    pub accepts_uid_only: bool,
    /// Why they are, if they are.
    pub accepts_uid_only_reason: Option<String>,
    /// Which calendar says what days are no common ones here; none means that all are.
    pub calendar_id: Option<Uuid>,
    /// Counts its changes; the `ETag`.
    #[sqlx(rename = "row_version")]
    pub version: i64,
}

/// A site to be made.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSite {
    /// Its name.
    pub name: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// Take cards known only by their UID. Needs a reason.
    #[serde(default)]
    pub accepts_uid_only: bool,
    /// Why.
    pub accepts_uid_only_reason: Option<String>,
    /// Which calendar says what days are no common ones.
    pub calendar_id: Option<Uuid>,
}

/// What of a site is to change; what is left out stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteChange {
    /// Its name.
    pub name: Option<String>,
    /// IANA name of its time zone.
    pub time_zone: Option<String>,
    /// Take cards known only by their UID. To begin needs a reason.
    pub accepts_uid_only: Option<bool>,
    /// Why.
    pub accepts_uid_only_reason: Option<String>,
    /// Which calendar says what days are no common ones; `null` for none.
    #[serde(default, deserialize_with = "crate::http::nullable")]
    #[schema(value_type = Option<Uuid>)]
    pub calendar_id: Option<Option<Uuid>>,
}

/// A part of a site that doors lead to and from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct Area {
    /// Which area.
    pub id: Uuid,
    /// Where it is.
    pub site_id: Uuid,
    /// Its name.
    pub name: String,
    /// Counts its changes; the `ETag`.
    #[sqlx(rename = "row_version")]
    pub version: i64,
}

/// An area to be made.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArea {
    /// Where it is.
    pub site_id: Uuid,
    /// Its name.
    pub name: String,
}

/// A new name for an area.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaChange {
    /// Its name.
    pub name: String,
}

impl Site {
    /// The site with a change applied.
    pub fn changed(&self, change: SiteChange) -> NewSite {
        let accepts_uid_only = change.accepts_uid_only.unwrap_or(self.accepts_uid_only);
        NewSite {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            time_zone: change.time_zone.unwrap_or_else(|| self.time_zone.clone()),
            accepts_uid_only,
            accepts_uid_only_reason: match accepts_uid_only {
                // A reason given earlier holds only for as long as the loosening goes on.
                true if self.accepts_uid_only => {
                    change.accepts_uid_only_reason.or(self.accepts_uid_only_reason.clone())
                }
                true => change.accepts_uid_only_reason,
                false => None,
            },
            calendar_id: change.calendar_id.unwrap_or(self.calendar_id),
        }
    }
}

/// Whether this is the name of a time zone.
pub fn is_time_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// Years before and after now for which a zone's offsets are written down.
const YEARS_AHEAD: i64 = 3;

/// A time zone with its changes from a year before `now` to some years after it, for the rules.
pub fn zone(name: &str, now: UnixMs) -> Result<Zone, PolicyError> {
    let malformed = |why| PolicyError::Malformed { row: format!("time zone {name}"), why };
    let zone = TimeZone::get(name).map_err(|_| malformed("there is no such time zone"))?;
    let year_ms = 366 * access_core::time::DAY_MS;
    let instant = |at: UnixMs| Timestamp::from_millisecond(at.0).map_err(|_| malformed("its offsets are out of range"));
    let (from, until) = (instant(now.plus_ms(-year_ms))?, instant(now.plus_ms(YEARS_AHEAD * year_ms))?);
    Ok(Zone {
        name: name.to_owned(),
        first_offset_s: zone.to_offset(from).seconds(),
        offsets: zone
            .following(from)
            .take_while(|change| change.timestamp() <= until)
            .map(|change| ZoneOffset {
                from: UnixMs(change.timestamp().as_millisecond()),
                offset_s: change.offset().seconds(),
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(accepts_uid_only: bool) -> Site {
        Site {
            id: Uuid::nil(),
            name: "Plant".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            accepts_uid_only,
            accepts_uid_only_reason: accepts_uid_only.then(|| "old cards until June".to_owned()),
            calendar_id: None,
            version: 1,
        }
    }

    fn change(accepts: Option<bool>) -> SiteChange {
        SiteChange {
            name: None,
            time_zone: None,
            accepts_uid_only: accepts,
            accepts_uid_only_reason: None,
            calendar_id: None,
        }
    }

    #[test]
    fn a_loosening_needs_a_reason_of_its_own() {
        assert_eq!(site(false).changed(change(Some(true))).accepts_uid_only_reason, None);
        assert!(site(true).changed(change(None)).accepts_uid_only_reason.is_some());
        assert_eq!(site(true).changed(change(Some(false))).accepts_uid_only_reason, None);
    }

    #[test]
    fn a_zone_jumps_when_its_clocks_do() {
        // 29 March 2026, 01:00 UTC: Berlin goes from +1 to +2.
        let jump = UnixMs(1_774_746_000_000);
        let berlin = zone("Europe/Berlin", jump).unwrap();
        assert!(berlin.is_well_formed());
        assert_eq!(berlin.local(jump.plus_ms(-1)).ms_of_day, 120 * 60_000 - 1);
        assert_eq!(berlin.local(jump).ms_of_day, 180 * 60_000);
        assert!(zone("Europe/Nowhere", jump).is_err());
        assert!(!is_time_zone("Mars/Olympus") && is_time_zone("Europe/Berlin"));
    }
}

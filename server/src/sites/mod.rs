//! Sites and their areas: where doors stand, and by which clock their schedules run.

use access_core::policy::PolicyError;
use access_core::time::{UnixMs, Zone, ZoneOffset};
use access_core::word::UnknownWord;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::nullable;

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

access_core::words! {
    /// What happens when somebody passes who is known to be elsewhere.
    pub enum AntiPassbackKind {
        /// Nothing.
        Off = "off",
        /// An alarm.
        Soft = "soft",
        /// A refusal, until so long after the last passage.
        Timed = "timed",
        /// A refusal.
        Hard = "hard",
    }
}

crate::describe_words!(AntiPassbackKind);

/// A part of a site that doors lead to and from, and what holds in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct Area {
    /// Which area.
    pub id: Uuid,
    /// Where it is.
    pub site_id: Uuid,
    /// Its name and what holds in it.
    #[sqlx(flatten)]
    #[serde(flatten)]
    pub settings: AreaSettings,
    /// Counts its changes; the `ETag`.
    #[sqlx(rename = "row_version")]
    pub version: i64,
}

/// What can be set of an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct AreaSettings {
    /// Its name.
    pub name: String,
    /// What happens when somebody passes who is known to be elsewhere.
    #[sqlx(try_from = "String")]
    pub anti_passback: AntiPassbackKind,
    /// For `timed`: refused until so many seconds after the last passage.
    pub anti_passback_s: Option<i32>,
    /// Most persons in it; none means any number.
    pub persons_max: Option<i32>,
    /// Nobody may be alone in it: most seconds between the two of a pair. None means that one may.
    pub two_person_s: Option<i32>,
    /// One of a pair that comes in must be of this group,
    pub two_person_group_id: Option<Uuid>,
    /// the other of this one.
    pub two_person_other_group_id: Option<Uuid>,
}

/// An area to be made. Nothing is demanded in it until that is set.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArea {
    /// Where it is.
    pub site_id: Uuid,
    /// Its name.
    pub name: String,
}

/// What of an area is to change; what is left out stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaChange {
    /// Its name.
    pub name: Option<String>,
    /// What happens when somebody passes who is known to be elsewhere.
    pub anti_passback: Option<AntiPassbackKind>,
    /// For `timed`: refused until so many seconds after the last passage, 1 to 604,800.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub anti_passback_s: Option<Option<i32>>,
    /// Most persons in it, 1 to 1,000,000; null means any number.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub persons_max: Option<Option<i32>>,
    /// Nobody may be alone in it: most seconds between the two of a pair, 1 to 3,600; null means that one may.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub two_person_s: Option<Option<i32>>,
    /// One of a pair that comes in must be of this group,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    pub two_person_group_id: Option<Option<Uuid>>,
    /// the other of this one.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    pub two_person_other_group_id: Option<Option<Uuid>>,
    /// Why; needed where the area becomes less strict.
    pub reason: Option<String>,
}

impl TryFrom<String> for AntiPassbackKind {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        word.parse()
    }
}

impl AreaSettings {
    /// The settings with a change applied.
    pub fn changed(&self, change: AreaChange) -> Self {
        let anti_passback = change.anti_passback.unwrap_or(self.anti_passback);
        let two_person_s = change.two_person_s.unwrap_or(self.two_person_s);
        Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            anti_passback,
            anti_passback_s: match (change.anti_passback_s, anti_passback) {
                (Some(seconds), _) => seconds,
                // What was said for another kind goes with it.
                (None, AntiPassbackKind::Timed) => self.anti_passback_s,
                (None, _) => None,
            },
            persons_max: change.persons_max.unwrap_or(self.persons_max),
            two_person_s,
            two_person_group_id: change
                .two_person_group_id
                .unwrap_or(self.two_person_group_id.filter(|_| two_person_s.is_some())),
            two_person_other_group_id: change
                .two_person_other_group_id
                .unwrap_or(self.two_person_other_group_id.filter(|_| two_person_s.is_some())),
        }
    }

    /// Whether somebody may be where `before` would not have let them be.
    pub fn may_be_looser_than(&self, before: &Self) -> bool {
        let anti_passback = |area: &Self| (area.anti_passback, area.anti_passback_s);
        let any = i32::MAX;
        let groups = |area: &Self| [area.two_person_group_id, area.two_person_other_group_id];
        anti_passback(self) < anti_passback(before)
            || self.persons_max.unwrap_or(any) > before.persons_max.unwrap_or(any)
            || (before.two_person_s.is_some() && self.two_person_s.unwrap_or(any) > before.two_person_s.unwrap_or(any))
            || (groups(before) != [None, None] && groups(self) != groups(before))
    }
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

/// Years after now for which a zone's offsets are written down.
const YEARS_AHEAD: i64 = 3;
/// So many days ahead rules may be asked: where a zone's offsets end, hours would be told wrongly. A year less than they reach, since
/// rules that nobody changes were read a while ago.
pub const DAYS_AHEAD_MAX: i64 = (YEARS_AHEAD - 1) * 365;

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
#[path = "tests.rs"]
mod areas;

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

    fn area(
        anti_passback: AntiPassbackKind,
        seconds: Option<i32>,
        most: Option<i32>,
        pair: Option<i32>,
    ) -> AreaSettings {
        AreaSettings {
            name: "Hall".to_owned(),
            anti_passback,
            anti_passback_s: seconds,
            persons_max: most,
            two_person_s: pair,
            two_person_group_id: None,
            two_person_other_group_id: None,
        }
    }

    #[test]
    fn an_area_gets_looser_when_any_of_its_rules_does() {
        use AntiPassbackKind::{Hard, Off, Soft, Timed};
        let strict = area(Timed, Some(60), Some(2), Some(30));
        let looser = [
            area(Soft, None, Some(2), Some(30)),
            area(Timed, Some(59), Some(2), Some(30)),
            area(Timed, Some(60), Some(3), Some(30)),
            area(Timed, Some(60), None, Some(30)),
            area(Timed, Some(60), Some(2), Some(31)),
            area(Timed, Some(60), Some(2), None),
        ];
        for looser in looser {
            assert!(looser.may_be_looser_than(&strict), "{looser:?}");
            assert!(!strict.may_be_looser_than(&looser), "{looser:?}");
        }
        assert!(!area(Hard, None, Some(1), Some(10)).may_be_looser_than(&strict));
        assert!(!strict.may_be_looser_than(&area(Off, None, None, None)));
        let one = Some(Uuid::from_u128(1));
        let grouped = AreaSettings { two_person_group_id: one, two_person_other_group_id: one, ..strict.clone() };
        assert!(strict.may_be_looser_than(&grouped) && !grouped.may_be_looser_than(&strict));
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

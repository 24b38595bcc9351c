//! What rules ask of one person otherwise than of others: no finger for a time, an escort, longer times at doors. Its types
//! and its route.

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::PersonId;
use access_core::policy::{ExemptionGround, PAIR_S_MAX};
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::store;
use crate::audit::checked_reason;
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, IfMatch, Problem, on_constraint, tagged, words};
use crate::state::AppState;

/// What rules ask of one person otherwise than of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonRules {
    /// Shows a PIN where a finger is demanded.
    pub exemption: Option<Exemption>,
    /// Comes in with somebody only.
    pub escort: Option<Escort>,
    /// Doors stay released, and may stand open, longer.
    pub needs_longer: bool,
    /// Whether there is a PIN that could be shown.
    pub has_pin: bool,
    /// Counts changes of the person; the `ETag`.
    pub version: i64,
}

/// Shows a PIN where a finger is demanded, for a while or for good. A ground of a closed list says why; no other is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    /// `declined`, `not_usable` or `temporary`.
    #[schema(value_type = words::ExemptionGround)]
    pub ground: ExemptionGround,
    /// From when on.
    pub valid_from: DateTime<Utc>,
    /// Until when; a temporary one has an end.
    pub valid_until: Option<DateTime<Utc>>,
}

/// Comes in only soon before or after this person, or one of this group, at the same door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Escort {
    /// This person,
    pub person_id: Option<Uuid>,
    /// or anybody of this group.
    pub group_id: Option<Uuid>,
    /// Within so many seconds, 1 to 3600.
    pub within_s: i32,
}

/// What rules are to ask of one person otherwise than of others. What is left out is taken away.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPersonRules {
    /// Shows a PIN where a finger is demanded.
    pub exemption: Option<Exemption>,
    /// Comes in with somebody only.
    pub escort: Option<Escort>,
    /// Doors stay released, and may stand open, longer.
    #[serde(default)]
    pub needs_longer: bool,
    /// Why; needed where an escort is taken away, or becomes another.
    pub reason: Option<String>,
}

impl NewPersonRules {
    /// Refuses what can't be, as far as no database is needed for it.
    pub fn check(&self, person: Uuid) -> ApiResult<()> {
        if let Some(exemption) = &self.exemption {
            match exemption.valid_until {
                Some(until) if until <= exemption.valid_from => {
                    return Err(ApiError::field("exemption.valid_until", "must be after valid_from"));
                }
                None if exemption.ground == ExemptionGround::Temporary => {
                    return Err(ApiError::field("exemption.valid_until", "a temporary exemption has an end"));
                }
                Some(_) | None => {}
            }
        }
        let Some(escort) = &self.escort else { return Ok(()) };
        if escort.person_id.is_some() == escort.group_id.is_some() {
            return Err(ApiError::field("escort", "is one person or one group"));
        }
        if escort.person_id == Some(person) {
            return Err(ApiError::field("escort.person_id", "nobody is their own escort"));
        }
        if u32::try_from(escort.within_s).is_ok_and(|seconds| (1..=PAIR_S_MAX).contains(&seconds)) {
            return Ok(());
        }
        Err(ApiError::field("escort.within_s", format!("must be 1 to {PAIR_S_MAX} seconds")))
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(set_rules))
}

/// Says what rules ask of a person otherwise than of others. An exemption's ground is its reason: nothing else is to be
/// written down about it.
#[utoipa::path(put, path = "/people/{id}/rules", tag = "people", params(("id" = Uuid, Path), ("If-Match" = String, Header)),
    request_body = NewPersonRules, responses((status = 200, body = PersonRules), (status = 404, body = Problem),
    (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn set_rules(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
    version: IfMatch,
    ApiJson(new): ApiJson<NewPersonRules>,
) -> ApiResult<Response> {
    actor.administrator()?;
    new.check(id)?;
    let person = PersonId::from_uuid(id);
    let mut tx = state.change(&actor).await?;
    let before = store::rules_locked(&mut tx, actor.tenant, person).await?.ok_or(ApiError::NotFound("person"))?;
    version.check(before.version)?;
    let loosens = before.escort.is_some() && before.escort != new.escort;
    let reason = match (loosens, new.reason.as_deref()) {
        (true, reason) => Some(checked_reason(reason.unwrap_or_default()).map_err(|_| {
            ApiError::field(
                "reason",
                "an escort is taken away or changed only for a stated reason (1 to 500 characters)",
            )
        })?),
        (false, reason) => reason.map(checked_reason).transpose()?,
    };
    store::set_rules(&mut tx, actor.tenant, person, &new).await.map_err(on_constraint([
        ("persons_escort_person_exists", || ApiError::field("escort.person_id", "there is no such person")),
        ("persons_escort_group_exists", || ApiError::field("escort.group_id", "there is no such group")),
    ]))?;
    let after = store::rules_locked(&mut tx, actor.tenant, person).await?.ok_or(ApiError::NotFound("person"))?;
    let done = tx.act(ActKind::Changed, SubjectKind::Person, id).before(&before).after(&after);
    let done = match reason {
        Some(reason) => done.reason(reason),
        None => done,
    };
    done.commit().await?;
    Ok(tagged(after.version, &after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_is_named() {
        let (at, one, other) = (DateTime::from_timestamp(1_000, 0).unwrap(), Uuid::from_u128(1), Uuid::from_u128(2));
        let exempt = |ground, until: Option<i64>| NewPersonRules {
            exemption: Some(Exemption {
                ground,
                valid_from: at,
                valid_until: until.map(|second| DateTime::from_timestamp(second, 0).unwrap()),
            }),
            escort: None,
            needs_longer: false,
            reason: None,
        };
        let escorted = |person_id, group_id, within_s| NewPersonRules {
            exemption: None,
            escort: Some(Escort { person_id, group_id, within_s }),
            needs_longer: true,
            reason: None,
        };
        let cases = [
            (exempt(ExemptionGround::Declined, None), None),
            (exempt(ExemptionGround::Temporary, Some(1_001)), None),
            (exempt(ExemptionGround::Temporary, None), Some("exemption.valid_until")),
            (exempt(ExemptionGround::NotUsable, Some(1_000)), Some("exemption.valid_until")),
            (escorted(Some(other), None, 3_600), None),
            (escorted(None, Some(one), 1), None),
            (escorted(None, None, 10), Some("escort")),
            (escorted(Some(other), Some(other), 10), Some("escort")),
            (escorted(Some(one), None, 10), Some("escort.person_id")),
            (escorted(Some(other), None, 0), Some("escort.within_s")),
            (escorted(Some(other), None, 3_601), Some("escort.within_s")),
        ];
        for (rules, expected) in cases {
            let field = match rules.check(one) {
                Ok(()) => None,
                Err(ApiError::Invalid(fields)) => Some(fields[0].field.clone()),
                Err(error) => panic!("{error:?}"),
            };
            assert_eq!(field.as_deref(), expected, "{rules:?}");
        }
    }
}

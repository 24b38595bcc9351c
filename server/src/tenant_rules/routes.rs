//! Routes of a tenant's choices. Guards read; administrators change, with a reason.

use access_core::event::{ActKind, SubjectKind};
use access_core::policy::{Suspicion, TenantRules as Choices};
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{TenantRules, TenantRulesChange, store};
use crate::audit::checked_reason;
use crate::auth::Actor;
use crate::http::{ApiError, ApiJson, ApiResult, IfMatch, Problem, tagged};
use crate::state::AppState;

/// Longest time that a tenant may set for grants, in days: a century.
const GRANT_DAYS_MAX: i32 = 36_500;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, replace))
}

fn checked(mut change: TenantRulesChange) -> ApiResult<TenantRulesChange> {
    let numbers = [
        ("refusals", i32::from(change.refusals), 2, Suspicion::REFUSALS_MAX),
        ("refusals_within_s", change.refusals_within_s, 1, Suspicion::WITHIN_S_MAX),
        ("reader_lock_s", change.reader_lock_s, 1, Suspicion::READER_LOCK_S_MAX),
        ("alone_hours", i32::from(change.alone_hours), 1, Choices::ALONE_HOURS_MAX),
    ];
    for (field, value, least, most) in numbers {
        if value < least || value > most.cast_signed() {
            return Err(ApiError::field(field, format!("must be {least} to {most}")));
        }
    }
    if change.grant_days_max.is_some_and(|days| !(1..=GRANT_DAYS_MAX).contains(&days)) {
        return Err(ApiError::field("grant_days_max", format!("must be 1 to {GRANT_DAYS_MAX} days")));
    }
    change.waived_for_duress.sort();
    change.waived_for_duress.dedup();
    Ok(change)
}

/// What the tenant chose for all its doors.
#[utoipa::path(get, path = "/tenant-rules", tag = "tenant_rules", responses((status = 200, body = TenantRules)))]
async fn get(actor: Actor, State(state): State<AppState>) -> ApiResult<Response> {
    let mut tx = state.read(&actor).await?;
    let rules = store::get(&mut tx, actor.tenant).await?;
    Ok(tagged(rules.version, &rules))
}

/// Puts choices in place of the tenant's.
#[utoipa::path(put, path = "/tenant-rules", tag = "tenant_rules", params(("If-Match" = String, Header)),
    request_body = TenantRulesChange, responses((status = 200, body = TenantRules), (status = 412, body = Problem),
    (status = 422, body = Problem)))]
async fn replace(
    actor: Actor,
    State(state): State<AppState>,
    version: IfMatch,
    ApiJson(change): ApiJson<TenantRulesChange>,
) -> ApiResult<Response> {
    actor.administrator()?;
    let change = checked(change)?;
    let reason = checked_reason(&change.reason)?;
    let mut tx = state.change(&actor).await?;
    let before = store::get_locked(&mut tx, actor.tenant).await?;
    version.check(before.version)?;
    let after = store::put(&mut tx, actor.tenant, &change, before.version).await?.ok_or(ApiError::ChangedMeanwhile)?;
    tx.act(ActKind::Changed, SubjectKind::TenantRules, actor.tenant.as_uuid())
        .before(&before)
        .after(&after)
        .reason(reason)
        .commit()
        .await?;
    Ok(tagged(after.version, &after))
}

//! The one route table.

use axum::{Extension, Router};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;
use utoipa_axum::router::OpenApiRouter;

use crate::policy::Editors;
use crate::state::AppState;
use crate::{
    access, agents, alarms, calendars, cards, credentials, demo, devices, doors, enrolment, events, fingers, groups,
    health, idempotency, interlocks, operators, people, pins, policy, revocations, sites, situation, tenant_rules,
    threats, travel, vault,
};

/// Under which path everything lies.
pub const BASE: &str = "/api/v1";

/// The API's title and description.
#[derive(OpenApi)]
#[openapi(info(
    title = "Pforte",
    description = "Everything that the user interface does. Errors are problem details (RFC 9457); requests that change \
                   something need the session's cookie and the header `X-Pforte: 1`. A POST with the header `Idempotency-Key` (1 to \
                   100 characters) is carried out once: sent again within 24 hours, it is answered as before, with \
                   `Idempotency-Replayed: true`."
))]
struct Api;

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(sites::routes::routes())
        .merge(doors::routes::routes())
        .merge(calendars::routes::routes())
        .merge(access::routes::routes())
        .merge(groups::routes::routes())
        .merge(interlocks::routes::routes())
        .merge(travel::routes::routes())
        .merge(threats::routes::routes())
        .merge(tenant_rules::routes::routes())
        .merge(situation::routes::routes())
        .merge(people::routes::routes())
        .merge(vault::routes::routes())
        .merge(cards::routes::routes())
        .merge(revocations::routes::routes())
        .merge(credentials::routes::routes())
        .merge(fingers::routes::routes())
        .merge(pins::routes::routes())
        .merge(enrolment::routes::routes())
        .merge(operators::routes::routes())
        .merge(agents::routes::routes())
        .merge(devices::routes::routes())
        .merge(events::routes::routes())
        .merge(alarms::routes::routes())
        .merge(policy::routes::routes())
        .merge(demo::routes())
        .merge(health::routes())
}

fn table() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Api::openapi()).nest(BASE, routes())
}

/// The routes without [`BASE`], to be asked by the server itself: what a preview tries changes with.
pub fn editors() -> Editors {
    Editors(routes().split_for_parts().0)
}

/// The routes, ready to serve.
pub fn router(state: AppState) -> Router {
    let once = axum::middleware::from_fn_with_state(state.clone(), idempotency::once);
    table().with_state(state).split_for_parts().0.layer(once).layer(Extension(editors()))
}

/// The description of all of it. Handlers of different features have the same names; an operation's id is therefore its
/// feature's tag and its handler: `doors_change`.
pub fn description() -> Description {
    let mut description = table().into_openapi();
    for item in description.paths.paths.values_mut() {
        let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in methods.into_iter().flatten() {
            let tag = operation.tags.iter().flatten().next();
            if let (Some(tag), Some(handler)) = (tag, &operation.operation_id) {
                operation.operation_id = Some(format!("{tag}_{handler}"));
            }
        }
    }
    description
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let description = serde_json::to_value(super::description()).unwrap();
        let mut ids = BTreeSet::new();
        for (path, methods) in description["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap_or_default();
                assert!(id.contains('_'), "{method} {path} has no id of its feature: `{id}`");
                assert!(ids.insert(id.to_owned()), "{method} {path}: another operation is called {id}");
            }
        }
        assert!(ids.contains("doors_change") && ids.contains("sites_change"), "{ids:?}");
    }
}

//! The route of devices, for all staff.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{DeviceHealth, store};
use crate::auth::Actor;
use crate::http::{ApiResult, Page};
use crate::state::AppState;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_devices))
}

/// Every device as its agent reported it last, by agent and door. Whether the agent is linked is the agent's state.
#[utoipa::path(get, path = "/devices", tag = "devices", responses((status = 200, body = Page<DeviceHealth>)))]
async fn list_devices(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<DeviceHealth>>> {
    let mut tx = state.read(&actor).await?;
    Ok(Page::whole(store::list(&mut tx, actor.tenant).await?))
}

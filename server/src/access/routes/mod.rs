//! Routes of schedules, access levels, grants and blocks. Guards read; administrators change.

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

mod blocks;
mod grants;
mod levels;
mod schedules;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(schedules::routes())
        .merge(levels::routes())
        .merge(grants::routes())
        .merge(blocks::routes())
}

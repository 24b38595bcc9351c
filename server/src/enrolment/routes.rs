//! Routes of stations and dialogues. Administrators only: a dialogue takes personal features.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use access_core::event::{ActKind, SubjectKind};
use access_core::ids::{AgentId, EnrolmentId, PersonId, TenantId};
use access_core::protocol::PinSalt;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{Asked, Enrolment, Followed, NotStarted, StationState, Stations, Step, Want, others};
use crate::audit::checked_reason;
use crate::auth::Actor;
use crate::cards::{self, TemplatesOn};
use crate::credentials;
use crate::db::TenantTx;
use crate::fingers;
use crate::http::{ApiError, ApiJson, ApiPath, ApiResult, Page, Problem};
use crate::people::{self, LegalBasisKind, PersonState};
use crate::pins;
use crate::state::AppState;

/// How often it is looked whether a dialogue has run out of time, or is followed by nobody.
const EXPIRY_LOOK: Duration = Duration::from_secs(1);

/// How often a stream without steps says that it is there, and so finds out that its page is gone.
const ALIVE_EVERY: Duration = Duration::from_secs(3);

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(stations))
        .routes(routes!(start))
        .routes(routes!(get))
        .routes(routes!(steps))
        .routes(routes!(cancel))
}

/// An enrolment station.
#[derive(Debug, Serialize, ToSchema)]
struct StationView {
    /// Which agent.
    agent_id: Uuid,
    /// Its name.
    name: String,
    /// `online`, `offline` or `busy`.
    state: StationState,
    /// The dialogue that it is in, for administrators.
    dialogue: Option<Enrolment>,
}

/// Every enrolment station.
#[utoipa::path(get, path = "/stations", tag = "enrolment", responses((status = 200, body = Page<StationView>)))]
async fn stations(actor: Actor, State(state): State<AppState>) -> ApiResult<Json<Page<StationView>>> {
    let mut tx = state.read(&actor).await?;
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT id, name FROM agents WHERE tenant_id = $1 AND kind = 'station' ORDER BY name")
            .bind(actor.tenant.as_uuid())
            .fetch_all(&mut *tx)
            .await?;
    let is_administrator = actor.administrator().is_ok();
    let station = |(agent_id, name)| {
        let station = AgentId::from_uuid(agent_id);
        let running = state.stations.running(actor.tenant, station, actor.now);
        let state = state.stations.state(actor.tenant, station, actor.now);
        StationView { agent_id, name, state, dialogue: running.filter(|_| is_administrator) }
    };
    Ok(Page::whole(rows.into_iter().map(station).collect()))
}

/// A dialogue to be started.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewEnrolment {
    /// At which station.
    station_id: Uuid,
    /// For whom.
    person_id: Uuid,
    /// What for.
    want: Want,
    /// Whether a card that is somebody's becomes this person's; what it was is *returned*. For a card alone, with a reason.
    #[serde(default)]
    replaces: bool,
    /// Why; needed where a card is replaced or taken back, or a finger removed.
    reason: Option<String>,
}

impl NewEnrolment {
    /// As it may be asked of a station.
    fn checked(&self) -> ApiResult<Asked> {
        if self.replaces && self.want != Want::Card {
            return Err(ApiError::field("replaces", "only a card can be replaced"));
        }
        let takes_away = self.replaces || matches!(self.want, Want::TakeBackCard { .. } | Want::RemoveFinger { .. });
        let reason = match self.reason.as_deref() {
            Some(reason) => Some(checked_reason(reason)?.to_owned()),
            None if takes_away => return Err(ApiError::field("reason", "say why: something is taken away by it")),
            None => None,
        };
        let (want, replaces) = (self.want, self.replaces);
        Ok(Asked { want, replaces, reason, salt: PinSalt::default(), is_compared: false })
    }
}

/// Starts a dialogue at a station. A finger is asked for only of a person who consented, a sign of duress only of one who has
/// another finger enrolled, or a PIN; where templates lie on cards, a finger only of one who has such a card. Whoever starts it
/// follows its steps: 10 seconds without a follower end it.
#[utoipa::path(post, path = "/enrolments", tag = "enrolment", request_body = NewEnrolment,
    responses((status = 201, body = Enrolment), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
async fn start(
    actor: Actor,
    State(state): State<AppState>,
    ApiJson(new): ApiJson<NewEnrolment>,
) -> ApiResult<(StatusCode, Json<Enrolment>)> {
    actor.administrator()?;
    let mut asked = new.checked()?;
    let person = PersonId::from_uuid(new.person_id);
    let mut tx = match new.want {
        Want::Pin { .. } => state.change_vault(&actor).await?,
        _ => state.change(&actor).await?,
    };
    let row =
        people::store::get(&mut tx, actor.tenant, person, actor.now).await?.ok_or(ApiError::NotFound("person"))?;
    let gives = matches!(new.want, Want::Card | Want::Finger { .. } | Want::Pin { .. });
    if gives && row.state() != PersonState::Active {
        return Err(ApiError::Conflict("person_inactive", "This person is out of use.".to_owned()));
    }
    may_be_asked(&mut tx, actor.tenant, person, new.want).await?;
    if let Want::Pin { is_duress } = new.want {
        asked.salt = pins::salt_for(&state.keys, &mut tx, person, is_duress).await?;
    }
    if let Want::Finger { .. } = new.want {
        asked.is_compared = cards::store::compares_fingers(&mut tx, actor.tenant).await?;
        if asked.is_compared {
            others::consents(&mut tx, actor.tenant, person).await?;
        }
    }
    let station = AgentId::from_uuid(new.station_id);
    let reason = asked.reason.clone();
    let begun = state.stations.start(actor.tenant, actor.operator, station, person, asked, actor.now);
    let enrolment = begun.map_err(|why| match why {
        NotStarted::Offline => ApiError::Conflict("station_offline", "The station is not linked.".to_owned()),
        NotStarted::Busy => ApiError::Conflict("station_busy", "The station is in another dialogue.".to_owned()),
    })?;
    let done = tx
        .act(ActKind::EnrolmentStarted, SubjectKind::Person, enrolment.person_id)
        .after(&enrolment)
        .reason_if(reason.as_deref());
    if let Err(error) = done.commit().await {
        state.stations.cancel(actor.tenant, enrolment.id.into(), actor.now);
        return Err(error.into());
    }
    tokio::spawn(attend(Arc::clone(&state.stations), actor.tenant, enrolment.id.into()));
    Ok((StatusCode::CREATED, Json(enrolment)))
}

/// Refuses what can't come of a dialogue, before anybody sits down.
async fn may_be_asked(tx: &mut TenantTx, tenant: TenantId, person: PersonId, want: Want) -> ApiResult<()> {
    let conflict = |code, detail: &str| Err(ApiError::Conflict(code, detail.to_owned()));
    match want {
        // Whether there is a PIN beside a sign of duress shows with its salt.
        Want::Card | Want::Pin { .. } => {}
        Want::Finger { position, is_duress } => {
            let basis = people::store::legal_basis(tx, tenant, person).await?;
            if basis.is_none_or(|basis| basis.kind != LegalBasisKind::Consent) {
                return conflict("legal_basis_missing", "Record the person's consent before a finger is captured.");
            }
            fingers::may_be_enrolled(&fingers::store::of_person(tx, tenant, person).await?, position, is_duress)?;
            let goes_to_card = cards::store::templates_on(tx, tenant).await? == TemplatesOn::Card;
            if goes_to_card && !cards::store::has_card_for_finger(tx, tenant, person).await? {
                return conflict(
                    "card_missing",
                    "Fingers lie on the holder's card: give the person one that can prove itself first.",
                );
            }
        }
        Want::RenewCard => {
            let own = credentials::store::of_person(tx, tenant, person).await?;
            if own.iter().all(|card| card.chip.is_none()) {
                return conflict("card_proves_nothing", "The person has no card that can prove itself.");
            }
        }
        Want::TakeBackCard { credential_id } => {
            let card = credentials::store::get(tx, tenant, credential_id).await?;
            let card = card.filter(|card| card.person_id == person.as_uuid()).ok_or(ApiError::NotFound("card"))?;
            if card.chip.is_none() {
                return conflict("card_proves_nothing", "There is nothing on this card to be wiped.");
            }
        }
        Want::RemoveFinger { finger_id } => {
            let all = fingers::store::of_person(tx, tenant, person).await?;
            let finger = all.iter().find(|finger| finger.id == finger_id).ok_or(ApiError::NotFound("finger"))?;
            if finger.credential_id.is_none() {
                return conflict("finger_not_on_card", "This finger lies on the server: remove it there.");
            }
            fingers::may_be_removed(&all, finger_id)?;
        }
    }
    Ok(())
}

/// Looks after a dialogue until it has ended: one that nobody follows any more is cancelled though nobody asks for it.
async fn attend(stations: Arc<Stations>, tenant: TenantId, id: EnrolmentId) {
    loop {
        tokio::time::sleep(EXPIRY_LOOK).await;
        if stations.get(tenant, id, crate::clock::now()).is_none_or(|enrolment| enrolment.has_ended()) {
            return;
        }
    }
}

/// A dialogue, as it is now.
#[utoipa::path(get, path = "/enrolments/{id}", tag = "enrolment", params(("id" = Uuid, Path)),
    responses((status = 200, body = Enrolment), (status = 404, body = Problem)))]
async fn get(actor: Actor, State(state): State<AppState>, ApiPath(id): ApiPath<Uuid>) -> ApiResult<Json<Enrolment>> {
    actor.administrator()?;
    state
        .stations
        .get(actor.tenant, EnrolmentId::from_uuid(id), actor.now)
        .map(Json)
        .ok_or(ApiError::NotFound("enrolment"))
}

/// The steps of a dialogue, from its first, as they happen (server-sent events `step`). Ends with the dialogue, and keeps it
/// going for whoever started it.
#[utoipa::path(get, path = "/enrolments/{id}/steps", tag = "enrolment", params(("id" = Uuid, Path)),
    responses((status = 200, body = Step, content_type = "text/event-stream"), (status = 404, body = Problem)))]
async fn steps(
    actor: Actor,
    State(state): State<AppState>,
    ApiPath(id): ApiPath<Uuid>,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    actor.administrator()?;
    let id = EnrolmentId::from_uuid(id);
    let steps = state.stations.follow(actor.tenant, id).ok_or(ApiError::NotFound("enrolment"))?;
    let held = state.stations.hold(actor.tenant, actor.operator, id);
    Ok(Sse::new(follow(state, steps, held)).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)))
}

fn follow(
    state: AppState,
    steps: watch::Receiver<Vec<Step>>,
    held: Option<Followed>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((state, steps, held, 0, false), |(state, mut steps, held, shown, has_ended)| async move {
        if has_ended {
            return None;
        }
        let step = loop {
            if let Some(step) = steps.borrow_and_update().get(shown) {
                break step.clone();
            }
            match tokio::time::timeout(EXPIRY_LOOK, steps.changed()).await {
                Ok(changed) => changed.ok()?,
                // A station that says nothing more must not keep the page waiting for ever.
                Err(_) => state.stations.expire(crate::clock::now()),
            }
        };
        let event = Event::default().event("step").id(shown.to_string()).json_data(&step).ok()?;
        Some((Ok(event), (state, steps, held, shown + 1, step.step.is_last())))
    })
}

/// Ends a dialogue, whoever started it. What it brought before stays.
#[utoipa::path(post, path = "/enrolments/{id}/cancel", tag = "enrolment", params(("id" = Uuid, Path)),
    responses((status = 200, body = Enrolment), (status = 404, body = Problem)))]
async fn cancel(actor: Actor, State(state): State<AppState>, ApiPath(id): ApiPath<Uuid>) -> ApiResult<Json<Enrolment>> {
    actor.administrator()?;
    let id = EnrolmentId::from_uuid(id);
    let before = state.stations.get(actor.tenant, id, actor.now).ok_or(ApiError::NotFound("enrolment"))?;
    if before.has_ended() {
        return Ok(Json(before));
    }
    let tx = state.change(&actor).await?;
    tx.act(ActKind::EnrolmentStopped, SubjectKind::Person, before.person_id).before(&before).commit().await?;
    state.stations.cancel(actor.tenant, id, actor.now).map(Json).ok_or(ApiError::NotFound("enrolment"))
}

//! Why a door opens to somebody or stays shut: every rule's answer, the records that settled it, and single changes that would grant
//! it. For an attempt that was made, from what its record says; for any other, from the rules in force at its instant.

use std::sync::Arc;

use access_core::Policy;
use access_core::attempt::{Assurance, Attempt, ClockTrust, FactorResult};
use access_core::circumstances::{Circumstances, Knowledge};
use access_core::decide::RULES_VERSION;
use access_core::event::{Decided, Decision};
use access_core::explain::{Explanation, Remedy, RuleAnswer, explain};
use access_core::ids::{AttemptId, CredentialId, PersonId};
use access_core::policy::{CardToken, Side};
use access_core::time::UnixMs;
use access_core::verdict::{Outcome, Reason, RecordRef, Rule, Verdict};
use access_core::word::Word as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use uuid::Uuid;

use super::again::{Again, decide_again, policy_of};
use super::store::{self, Logged, Names};
use super::views::{RecordView, RemedyView};
use super::{beside, not_too_far_ahead};
use crate::audit::Look;
use crate::auth::Actor;
use crate::cards;
use crate::clock;
use crate::http::{ApiError, ApiResult, words};
use crate::state::AppState;

access_core::words! {
    /// Which state of doors and people an explanation reads.
    pub enum StateRead {
        /// What the decision's own record says that was read.
        Recorded = "recorded",
        /// What the log says of the instant.
        AsLogged = "as_logged",
        /// What is known at this moment.
        Now = "now",
        /// None: as if nothing had happened.
        Neutral = "neutral",
    }
}

crate::describe_words!(StateRead);

/// What is to be explained: an attempt of the log, by its position or its id; or a person or card at a door.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainWanted {
    /// A decision's place in the log.
    position: Option<i64>,
    /// A decided attempt.
    attempt_id: Option<Uuid>,
    /// Who: the first of their cards that would do.
    person_id: Option<Uuid>,
    /// By which card.
    credential_id: Option<Uuid>,
    /// At which door.
    door_id: Option<Uuid>,
    /// On which side; `in` if left out.
    #[schema(value_type = Option<words::Side>)]
    side: Option<Side>,
    /// When, by the rules in force then; now if left out.
    at: Option<DateTime<Utc>>,
    /// What is shown beside the card.
    factors: Option<Factors>,
    /// `as_logged` (for an instant in the past, if left out), `now` (otherwise) or `neutral`.
    state: Option<StateRead>,
}

/// What is shown beside the card.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Factors {
    /// What the sensor said.
    #[schema(value_type = Option<words::FactorResult>)]
    finger: Option<FactorResult>,
    /// What the keypad said.
    #[schema(value_type = Option<words::FactorResult>)]
    pin: Option<FactorResult>,
    /// How sure it is that it is this card; `authenticated` if left out.
    #[schema(value_type = Option<words::Assurance>)]
    assurance: Option<Assurance>,
}

access_core::words! {
    /// What follows from an attempt.
    pub enum ExplainedOutcome {
        /// The door is released.
        Granted = "granted",
        /// Something more is asked for.
        Need = "need",
        /// It stays shut.
        Refused = "refused",
    }
}

crate::describe_words!(ExplainedOutcome);

/// An attempt explained.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplanationView {
    /// At which door.
    pub door_id: Uuid,
    /// On which side.
    #[schema(value_type = words::Side)]
    pub side: &'static str,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, if the card is known.
    pub person_id: Option<Uuid>,
    /// By which card, if it is known.
    pub credential_id: Option<Uuid>,
    /// Which card it claims to be, of a refusal of a card that the decision did not know.
    pub claimed: Option<ClaimView>,
    /// By which version of the tenant's rules.
    pub policy_version: u64,
    /// By which rules of RULES.md.
    pub rules_version: u16,
    /// Who decided it, if it was made.
    #[schema(value_type = Option<words::Decided>)]
    pub decided: Option<&'static str>,
    /// Which state was read.
    pub state: StateRead,
    /// What follows. For an attempt that was made: what was recorded.
    pub outcome: ExplainedOutcome,
    /// The one leading reason.
    #[schema(value_type = words::Reason)]
    pub reason: &'static str,
    /// The rule that objected or asked for more; none if all passed, or if what stopped it is no rule.
    #[schema(value_type = Option<words::Rule>)]
    pub rule: Option<&'static str>,
    /// Whether rules decided it. A fault of a device, or a card taken away, is no rule.
    pub is_by_rules: bool,
    /// Whether deciding it again gives what was recorded. None if it was not made, or by other rules.
    pub is_reproduced: Option<bool>,
    /// Every rule, in the order in which they are asked.
    pub rules: Vec<RuleView>,
    /// Single changes each of which would grant it.
    pub remedies: Vec<RemedyView>,
}

/// Whose UID a card told that could prove nothing, since its keys were not at the door. Anybody may have copied it: it is no
/// evidence, and of nobody's movements.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimView {
    /// Which card has this UID.
    pub credential_id: Uuid,
    /// Whose that one is.
    pub person_id: Uuid,
    /// Why that card is refused there, whatever it proves. None: the rules say nothing against it; the door did not have its keys.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<&'static str>,
}

/// How one rule answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleView {
    /// Which rule.
    #[schema(value_type = words::Rule)]
    pub rule: &'static str,
    /// `passed`, `failed`, `not_reached` or `not_applicable`.
    #[schema(value_type = words::RuleAnswer)]
    pub answer: &'static str,
    /// Why it failed, if it did.
    #[schema(value_type = Option<words::Reason>)]
    pub reason: Option<&'static str>,
    /// Records that settled its answer.
    pub records: Vec<RecordView>,
}

/// What there is to explain.
struct Question {
    policy: Arc<Policy>,
    known: Circumstances,
    attempt: Attempt,
    state: StateRead,
    /// As it was recorded, if it was made.
    recorded: Option<Box<Decision>>,
}

/// Explains what is wanted.
pub async fn answer(state: &AppState, actor: &Actor, wanted: ExplainWanted) -> ApiResult<ExplanationView> {
    let question = match (wanted.position, wanted.attempt_id) {
        (None, None) => supposed(state, actor, &wanted).await?,
        (position, attempt) => {
            let others = [wanted.person_id, wanted.credential_id, wanted.door_id].iter().any(Option::is_some);
            if others || wanted.side.is_some() || wanted.at.is_some() || wanted.state.is_some() {
                let why = "names a decision of the log, which has its own person, door, instant and state";
                return Err(ApiError::field(if position.is_some() { "position" } else { "attempt_id" }, why));
            }
            logged(state, actor, position, attempt.map(Into::into)).await?
        }
    };
    // Everybody may have to be tried, and rules that are not made yet.
    let (question, mut explanation, again) = beside(move || {
        let Question { policy, known, attempt, recorded, .. } = &question;
        let explanation = explain(policy, known, attempt);
        let again = recorded.as_ref().filter(|decision| decision.rules_version == RULES_VERSION);
        let again = again.map(|decision| decide_again(policy, decision));
        (question, explanation, again)
    })
    .await?;
    let Question { policy, attempt, state: read, recorded, .. } = question;
    let is_by_rules = again != Some(Again::ByAgent);
    let is_reproduced = again.filter(|_| is_by_rules).map(|again| again == Again::Same);
    if !is_by_rules {
        explanation.remedies.clear();
    }
    let verdict = recorded.as_ref().map_or(&explanation.verdict, |decision| &decision.verdict);
    let claimed = match &recorded {
        Some(decision) => claimed(state, actor, decision).await?,
        None => None,
    };
    let mut tx = state.read(actor).await?;
    let mut names = store::names(&mut tx, actor.tenant).await?;
    if let Some(person) = verdict.person {
        names = names.or(store::card_marks(&mut tx, actor.tenant, person).await?);
    }
    drop(tx);
    let told = (read, is_by_rules, is_reproduced);
    let view = view(&policy, &names, &explanation, verdict, &attempt, recorded.as_deref(), told);
    Ok(ExplanationView { claimed, ..view })
}

/// Rules that look at nothing that happened before to the card or its holder: of a card that was not known, nothing of that was read.
const BY_RULES_ALONE: [Rule; 8] = [
    Rule::CardState,
    Rule::CardPeriod,
    Rule::Person,
    Rule::Block,
    Rule::ThreatLevel,
    Rule::DoorMode,
    Rule::Grant,
    Rule::Schedule,
];

/// Of a refusal of a card that was not known: the card with this UID, by the rules of that version.
async fn claimed(state: &AppState, actor: &Actor, decision: &Decision) -> ApiResult<Option<ClaimView>> {
    let Decision { attempt, verdict, circumstances, .. } = decision;
    if verdict.outcome != Outcome::Deny || verdict.credential.is_some() {
        return Ok(None);
    }
    let mut tx = state.read(actor).await?;
    let holder = cards::store::holder_of_uid(&mut tx, actor.tenant, &attempt.card).await?;
    drop(tx);
    let Some((credential, person)) = holder else { return Ok(None) };
    let Some(rules) = state.rules_of(actor.tenant, verdict.policy_version).await? else { return Ok(None) };
    let policy = &rules.policy;
    let Some(card) = policy.cards_of(person).find(|card| card.id == credential) else { return Ok(None) };
    let attempt = Attempt { card: card.token, assurance: Assurance::Authenticated, ..attempt.clone() };
    let known = Circumstances { reader_locked_until: None, ..circumstances.clone() };
    let supposed = access_core::decide::judge(policy, &known, &attempt);
    let is_told = supposed.outcome == Outcome::Deny && supposed.rule.is_some_and(|rule| BY_RULES_ALONE.contains(&rule));
    let reason = is_told.then_some(supposed.reason.as_str());
    Ok(Some(ClaimView { credential_id: credential.into(), person_id: person.into(), reason }))
}

/// A decision of the log, and the rules that it was made by.
async fn logged(
    state: &AppState,
    actor: &Actor,
    position: Option<i64>,
    attempt: Option<AttemptId>,
) -> ApiResult<Question> {
    let mut tx = state.read(actor).await?;
    let found = match position {
        Some(position) => store::decision_at(&mut tx, actor.tenant, position).await?,
        None => match attempt {
            Some(attempt) => store::decision_of(&mut tx, actor.tenant, attempt).await?,
            None => None,
        },
    };
    drop(tx);
    let Logged { decision, author, .. } = found.ok_or(ApiError::NotFound("decision"))?;
    let version = decision.verdict.policy_version;
    let policy = match state.rules_of(actor.tenant, version).await? {
        Some(rules) if decision.decided == Decided::Online => Arc::clone(&rules.policy),
        Some(rules) => Arc::new(policy_of(&rules, &rules.policy, author, &decision)?),
        None if version > 0 => return Err(ApiError::NotFound("version of the rules")),
        // An agent without rules decided: there is nothing to ask but what it said.
        None => Arc::new(
            Policy::compile(access_core::policy::PolicyRows::empty(actor.tenant)).map_err(anyhow::Error::from)?,
        ),
    };
    Ok(Question {
        policy,
        known: decision.circumstances.clone(),
        attempt: decision.attempt.clone(),
        state: StateRead::Recorded,
        recorded: Some(decision),
    })
}

/// The log may have to be read from its beginning: one at a time.
static AS_LOGGED: Semaphore = Semaphore::const_new(1);

/// Somebody at a door, as it was not or not yet.
async fn supposed(state: &AppState, actor: &Actor, wanted: &ExplainWanted) -> ApiResult<Question> {
    let door = wanted.door_id.ok_or_else(|| ApiError::field("door_id", "is missing"))?;
    if wanted.person_id.is_some() == wanted.credential_id.is_some() {
        return Err(ApiError::field("person_id", "name either a person or a card, or a decision of the log"));
    }
    let at = wanted.at.unwrap_or(actor.now);
    not_too_far_ahead("at", at, actor.now)?;
    let read = wanted.state.unwrap_or(if clock::unix_ms(at) < clock::unix_ms(actor.now) {
        StateRead::AsLogged
    } else {
        StateRead::Now
    });
    let policy = rules_at(state, actor, at).await?;
    let instant = clock::unix_ms(at);
    if policy.door(door.into()).is_none() {
        return Err(ApiError::field("door_id", "there was no such door at that instant"));
    }
    let known = match read {
        StateRead::Recorded => return Err(ApiError::field("state", "`recorded` is for decisions of the log")),
        StateRead::AsLogged => {
            let _turn = AS_LOGGED.acquire().await.map_err(anyhow::Error::from)?;
            Some(state.state_at(actor.tenant, instant).await?)
        }
        StateRead::Now => Some(
            state
                .states
                .read(actor.tenant, Clone::clone)
                .ok_or_else(|| ApiError::Unavailable("The log is being read; in a moment.".to_owned()))?,
        ),
        StateRead::Neutral => None,
    };
    let cards = cards_wanted(&policy, wanted)?;
    let side = wanted.side.unwrap_or(Side::In);
    let asked = cards.into_iter().map(|card| {
        let attempt = attempt(card, door, side, instant, wanted.factors.unwrap_or_default());
        let known = known.as_ref().map_or_else(
            || Circumstances { knowledge: Knowledge::Everything, ..Circumstances::default() },
            |known| known.circumstances(&policy, &attempt),
        );
        (known, attempt)
    });
    // Of several cards the one that comes nearest: a grant before a need before a refusal.
    let rank = |(known, attempt): &(Circumstances, Attempt)| match access_core::decide::judge(&policy, known, attempt)
        .outcome
    {
        Outcome::Grant { .. } => 0,
        Outcome::Need(_) => 1,
        Outcome::Deny => 2,
    };
    let (known, attempt) = asked
        .min_by_key(rank)
        .ok_or_else(|| ApiError::field("person_id", "this person had no card at that instant"))?;
    if let Some(person) = policy.card(&attempt.card).and_then(|card| card.person)
        && read != StateRead::Neutral
    {
        note_look(state, actor, person.id).await?;
    }
    Ok(Question { policy, known, attempt, state: read, recorded: None })
}

/// The rules in force at an instant.
pub(super) async fn rules_at(state: &AppState, actor: &Actor, at: DateTime<Utc>) -> ApiResult<Arc<Policy>> {
    let current = state.rules_in_force(actor.tenant).await?;
    if clock::unix_ms(at) >= clock::unix_ms(actor.now) {
        return Ok(current);
    }
    let mut tx = state.read(actor).await?;
    let version = store::version_at(&mut tx, actor.tenant, at).await?;
    drop(tx);
    match version {
        Some(version) if version == current.version() => Ok(current),
        Some(version) => {
            let rules = state.rules_of(actor.tenant, version).await?.ok_or(ApiError::NotFound("version"))?;
            Ok(Arc::clone(&rules.policy))
        }
        None => Err(ApiError::field("at", "there were no rules at that instant")),
    }
}

/// What somebody's whereabouts follow from is a look at their movements.
async fn note_look(state: &AppState, actor: &Actor, person: PersonId) -> ApiResult<()> {
    use access_core::event::{ActKind, SubjectKind};
    let person = person.as_uuid();
    if state.looks.is_new(actor, person, Look::Movements) {
        state.change(actor).await?.act(ActKind::Viewed, SubjectKind::Person, person).commit().await?;
        state.looks.logged(actor, person, Look::Movements);
    }
    Ok(())
}

fn cards_wanted(policy: &Policy, wanted: &ExplainWanted) -> ApiResult<Vec<CardToken>> {
    if let Some(id) = wanted.credential_id.map(CredentialId::from_uuid) {
        let card = policy.credential(id);
        return Ok(vec![card.ok_or_else(|| ApiError::field("credential_id", "there was no such card"))?.token]);
    }
    let person = wanted.person_id.map(PersonId::from_uuid).and_then(|person| policy.person(person));
    let person = person.ok_or_else(|| ApiError::field("person_id", "there was no such person at that instant"))?;
    Ok(policy.cards_of(person.id).map(|card| card.token).collect())
}

fn attempt(card: CardToken, door: Uuid, side: Side, at: UnixMs, factors: Factors) -> Attempt {
    Attempt {
        id: AttemptId::from_uuid(Uuid::nil()),
        door: door.into(),
        side,
        at,
        clock: ClockTrust::Trusted,
        card,
        assurance: factors.assurance.unwrap_or(Assurance::Authenticated),
        finger: factors.finger,
        pin: factors.pin,
    }
}

fn view(
    policy: &Policy,
    names: &Names,
    explanation: &Explanation,
    verdict: &Verdict,
    attempt: &Attempt,
    recorded: Option<&Decision>,
    (state, is_by_rules, is_reproduced): (StateRead, bool, Option<bool>),
) -> ExplanationView {
    ExplanationView {
        door_id: attempt.door.into(),
        side: attempt.side.as_str(),
        at: clock::from_unix_ms(attempt.at),
        person_id: verdict.person.map(Into::into),
        credential_id: verdict.credential.map(Into::into),
        claimed: None,
        policy_version: verdict.policy_version,
        rules_version: recorded.map_or(RULES_VERSION, |decision| decision.rules_version),
        decided: recorded.map(|decision| decision.decided.as_str()),
        state,
        outcome: ExplainedOutcome::of(verdict.outcome),
        reason: verdict.reason.as_str(),
        rule: verdict.rule.map(Rule::as_str),
        is_by_rules,
        is_reproduced,
        rules: explanation.rules.iter().map(|rule| RuleView::of(policy, names, rule)).collect(),
        remedies: explanation.remedies.iter().map(|remedy: &Remedy| RemedyView::of(policy, names, remedy)).collect(),
    }
}

impl ExplainedOutcome {
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Grant { .. } => Self::Granted,
            Outcome::Need(_) => Self::Need,
            Outcome::Deny => Self::Refused,
        }
    }
}

impl RuleView {
    fn of(policy: &Policy, names: &Names, rule: &RuleAnswer) -> Self {
        Self {
            rule: rule.rule.as_str(),
            answer: rule.answer.as_str(),
            reason: rule.reason.map(Reason::as_str),
            records: rule.records.iter().map(|record: &RecordRef| RecordView::of(policy, names, record)).collect(),
        }
    }
}

//! Cards that prove themselves, at a station: what is wanted is written down before the station hears of it, the station does it
//! with this card's keys, and what came of it is stored with its acts. Whatever is cut off in between goes on at the next try.
//!
//! Nobody's card is taken over by the way: a UID that is in use gets keys again only on an operator's word.

use access_core::attempt::Assurance;
use access_core::canonical;
use access_core::event::{ActKind, SubjectKind};
use access_core::ids::{CredentialId, FingerId};
use access_core::policy::{CardToken, CredentialState};
use access_core::protocol::{
    CREDENTIAL_NUMBER_BYTES, CardFault, CardKey, CardKeyRole, CardKeysBefore, CardKind, CardMessaging, CardTask,
    CardTemplates, CardWork, SecretBytes, TemplateContent,
};
use access_core::word::Word as _;
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::outcome::{Order, ReadFinger, Turn, actor, keep_weak_card, new_finger, not_elsewhere};
use super::{Step, StepWord, Want};
use crate::audit::Entry;
use crate::auth::Actor;
use crate::cards::store::{Holder, WrittenChip};
use crate::cards::{self, CardRules, ChipRow, TEMPLATES_BYTES};
use crate::credentials::store::NewCredential;
use crate::credentials::{self, Credential};
use crate::db::TenantTx;
use crate::fingers::{self, Finger};
use crate::http::{ApiError, ApiResult, on_constraint};
use crate::keys::cards::{CHIP_UID_BYTES, application, card_key};
use crate::people;
use crate::state::AppState;
use crate::vault;
use crate::vault::cards::{CardBegun, NewCardFinger};

/// What is under way with the card at a station. Lives in a dialogue, never outlives it.
#[derive(Debug, Default)]
pub(super) struct AtCard {
    /// A finger that was read and waits for its card.
    pub(super) finger: Option<ReadFinger>,
    /// What the station was asked to do.
    begun: Option<Begun>,
    /// What was read from a card in this dialogue, by the card's UID: what a cut write spoiled is written again.
    read: Option<(CardToken, CardTemplates)>,
    /// Which of [`TEMPLATES_BYTES`] is tried.
    room: usize,
}

#[derive(Debug)]
enum Begun {
    /// Reads a card that is this person's.
    Reading { uid: SecretBytes, credential: Uuid, is_ev1: bool },
    /// Makes a card this person's.
    Making { uid: SecretBytes, keeps_factory_key: bool },
    /// Writes a card that is this person's, so that these fingers lie on it.
    Writing {
        credential: Uuid,
        uid: CardToken,
        fingers: Vec<Uuid>,
        templates_bytes: i32,
        added: Option<Finger>,
        keeps_factory_key: bool,
    },
    /// Wipes it.
    Wiping { credential: Uuid, uid: CardToken },
}

impl AtCard {
    /// The station could not do it: the card may be held there again, or another.
    pub(super) fn refused(&mut self, why: CardFault) {
        let was_making = matches!(self.begun.take(), Some(Begun::Making { .. }));
        if was_making && why == CardFault::NotEnoughMemory {
            self.room = (self.room + 1).min(TEMPLATES_BYTES.len() - 1);
        }
    }
}

fn conflict(code: &'static str, detail: &str) -> ApiError {
    ApiError::Conflict(code, detail.to_owned())
}

fn not_theirs() -> ApiError {
    conflict("card_not_theirs", "This card was not made here for this person.")
}

/// Whoever has a lost agent knows this card's keys in their last version.
fn used_up() -> ApiError {
    let why = "Others may know this card's keys, and these have no next version: exchange this card for another.";
    conflict("key_versions_used_up", why)
}

/// What was once spoken by the newer messages is never done by the older ones: neither made, nor read, nor wiped.
fn downgraded() -> ApiError {
    let why = "A card with this UID knew the newer messages, and this one says that it knows the older ones only.";
    conflict("card_downgraded", why)
}

/// A card lies on the reader: what the station is to do with it.
pub(super) async fn presented(
    state: &AppState,
    order: &Order,
    at_card: &mut AtCard,
    uid: &SecretBytes,
    kind: CardKind,
    now: DateTime<Utc>,
) -> ApiResult<Turn> {
    let is_ev1 = match kind {
        CardKind::RandomUid => {
            return Err(conflict("random_uid", "The card shows another number each time and can't be found by it."));
        }
        CardKind::UidOnly if order.asked.want == Want::Card => {
            let card = keep_weak_card(state, order, uid, now).await?;
            return Ok(Turn::Stop(Step { credential: Some(card), ..Step::new(StepWord::Done, now) }));
        }
        CardKind::UidOnly => return Err(conflict("card_proves_nothing", "This card can't prove itself.")),
        CardKind::DesfireEv1 => true,
        CardKind::DesfireEv2 | CardKind::DesfireEv3 => false,
    };
    let bytes: &[u8; CHIP_UID_BYTES] =
        uid.0.as_slice().try_into().map_err(|_| conflict("card_unreadable", "The UID of such a card has 7 bytes."))?;
    let hash = credentials::token(state.keys.card_key(order.tenant).bytes(), bytes);
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    cards::store::share_held(&mut tx, order.station).await?;
    actor(&mut tx, order, now).await?;
    people::store::get(&mut tx, order.tenant, order.person, now).await?.ok_or(ApiError::NotFound("person"))?;
    let rules = cards::store::rules(&mut tx, order.tenant).await?;
    let holders = cards::store::holders(&mut tx, order.tenant, &hash).await?;
    if is_ev1 && cards::store::knows_newer_messages(&mut tx, order.tenant, &hash).await? {
        let (tenant, station, person) = (order.tenant, order.station, order.person);
        tracing::warn!(%tenant, %station, %person, "a card that spoke by the newer messages says that it knows the older only");
        return Err(downgraded());
    }
    let desk = Presented { uid, bytes, hash, is_ev1, rules };
    let (begun, work) = match order.asked.want {
        Want::Card => make(state, tx, order, &desk, &holders, at_card.room, now).await?,
        Want::Finger { .. } if at_card.finger.is_none() => {
            return Err(conflict("not_wanted", "The station read a card where a finger was asked for."));
        }
        Want::Pin { .. } => return Err(conflict("not_wanted", "The station read a card where a PIN was asked for.")),
        Want::Finger { .. } | Want::RenewCard | Want::RemoveFinger { .. } => {
            let (credential, chip) = theirs(order, &holders)?;
            if order.asked.want == Want::RenewCard && chip.is_exchange_due() {
                return Err(used_up());
            }
            let task = CardTask::Read { is_ev1_allowed: is_ev1_allowed(chip, &desk) };
            let work = work(state, &mut tx, order, bytes, (chip.versions(), task), now).await?;
            tx.commit().await?;
            (Begun::Reading { uid: uid.clone(), credential, is_ev1 }, work)
        }
        Want::TakeBackCard { credential_id } => {
            let (credential, chip) = theirs(order, &holders)?;
            if credential != credential_id {
                return Err(not_theirs());
            }
            let what = (chip.versions(), CardTask::Wipe);
            let work = work(state, &mut tx, order, bytes, what, now).await?;
            tx.commit().await?;
            (Begun::Wiping { credential, uid: hash }, work)
        }
    };
    at_card.begun = Some(begun);
    Ok(Turn::Work(Box::new(work)))
}

/// A card that lies on a reader.
struct Presented<'a> {
    uid: &'a SecretBytes,
    bytes: &'a [u8; CHIP_UID_BYTES],
    hash: CardToken,
    is_ev1: bool,
    rules: CardRules,
}

/// A card that was made as an EV1 goes on being one, whatever was chosen since; one that was not is never spoken to as such.
fn is_ev1_allowed(chip: &ChipRow, card: &Presented<'_>) -> bool {
    card.is_ev1 && chip.messaging == CardMessaging::Ev1
}

/// The credential of this person that a UID belongs to, with its chip.
fn theirs<'a>(order: &Order, holders: &'a [Holder]) -> ApiResult<(Uuid, &'a ChipRow)> {
    let own = holders.iter().find(|holder| holder.person == order.person).and_then(|holder| {
        let chip = holder.chip.as_ref()?;
        Some((holder.credential, chip))
    });
    own.ok_or_else(not_theirs)
}

/// What a card's keys are in all these versions, on a thread that may wait for them, with a task for them. What the station is
/// about to be sent is noted as known to it.
async fn work(
    state: &AppState,
    tx: &mut TenantTx,
    order: &Order,
    uid: &[u8; CHIP_UID_BYTES],
    (versions, task): (Vec<u8>, CardTask),
    now: DateTime<Utc>,
) -> ApiResult<CardWork> {
    let tenant = order.tenant;
    let masters = cards::masters::provide(&state.card_keys, tx, tenant, versions.iter().copied(), now);
    let source = masters.await.map_err(cards::masters::refused)?;
    let application = application(state.installation.id, tenant);
    let (own_application, own_uid) = (application.clone(), zeroize::Zeroizing::new(*uid));
    let wanted = versions.clone();
    let derive = move || -> Result<Vec<CardKey>, _> {
        let wanted = wanted.iter().flat_map(|version| CardKeyRole::ALL.iter().map(|role| (*role, *version)));
        wanted.map(|which| card_key(&source, tenant, &own_application, &own_uid, which)).collect()
    };
    let keys = tokio::task::spawn_blocking(derive).await.map_err(anyhow::Error::from)?;
    let keys = keys.map_err(|error| cards::masters::refused(error.into()))?;
    let token = credentials::token(state.keys.card_key(tenant).bytes(), uid);
    let held: Vec<_> = versions.iter().map(|version| (token, *version)).collect();
    cards::store::note_held(tx, tenant, order.station, &held).await?;
    // The dialogue's own number is put in where the message goes out.
    let enrolment = Uuid::nil().into();
    Ok(CardWork { enrolment, uid: SecretBytes(uid.to_vec()), application, keys, task })
}

/// Writes down that this card becomes this person's, and asks the station for it.
async fn make(
    state: &AppState,
    mut tx: TenantTx,
    order: &Order,
    card: &Presented<'_>,
    holders: &[Holder],
    room: usize,
    now: DateTime<Utc>,
) -> ApiResult<(Begun, CardWork)> {
    if card.is_ev1 && !card.rules.takes_ev1 {
        return Err(conflict("card_too_old", "The card knows the older messages only, which are not taken here."));
    }
    if !order.asked.replaces && holders.iter().any(|holder| holder.state != CredentialState::Returned) {
        return Err(conflict("card_in_use", "This card is somebody's already."));
    }
    // Its keys follow from its UID: what was known of them before it was wiped is known still.
    let exposed = cards::store::exposed_version(&mut tx, order.tenant, &card.hash).await?;
    let version = cards::version_to_make(card.rules.key_version, exposed).ok_or_else(used_up)?;
    let earlier = vault::cards::card_begun(&state.keys, &mut tx, &card.hash).await?;
    let was_anothers = earlier.as_ref().is_some_and(|earlier| earlier.person != order.person);
    let chip = holders.iter().find_map(|holder| holder.chip.as_ref());
    // A file that is there keeps its size; it is known unless the card said just now that there is no room for it.
    let there =
        earlier.as_ref().map(|earlier| earlier.templates_bytes_max).or(chip.map(|chip| chip.templates_bytes_max));
    let tried = i32::from(TEMPLATES_BYTES[room]);
    let templates_bytes_max = there.map_or(tried, |there| if room == 0 { there } else { there.min(tried) });
    let mut versions: Vec<i16> = earlier.iter().flat_map(|earlier| earlier.versions.clone()).collect();
    versions.extend(chip.iter().flat_map(|chip| chip.versions()).map(i16::from));
    versions.push(version);
    versions.sort_unstable();
    versions.dedup();
    let begun = match earlier.filter(|_| !was_anothers) {
        Some(earlier) => CardBegun { versions, templates_bytes_max, ..earlier },
        None => CardBegun {
            credential: CredentialId::from_uuid(Uuid::now_v7()),
            person: order.person,
            number: vault::cards::new_card_number()?,
            versions,
            templates_bytes_max,
        },
    };
    vault::cards::put_card_begun(&state.keys, &mut tx, &card.hash, &begun, now).await?;
    let task = CardTask::Write {
        credential: SecretBytes(begun.number.to_vec()),
        version: u8::try_from(version).map_err(anyhow::Error::from)?,
        templates: None,
        templates_bytes_max: u16::try_from(templates_bytes_max).map_err(anyhow::Error::from)?,
        keeps_factory_key: card.rules.leaves_factory_key,
        // What lies on a card that came back, or was begun for somebody else, is known to be nobody's.
        replaces: order.asked.replaces || was_anothers || !holders.is_empty(),
        is_ev1_allowed: card.is_ev1,
        keys_before: CardKeysBefore::Any,
    };
    let versions = begun.versions.iter().filter_map(|version| u8::try_from(*version).ok()).collect();
    let work = work(state, &mut tx, order, card.bytes, (versions, task), now).await?;
    // Before the station hears of it.
    tx.commit().await?;
    Ok((Begun::Making { uid: card.uid.clone(), keeps_factory_key: card.rules.leaves_factory_key }, work))
}

/// A card was read: what it becomes. Nothing if nobody asked.
pub(super) async fn content(
    state: &AppState,
    order: &Order,
    at_card: &mut AtCard,
    credential: Option<SecretBytes>,
    templates: Option<Vec<u8>>,
    now: DateTime<Utc>,
) -> Option<ApiResult<Turn>> {
    let Some(Begun::Reading { uid, credential: id, is_ev1 }) = at_card.begun.take() else { return None };
    Some(rewrite(state, order, at_card, (&uid, id, is_ev1), (credential, templates), now).await)
}

async fn rewrite(
    state: &AppState,
    order: &Order,
    at_card: &mut AtCard,
    (uid, id, is_ev1): (&SecretBytes, Uuid, bool),
    (told, templates): (Option<SecretBytes>, Option<Vec<u8>>),
    now: DateTime<Utc>,
) -> ApiResult<Turn> {
    let bytes: &[u8; CHIP_UID_BYTES] = uid.0.as_slice().try_into().map_err(anyhow::Error::from)?;
    let hash = credentials::token(state.keys.card_key(order.tenant).bytes(), bytes);
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    cards::store::share_held(&mut tx, order.station).await?;
    actor(&mut tx, order, now).await?;
    let chip = cards::store::get(&mut tx, order.tenant, id).await?.ok_or_else(not_theirs)?;
    let number = vault::cards::card_number(&state.keys, &mut tx, id).await?.context("the number of a card")?;
    // One that tells none was left so by a write that was cut; one that tells another is not the card that it claims to be.
    if told.as_ref().is_some_and(|told| told.0.ct_ne(&number[..]).into()) {
        return Err(conflict("card_not_authentic", "The card holds another number than it was made with."));
    }
    let rules = cards::store::rules(&mut tx, order.tenant).await?;
    let on_card = read_before(at_card, hash, told.is_some(), templates);
    let all = fingers::store::of_person(&mut tx, order.tenant, order.person).await?;
    if let Want::RemoveFinger { finger_id } = order.asked.want {
        fingers::may_be_removed(&all, finger_id)?;
    }
    let mut fingers = CardTemplates::default();
    let stays = |finger: &Finger| match order.asked.want {
        Want::Finger { position, .. } => finger.position != position,
        Want::RemoveFinger { finger_id } => finger.id != finger_id,
        _ => true,
    };
    let known: Vec<Uuid> =
        all.iter().filter(|finger| finger.credential_id == Some(id) && stays(finger)).map(|finger| finger.id).collect();
    fingers.fingers = on_card.fingers.into_iter().filter(|finger| known.contains(&finger.finger.as_uuid())).collect();
    let mut added = None;
    if let Some(read) = &at_card.finger {
        let finger = new_finger(&mut tx, order, read, Some(id), now).await?;
        not_elsewhere(&mut tx, order, &finger).await?;
        let content = TemplateContent { is_duress: finger.is_duress == Some(true), template: read.template.clone() };
        let new = NewCardFinger {
            finger: FingerId::from_uuid(finger.id),
            person: order.person,
            sensor_type: &finger.sensor_type,
            content: &content,
        };
        fingers.fingers.push(vault::cards::seal_card_finger(&state.keys, &mut tx, &number, &new).await?);
        added = Some(finger);
    }
    let written: Vec<Uuid> = fingers.fingers.iter().map(|finger| finger.finger.as_uuid()).collect();
    let templates = (!written.is_empty()).then(|| canonical::encode(&fingers));
    let templates_bytes = templates.as_ref().map_or(0, Vec::len);
    if templates_bytes > usize::try_from(chip.templates_bytes_max).unwrap_or(0) {
        return Err(conflict("card_full", "There is no room for another finger on this card."));
    }
    cards::store::begin_version(&mut tx, order.tenant, id, chip.version_wanted).await?;
    let task = CardTask::Write {
        credential: SecretBytes(number[..CREDENTIAL_NUMBER_BYTES].to_vec()),
        version: u8::try_from(chip.version_wanted).map_err(anyhow::Error::from)?,
        templates,
        templates_bytes_max: u16::try_from(chip.templates_bytes_max).map_err(anyhow::Error::from)?,
        keeps_factory_key: rules.leaves_factory_key,
        replaces: false,
        is_ev1_allowed: is_ev1 && chip.messaging == CardMessaging::Ev1,
        // It was read just now, by this site's keys. What has others is another that was put in its place.
        keys_before: if chip.has_factory_key { CardKeysBefore::SitesApplication } else { CardKeysBefore::Sites },
    };
    let work = work(state, &mut tx, order, bytes, (chip.versions(), task), now).await?;
    tx.commit().await?;
    let templates_bytes = i32::try_from(templates_bytes).map_err(anyhow::Error::from)?;
    let keeps_factory_key = rules.leaves_factory_key;
    let (credential, uid, fingers) = (id, hash, written);
    at_card.begun = Some(Begun::Writing { credential, uid, fingers, templates_bytes, added, keeps_factory_key });
    Ok(Turn::Work(Box::new(work)))
}

/// What lies on a card, by what it tells; or what was read from it earlier in this dialogue, if a write that was cut spoiled it.
fn read_before(at_card: &mut AtCard, uid: CardToken, is_whole: bool, templates: Option<Vec<u8>>) -> CardTemplates {
    let read = templates.and_then(|bytes| canonical::decode::<CardTemplates>("fingers on a card", &bytes).ok());
    let kept = at_card.read.take().filter(|(of, _)| *of == uid).map(|(_, read)| read);
    let on_card = match (read, kept) {
        (_, Some(kept)) if !is_whole => kept,
        (read, _) => read.unwrap_or_default(),
    };
    at_card.read = Some((uid, on_card.clone()));
    on_card
}

/// A card is what it was to become. Nothing if nobody asked.
pub(super) async fn written(
    state: &AppState,
    order: &Order,
    at_card: &mut AtCard,
    (version, messaging, free_bytes): (u8, CardMessaging, u32),
    now: DateTime<Utc>,
) -> Option<ApiResult<Step>> {
    let free_bytes = i32::try_from(free_bytes).unwrap_or(i32::MAX);
    Some(match at_card.begun.take()? {
        Begun::Making { uid, keeps_factory_key } => {
            made(state, order, (&uid, keeps_factory_key), (version, messaging, free_bytes), now).await
        }
        Begun::Writing { credential, uid, fingers, templates_bytes, added, keeps_factory_key } => {
            let chip = WrittenChip {
                uid: &uid,
                messaging,
                key_version: version,
                free_bytes,
                templates_bytes_max: 0,
                templates_bytes,
                keeps_factory_key,
            };
            rewritten(state, order, credential, &chip, (&fingers, added), now).await
        }
        Begun::Reading { .. } | Begun::Wiping { .. } => return None,
    })
}

/// Whether a station says that it did what it was asked for.
fn check_version(told: u8, wanted: i16) -> ApiResult<()> {
    if i16::from(told) == wanted {
        return Ok(());
    }
    Err(ApiError::Internal(anyhow::anyhow!("a station gave a card keys of version {told} instead of {wanted}")))
}

/// A new card is this person's from now on.
async fn made(
    state: &AppState,
    order: &Order,
    (uid, keeps_factory_key): (&SecretBytes, bool),
    (version, messaging, free_bytes): (u8, CardMessaging, i32),
    now: DateTime<Utc>,
) -> ApiResult<Step> {
    let card_key = state.keys.card_key(order.tenant);
    let hash = credentials::token(card_key.bytes(), &uid.0);
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    let actor = actor(&mut tx, order, now).await?;
    people::store::get(&mut tx, order.tenant, order.person, now).await?.ok_or(ApiError::NotFound("person"))?;
    let in_use = || conflict("card_in_use", "This card is somebody's already.");
    let begun = vault::cards::card_begun(&state.keys, &mut tx, &hash).await?.ok_or_else(in_use)?;
    if begun.person != order.person {
        return Err(in_use());
    }
    if !begun.versions.contains(&i16::from(version)) {
        check_version(version, begun.versions.last().copied().unwrap_or_default())?;
    }
    for holder in cards::store::holders(&mut tx, order.tenant, &hash).await? {
        if holder.state != CredentialState::Returned && !order.asked.replaces {
            return Err(in_use());
        }
        take_back(state, &mut tx, order, &actor, holder.credential).await?;
    }
    let label = credentials::label(&uid.0);
    let new = NewCredential {
        id: begun.credential,
        person: order.person,
        token: credentials::token(card_key.bytes(), &*begun.number),
        label: &label,
        strength: Assurance::Authenticated,
    };
    credentials::store::insert(&mut tx, order.tenant, new, actor.by(), now).await?;
    let chip = WrittenChip {
        uid: &hash,
        messaging,
        key_version: version,
        free_bytes,
        templates_bytes_max: begun.templates_bytes_max,
        templates_bytes: 0,
        keeps_factory_key,
    };
    cards::store::insert(&mut tx, order.tenant, begun.credential, &chip, now)
        .await
        .map_err(on_constraint([("card_chips_uid_is_unique", in_use)]))?;
    vault::cards::put_card(&state.keys, &mut tx, order.person, begun.credential, &uid.0, Some(&begun.number)).await?;
    vault::store::end_card_begun(&mut tx, order.tenant, &hash).await?;
    let card = get_card(&mut tx, order, begun.credential.as_uuid()).await?;
    Entry::new(&state.keys, &actor, ActKind::Created, SubjectKind::Credential, card.id)
        .after(&card)
        .append(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(Step { credential: Some(card), ..Step::new(StepWord::Done, now) })
}

async fn get_card(tx: &mut TenantTx, order: &Order, id: Uuid) -> ApiResult<Credential> {
    credentials::store::get(tx, order.tenant, id).await?.ok_or(ApiError::NotFound("card"))
}

fn with_reason<'a>(entry: Entry<'a>, order: &Order) -> Entry<'a> {
    match &order.asked.reason {
        Some(reason) => entry.reason(reason),
        None => entry,
    }
}

/// A card's credential is *returned* from now on, its chip is nobody's, and fingers on it are gone.
async fn take_back(
    state: &AppState,
    tx: &mut TenantTx,
    order: &Order,
    actor: &Actor,
    id: Uuid,
) -> ApiResult<Credential> {
    let before = get_card(tx, order, id).await?;
    remove_fingers(state, tx, order, actor, (id, before.person_id), &[]).await?;
    cards::store::delete(tx, order.tenant, id).await?;
    let after = credentials::store::set_state(tx, order.tenant, id, CredentialState::Returned).await?;
    let entry = Entry::new(&state.keys, actor, ActKind::Changed, SubjectKind::Credential, id);
    with_reason(entry.before(&before).after(&after), order).append(tx).await?;
    Ok(after)
}

/// Forgets the fingers of a card that lie on it no more; those that stay are named. Returns those that went.
async fn remove_fingers(
    state: &AppState,
    tx: &mut TenantTx,
    order: &Order,
    actor: &Actor,
    (card, person): (Uuid, Uuid),
    staying: &[Uuid],
) -> ApiResult<Vec<Finger>> {
    let all = fingers::store::of_person(tx, order.tenant, person.into()).await?;
    let gone: Vec<Finger> =
        all.into_iter().filter(|finger| finger.credential_id == Some(card) && !staying.contains(&finger.id)).collect();
    for finger in &gone {
        fingers::store::delete(tx, order.tenant, finger.id).await?;
        let entry = Entry::new(&state.keys, actor, ActKind::Deleted, SubjectKind::Finger, finger.id);
        with_reason(entry.before(finger), order).append(tx).await?;
    }
    Ok(gone)
}

/// A card of this person's was written again.
async fn rewritten(
    state: &AppState,
    order: &Order,
    id: Uuid,
    chip: &WrittenChip<'_>,
    (staying, added): (&[Uuid], Option<Finger>),
    now: DateTime<Utc>,
) -> ApiResult<Step> {
    let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
    let actor = actor(&mut tx, order, now).await?;
    people::store::get(&mut tx, order.tenant, order.person, now).await?.ok_or(ApiError::NotFound("person"))?;
    let row = cards::store::get(&mut tx, order.tenant, id).await?.ok_or_else(not_theirs)?;
    // Another version may have been wanted since; this one was told to the station.
    if !row.versions().contains(&chip.key_version) {
        check_version(chip.key_version, row.version_wanted)?;
    }
    let before = get_card(&mut tx, order, id).await?;
    cards::store::rewritten(&mut tx, order.tenant, id, chip, now).await?;
    let gone = remove_fingers(state, &mut tx, order, &actor, (id, order.person.as_uuid()), staying).await?;
    if let Some(finger) = &added {
        // Consent may have been withdrawn while the card was written; then what lies on it opens nowhere.
        let basis = people::store::legal_basis(&mut tx, order.tenant, order.person).await?;
        if basis.is_none_or(|basis| basis.kind != people::LegalBasisKind::Consent) {
            tx.commit().await?;
            return Err(conflict("legal_basis_missing", "There is no consent to keep a finger."));
        }
        fingers::store::insert(&mut tx, order.tenant, finger, actor.by()).await?;
        Entry::new(&state.keys, &actor, ActKind::Created, SubjectKind::Finger, finger.id)
            .after(finger)
            .append(&mut tx)
            .await?;
    }
    let card = get_card(&mut tx, order, id).await?;
    if order.asked.want == Want::RenewCard {
        Entry::new(&state.keys, &actor, ActKind::Changed, SubjectKind::Credential, id)
            .before(&before)
            .after(&card)
            .append(&mut tx)
            .await?;
    }
    tx.commit().await?;
    let removed = match order.asked.want {
        Want::RemoveFinger { finger_id } => gone.into_iter().find(|finger| finger.id == finger_id),
        _ => None,
    };
    let quality = added.as_ref().and_then(|finger| u8::try_from(finger.quality).ok());
    Ok(Step { credential: Some(card), finger: added.or(removed), quality, ..Step::new(StepWord::Done, now) })
}

/// A card is nobody's any more. Nothing if nobody asked.
pub(super) async fn wiped(
    state: &AppState,
    order: &Order,
    at_card: &mut AtCard,
    now: DateTime<Utc>,
) -> Option<ApiResult<Step>> {
    let Some(Begun::Wiping { credential, uid }) = at_card.begun.take() else { return None };
    let done = async {
        let mut tx = state.db.begin_vault(order.tenant, Some(order.operator)).await?;
        let actor = actor(&mut tx, order, now).await?;
        let card = take_back(state, &mut tx, order, &actor, credential).await?;
        vault::store::end_card_begun(&mut tx, order.tenant, &uid).await?;
        tx.commit().await?;
        Ok(Step { credential: Some(card), ..Step::new(StepWord::Done, now) })
    };
    Some(done.await)
}

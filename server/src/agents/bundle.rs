//! What an agent decides by when alone: its cut of the rules, and the templates and PINs of the people in it, sealed to its key.

use std::collections::{BTreeSet, HashMap};

use access_core::canonical;
use access_core::ids::{AgentId, DoorId, FingerId, PersonId, TenantId};
use access_core::policy::Policy;
use access_core::protocol::{
    Bundle, BundleIndex, FromServer, SealedPin, SealedPins, SealedTemplate, SecretBytes, SignedBundle, pepper_binding,
    pin_binding,
};
use anyhow::Context as _;
use chrono::TimeDelta;
use uuid::Uuid;

use super::card_secrets::CardSealer;
use super::store::{self, BundleMade};
use crate::cards;
use crate::clock;
use crate::keys::SealingKey;
use crate::state::AppState;
use crate::vault::store::SealedPinRow;
use crate::{pins, vault};

/// Most fingers that are sealed anew for one bundle after a session's first: the rules, with whatever was revoked, go out before the rest.
pub(super) const SEALED_AT_ONCE_MAX: usize = 256;

/// A bundle that was made.
pub(super) struct Made {
    /// What is sent of it.
    pub message: FromServer,
    /// Length of the message that it would be whole: it must fit one in any case.
    pub whole_bytes: usize,
    /// Templates are missing that the next one brings.
    pub is_partial: bool,
}

/// Makes one agent's bundles. Keeps sealed templates: sealing costs more than all the rest, and a finger's never changes.
pub(super) struct Bundler {
    tenant: TenantId,
    agent: AgentId,
    sealing_key: SealingKey,
    sealed: HashMap<FingerId, SealedTemplate>,
    /// None after cards could not be sealed: begun anew.
    cards: Option<CardSealer>,
    /// By person: the rows that it was made of, and what was sealed of them.
    pins: HashMap<PersonId, (Vec<SealedPinRow>, SealedPin)>,
    pepper: Option<Vec<u8>>,
    /// Number of the newest bundle.
    sequence: i64,
    /// Doors of the newest bundle, at first those when it linked.
    doors: BTreeSet<DoorId>,
    /// Of the newest bundle of this session, from which the next is told apart: hashes of its pieces, a twelfth of its length. None before the first,
    /// and after one that the agent could not put together.
    sent: Option<BundleIndex>,
}

impl Bundler {
    /// Bundles for an agent with this key, which controls these doors now.
    pub(super) fn new(
        tenant: TenantId,
        agent: AgentId,
        sealing_key: &[u8],
        doors: BTreeSet<DoorId>,
    ) -> anyhow::Result<Self> {
        let sealing_key = SealingKey::from_bytes(sealing_key)?;
        Ok(Self {
            tenant,
            agent,
            sealing_key,
            sealed: HashMap::new(),
            cards: None,
            pins: HashMap::new(),
            pepper: None,
            sequence: 0,
            doors,
            sent: None,
        })
    }

    /// The bundle of these rules, as it is to be sent.
    pub(super) async fn make(&mut self, state: &AppState, policy: &Policy) -> anyhow::Result<Made> {
        let mut tx = state.db.begin_vault(self.tenant, None).await?;
        let doors: BTreeSet<_> = store::doors(&mut tx, self.tenant, self.agent).await?.into_iter().collect();
        let rows = policy.for_doors(&doors);
        self.doors = doors;
        let persons: Vec<Uuid> =
            rows.persons.iter().filter(|person| person.has_finger).map(|person| person.id.into()).collect();
        let known: Vec<Uuid> = self.sealed.keys().map(|finger| finger.as_uuid()).collect();
        let kept = vault::store::fingers_with_template(&mut tx, self.tenant, &persons).await?;
        self.sealed.retain(|finger, _| kept.contains(&finger.as_uuid()));
        let mut missing: Vec<Uuid> = kept.iter().copied().filter(|finger| !known.contains(finger)).collect();
        let has_more = self.sent.is_some() && missing.len() > SEALED_AT_ONCE_MAX;
        if has_more {
            missing.truncate(SEALED_AT_ONCE_MAX);
        }
        let sealed_before = self.sealed.len();
        for open in vault::templates_of(&state.keys, &mut tx, &missing).await? {
            let template = open.sealed_to(self.agent, &self.sealing_key, open.is_duress)?;
            self.sealed.insert(open.finger, template);
        }
        // One that could not be opened would be asked for for ever.
        let is_partial = has_more && self.sealed.len() > sealed_before;
        let with_pin: Vec<Uuid> =
            rows.persons.iter().filter(|person| person.has_pin).map(|person| person.id.into()).collect();
        let pins = self.pins(state, vault::store::pins(&mut tx, self.tenant, &with_pin).await?)?;
        let cards = match self.cards.take() {
            Some(cards) => cards,
            None => CardSealer::new(self.tenant, self.agent, &self.sealing_key)?,
        };
        // It is kept whatever goes wrong: see there.
        let found = self.cards.insert(cards).find(state, &mut tx, &rows).await?;
        // Which keys were made for them, if any.
        tx.commit().await?;
        let cards = self.cards.take().context("the cards' keys are being sealed elsewhere")?;
        let (cards, card_secrets) = cards.seal(state, found).await?;
        let cards = self.cards.insert(cards);
        let card_secrets = card_secrets?;
        let mut tx = state.db.begin(self.tenant, None).await?;
        // Before they are sent: what a stolen agent gives away must be known.
        cards::store::note_held(&mut tx, self.tenant, self.agent, cards.unnoted()).await?;
        let sequence = store::next_bundle(&mut tx, self.tenant, self.agent, self.sequence).await?;
        let (signed_at, age_max_s) = (clock::now(), policy.rules().alone_hours * 60 * 60);
        let usable_until = signed_at + TimeDelta::seconds(age_max_s.into());
        let made = BundleMade { version: policy.version(), sequence, made_at: signed_at, usable_until };
        store::bundle_made(&mut tx, self.tenant, self.agent, made, &self.doors).await?;
        tx.commit().await?;
        cards.noted();
        self.sequence = sequence;
        let mut templates: Vec<SealedTemplate> = self.sealed.values().cloned().collect();
        templates.sort_by_key(|template| template.finger);
        let bundle = Bundle {
            installation: state.installation.id,
            mode: state.installation.mode,
            agent: self.agent,
            sequence: sequence.try_into()?,
            signed_at: clock::unix_ms(signed_at),
            age_max_s,
            card_key: SecretBytes(state.keys.card_key(self.tenant).bytes().to_vec()),
            policy: rows,
            templates,
            cards: card_secrets,
            pins,
        };
        Ok(self.made(SignedBundle::sign(&bundle, &state.keys.policy_key()), is_partial))
    }

    /// What is sent of a bundle: what differs from the one before, if that is less than half of it. The link keeps the order, and ends
    /// where something is lost: what was sent is what the agent has, or it asks.
    fn made(&mut self, bundle: SignedBundle, is_partial: bool) -> Made {
        let before = self.sent.replace(BundleIndex::of(&bundle));
        let whole_bytes = canonical::encode(&bundle).len();
        let delta = before.map(|before| before.delta_to(&bundle));
        let delta = delta.filter(|delta| 2 * canonical::encode(delta).len() < whole_bytes);
        let message = delta.map_or_else(|| FromServer::Bundle(bundle), FromServer::BundleDelta);
        Made { message, whole_bytes, is_partial }
    }

    /// The next bundle is sent whole.
    pub(super) fn forget_sent(&mut self) {
        self.sent = None;
    }

    /// What PINs are checked by: sealed anew for whoever has another than before.
    fn pins(&mut self, state: &AppState, rows: Vec<SealedPinRow>) -> anyhow::Result<SealedPins> {
        let pepper = state.keys.pin_pepper(self.tenant, self.agent);
        let mut pins = HashMap::new();
        for rows in rows.chunk_by(|one, next| one.person_id == next.person_id) {
            let person = PersonId::from_uuid(rows[0].person_id);
            let known = self.pins.remove(&person).filter(|(before, _)| before == rows);
            let known = match known {
                Some(known) => known,
                None => {
                    let kept = vault::open_pins(&state.keys, self.tenant, rows)?;
                    let Some(content) = pins::content_for(&pepper, &kept)? else { continue };
                    let binding = pin_binding(self.agent, person);
                    let sealed = self.sealing_key.seal(&content, &binding)?;
                    (rows.to_vec(), SealedPin { person, sealed })
                }
            };
            pins.insert(person, known);
        }
        self.pins = pins;
        let mut of_persons: Vec<SealedPin> = self.pins.values().map(|(_, sealed)| sealed.clone()).collect();
        of_persons.sort_by_key(|pin| pin.person);
        if of_persons.is_empty() {
            return Ok(SealedPins::default());
        }
        let sealed = match self.pepper.take() {
            Some(sealed) => sealed,
            None => self.sealing_key.seal(pepper.bytes(), &pepper_binding(self.agent))?,
        };
        self.pepper = Some(sealed.clone());
        Ok(SealedPins { pepper: sealed, of_persons })
    }

    /// Doors of the newest bundle, at first those when the agent linked.
    pub(super) fn doors(&self) -> &BTreeSet<DoorId> {
        &self.doors
    }

    /// Whether the newest bundle lacks keys of cards.
    pub(super) fn is_incomplete(&self) -> bool {
        self.cards.as_ref().is_some_and(CardSealer::is_incomplete)
    }
}

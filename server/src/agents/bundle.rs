//! What an agent decides by when alone: its cut of the rules, and the templates of the people in it, sealed to its key.

use std::collections::{BTreeSet, HashMap};

use access_core::canonical;
use access_core::ids::{AgentId, DoorId, FingerId, TenantId};
use access_core::policy::Policy;
use access_core::protocol::{Bundle, SealedTemplate, SecretBytes, SignedBundle, TemplateContent, template_binding};
use anyhow::Context as _;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeS, Serializable as _};
use uuid::Uuid;

use super::card_secrets::CardSealer;
use super::store;
use crate::cards;
use crate::clock;
use crate::state::AppState;
use crate::vault;

/// How long an agent may decide alone without a newer bundle, in seconds: 24 hours.
pub const AGE_MAX_S: u32 = 24 * 60 * 60;
/// What HPKE's key schedule is bound to.
const HPKE_INFO: &[u8] = b"pforte template 1";

/// An agent's key that things are sealed to.
pub(super) type SealingKey = <X25519HkdfSha256 as Kem>::PublicKey;

/// Seals bytes to an agent: HPKE's encapsulated key, then the ciphertext.
pub(super) fn seal_to(key: &SealingKey, plain: &[u8], binding: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (encapsulated, ciphertext) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        key,
        HPKE_INFO,
        plain,
        binding,
    )
    .map_err(|error| anyhow::anyhow!("{error}"))
    .context("can't seal to an agent")?;
    Ok([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
}

/// Makes one agent's bundles. Keeps sealed templates: sealing costs more than all the rest, and a finger's never changes.
pub(super) struct Bundler {
    tenant: TenantId,
    agent: AgentId,
    sealing_key: SealingKey,
    sealed: HashMap<FingerId, SealedTemplate>,
    /// None after cards could not be sealed: begun anew.
    cards: Option<CardSealer>,
    /// Number of the newest bundle.
    sequence: i64,
    /// Doors of the newest bundle, at first those when it linked.
    doors: BTreeSet<DoorId>,
}

impl Bundler {
    /// Bundles for an agent with this key, which controls these doors now.
    pub(super) fn new(
        tenant: TenantId,
        agent: AgentId,
        sealing_key: &[u8],
        doors: BTreeSet<DoorId>,
    ) -> anyhow::Result<Self> {
        let sealing_key =
            SealingKey::from_bytes(sealing_key).map_err(|error| anyhow::anyhow!("an agent's sealing key: {error}"))?;
        Ok(Self { tenant, agent, sealing_key, sealed: HashMap::new(), cards: None, sequence: 0, doors })
    }

    /// The bundle of these rules.
    pub(super) async fn make(&mut self, state: &AppState, policy: &Policy) -> anyhow::Result<SignedBundle> {
        let mut tx = state.db.begin_vault(self.tenant, None).await?;
        let doors: BTreeSet<_> = store::doors(&mut tx, self.tenant, self.agent).await?.into_iter().collect();
        let rows = policy.for_doors(&doors);
        self.doors = doors;
        let persons: Vec<Uuid> =
            rows.persons.iter().filter(|person| person.has_finger).map(|person| person.id.into()).collect();
        let known: Vec<Uuid> = self.sealed.keys().map(|finger| finger.as_uuid()).collect();
        let kept = vault::store::fingers_with_template(&mut tx, self.tenant, &persons).await?;
        self.sealed.retain(|finger, _| kept.contains(&finger.as_uuid()));
        let missing: Vec<Uuid> = kept.iter().copied().filter(|finger| !known.contains(finger)).collect();
        for open in vault::templates_of(&state.keys, &mut tx, &missing).await? {
            let template = self.seal(&open)?;
            self.sealed.insert(open.finger, template);
        }
        let cards = match self.cards.take() {
            Some(cards) => cards,
            None => CardSealer::new(self.tenant, self.agent, &self.sealing_key)?,
        };
        let found = cards.find(state, &mut tx, &rows).await?;
        drop(tx);
        let (mut cards, card_secrets) = cards.seal(state, found).await?;
        let mut tx = state.db.begin(self.tenant, None).await?;
        // Before they are sent: what a stolen agent gives away must be known.
        cards::store::note_held(&mut tx, self.tenant, self.agent, cards.unnoted()).await?;
        let sequence = store::next_bundle(&mut tx, self.tenant, self.agent, self.sequence).await?;
        tx.commit().await?;
        cards.noted();
        self.cards = Some(cards);
        self.sequence = sequence;
        let mut templates: Vec<SealedTemplate> = self.sealed.values().cloned().collect();
        templates.sort_by_key(|template| template.finger);
        let bundle = Bundle {
            installation: state.installation.id,
            mode: state.installation.mode,
            agent: self.agent,
            sequence: sequence.try_into()?,
            signed_at: clock::unix_ms(clock::now()),
            age_max_s: AGE_MAX_S,
            card_key: SecretBytes(state.keys.card_key(self.tenant).bytes().to_vec()),
            policy: rows,
            templates,
            cards: card_secrets,
        };
        Ok(SignedBundle::sign(&bundle, &state.keys.policy_key()))
    }

    fn seal(&self, open: &vault::OpenTemplate) -> anyhow::Result<SealedTemplate> {
        let binding = template_binding(self.agent, open.person, open.finger);
        let content = TemplateContent { is_duress: open.is_duress, template: SecretBytes(open.template.to_vec()) };
        let content = zeroize::Zeroizing::new(canonical::encode(&content));
        let sealed = seal_to(&self.sealing_key, &content, &binding)?;
        Ok(SealedTemplate { finger: open.finger, person: open.person, sensor_type: open.sensor_type.clone(), sealed })
    }

    /// Doors of the newest bundle, at first those when the agent linked.
    pub(super) fn doors(&self) -> &BTreeSet<DoorId> {
        &self.doors
    }

    /// Length of a bundle's message, to see that it can be sent.
    pub(super) fn bytes(bundle: &SignedBundle) -> usize {
        canonical::encode(bundle).len()
    }
}

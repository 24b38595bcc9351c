//! What an agent's bundle carries of cards that prove themselves, and of templates that lie on them: the reading keys of the cards
//! that may use its doors, each sealed under a key that is sealed to the agent. Never a master key, never the keys that write.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use access_core::canonical;
use access_core::ids::{AgentId, FingerId, PersonId, TenantId};
use access_core::policy::{CardToken, PolicyRows};
use access_core::protocol::{
    CardApplication, CardKeyRole, CardSecrets, ReadingKeys, SealedCard, SealedTemplateKey, SecretBytes, TemplateKey,
    card_binding, content_key_binding, template_key_binding,
};
use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cards;
use crate::cards::store::BundleChip;
use crate::clock;
use crate::db::TenantTx;
use crate::keys::cards::{Masters, application, card_key};
use crate::keys::{CardKeyError, CardKeySource, Key, Keys, SealingKey};
use crate::state::AppState;
use crate::vault;

/// Seals cards for one agent, under a content key of its own for as long as the agent is linked. Keeps what is sealed: most cards
/// are in one bundle as they were in the one before.
pub(super) struct CardSealer {
    tenant: TenantId,
    agent: AgentId,
    key: Key,
    /// The same, sealed to the agent.
    content_key: Vec<u8>,
    cards: HashMap<Uuid, Kept>,
    /// By person: SHA-256 of what was sealed, in which a random key of 256 bits is, and what it was sealed to.
    template_keys: HashMap<PersonId, ([u8; 32], SealedTemplateKey)>,
    /// Versions of reading keys that are sealed, by their card's UID, and of which it is not written down yet that the agent gets them.
    unnoted: Vec<(CardToken, u8)>,
    /// Whether the agent has the cards of an earlier bundle by this key.
    has_sealed: bool,
    /// Some key is not in the newest bundle, since it was not to be had.
    is_incomplete: bool,
}

/// A sealed card, and what it was sealed of: kept, so that a module that is away keeps no rule from an agent that has its cards.
struct Kept {
    keys: Vec<(u8, SecretBytes)>,
    versions: Vec<u8>,
    sealed: SealedCard,
}

impl Kept {
    fn is_of(&self, chip: &BundleChip) -> bool {
        let SealedCard { uid, card, messaging, keys } = &self.sealed;
        (uid, card, messaging, keys.is_none()) == (&chip.uid, &chip.card, &chip.chip.messaging, chip.is_missing)
            && self.versions == chip.chip.versions()
    }
}

/// What is read of the database for a bundle, to be sealed without it.
pub(super) struct Found {
    /// None: the tenant has no such cards.
    masters: Option<Masters>,
    chips: Vec<BundleChip>,
    /// UIDs of those that are to be sealed, still sealed themselves.
    uids: Vec<vault::store::SealedCardUid>,
    /// With the fingers that may lie on a card of theirs.
    template_keys: Vec<(PersonId, Key, Vec<FingerId>)>,
}

impl CardSealer {
    pub(super) fn new(tenant: TenantId, agent: AgentId, sealing_key: &SealingKey) -> anyhow::Result<Self> {
        let key = Key::random()?;
        let content_key = sealing_key.seal(key.bytes(), &content_key_binding(agent))?;
        Ok(Self {
            tenant,
            agent,
            key,
            content_key,
            cards: HashMap::new(),
            template_keys: HashMap::new(),
            unnoted: Vec::new(),
            has_sealed: false,
            is_incomplete: false,
        })
    }

    /// Reads what these rules need.
    pub(super) async fn find(&self, state: &AppState, tx: &mut TenantTx, rows: &PolicyRows) -> anyhow::Result<Found> {
        if !cards::store::are_there_any(tx, self.tenant).await? {
            return Ok(Found { masters: None, chips: Vec::new(), uids: Vec::new(), template_keys: Vec::new() });
        }
        let own = rows.credentials.iter().map(|card| card.id.as_uuid());
        let ids: Vec<Uuid> = own.chain(rows.missing_cards.iter().map(|card| card.id.as_uuid())).collect();
        let chips = cards::store::for_bundle(tx, self.tenant, &ids).await?;
        let is_kept = |chip: &BundleChip| self.cards.get(&chip.credential).is_some_and(|kept| kept.is_of(chip));
        let new = chips.iter().filter(|chip| !chip.is_missing && !is_kept(chip)).map(|chip| chip.credential);
        let uids = vault::cards::sealed_uids(tx, &new.collect::<Vec<_>>()).await?;
        let persons: Vec<Uuid> = rows.persons.iter().map(|person| person.id.as_uuid()).collect();
        let fingers = cards::store::fingers_on_cards(tx, self.tenant, &persons).await?;
        let with_finger: Vec<Uuid> = fingers.iter().map(|(person, _)| *person).collect();
        let mut fingers: HashMap<Uuid, Vec<Uuid>> = fingers.into_iter().collect();
        let template_keys = vault::cards::template_keys(&state.keys, tx, &with_finger).await?;
        let with_fingers = |(person, key): (PersonId, Key)| {
            let of_person = fingers.remove(&person.as_uuid()).unwrap_or_default();
            (person, key, of_person.into_iter().map(FingerId::from_uuid).collect())
        };
        let template_keys = template_keys.into_iter().map(with_fingers).collect();
        // A version that cards are only to get may be new: doors know their next keys before they have them.
        let versions = chips.iter().filter(|chip| !chip.is_missing).flat_map(|chip| chip.chip.versions());
        let versions: BTreeSet<u8> = versions.collect();
        let masters = match cards::masters::provide(&state.card_keys, tx, self.tenant, versions, clock::now()).await {
            Err(error) if error.is::<CardKeyError>() => {
                tracing::warn!(tenant = %self.tenant, error = format!("{error:#}"), "a new version of card keys is not to be had");
                cards::masters::known(&state.card_keys, tx, self.tenant).await?
            }
            masters => masters?,
        };
        Ok(Found { masters: Some(masters), chips, uids, template_keys })
    }

    /// Seals what is new, on a thread that may wait for the keys' holder, and gives all of it. What was sealed before stays so if
    /// that fails: the next bundle needs it, and may have to do without the keys' holder.
    pub(super) async fn seal(
        mut self,
        state: &AppState,
        found: Found,
    ) -> anyhow::Result<(Self, anyhow::Result<CardSecrets>)> {
        let keys = Arc::clone(&state.keys);
        let application = application(state.installation.id, self.tenant);
        let work = move || {
            let sealed = self.seal_at_once(&keys, application, found);
            (self, sealed)
        };
        Ok(tokio::task::spawn_blocking(work).await?)
    }

    fn seal_at_once(&mut self, keys: &Keys, application: CardApplication, found: Found) -> anyhow::Result<CardSecrets> {
        let Found { masters, chips, uids, template_keys } = found;
        let Some(masters) = masters else {
            self.cards.clear();
            self.template_keys.clear();
            return Ok(CardSecrets::default());
        };
        let uids: HashMap<Uuid, vault::store::SealedCardUid> =
            uids.into_iter().map(|row| (row.credential_id, row)).collect();
        let mut cards = HashMap::with_capacity(chips.len());
        let mut order = Vec::with_capacity(chips.len());
        self.is_incomplete = false;
        for chip in &chips {
            let before = self.cards.remove(&chip.credential);
            let kept = match before {
                Some(kept) if kept.is_of(chip) => kept,
                _ if chip.is_missing => missing(chip),
                // Of somebody who was erased meanwhile.
                before => match uids.get(&chip.credential) {
                    Some(row) => {
                        let uid = vault::cards::open_uid(keys, self.tenant, row);
                        let sealed = uid.and_then(|uid| self.sealed(&masters, &application, chip, &uid, before));
                        match sealed {
                            Ok(Some(kept)) => kept,
                            Ok(None) => continue,
                            Err(error) => {
                                self.cards.extend(cards);
                                return Err(error);
                            }
                        }
                    }
                    None => continue,
                },
            };
            order.push(chip.credential);
            cards.insert(chip.credential, kept);
        }
        self.cards = cards;
        self.has_sealed = true;
        let template_keys = self.sealed_template_keys(template_keys)?;
        let cards: Vec<SealedCard> =
            order.iter().filter_map(|id| self.cards.get(id)).map(|kept| kept.sealed.clone()).collect();
        let is_empty = cards.is_empty() && template_keys.is_empty();
        let content_key = if is_empty { Vec::new() } else { self.content_key.clone() };
        Ok(CardSecrets { application: Some(application), content_key, cards, template_keys })
    }

    /// Template keys with their holders' fingers, each as it was sealed before if it is the same: what does not change is the same
    /// bytes, and no part of a delta. Whatever is sealed anew, is so under a nonce of its own.
    fn sealed_template_keys(
        &mut self,
        found: Vec<(PersonId, Key, Vec<FingerId>)>,
    ) -> anyhow::Result<Vec<SealedTemplateKey>> {
        let mut before = std::mem::take(&mut self.template_keys);
        let mut sealed = Vec::with_capacity(found.len());
        for (person, key, fingers) in found {
            let content = TemplateKey { key: SecretBytes(key.bytes().to_vec()), fingers };
            let content = Zeroizing::new(canonical::encode(&content));
            // A key that was destroyed and made anew is not told from the one before but by its bytes.
            let digest: [u8; 32] = Sha256::digest(&*content).into();
            let kept = match before.remove(&person).filter(|(known, _)| *known == digest) {
                Some(kept) => kept,
                None => {
                    let bytes = self.key.seal_for_others(&template_key_binding(self.agent, person), &content)?;
                    (digest, SealedTemplateKey { person, sealed: bytes })
                }
            };
            sealed.push(kept.1.clone());
            self.template_keys.insert(person, kept);
        }
        Ok(sealed)
    }

    /// Keys that are not to be had for the moment are left out where that takes nothing from the agent: if it has its cards from a
    /// bundle before, or no card can have them yet. None if nothing is left of this card.
    fn sealed(
        &mut self,
        source: &dyn CardKeySource,
        application: &CardApplication,
        chip: &BundleChip,
        uid: &vault::cards::OpenUid,
        before: Option<Kept>,
    ) -> anyhow::Result<Option<Kept>> {
        let bytes = uid.uid.as_slice().try_into().context("the UID of a card with a chip")?;
        let before = before.filter(|kept| kept.sealed.uid == chip.uid).map_or(Vec::new(), |kept| kept.keys);
        let wanted = chip.chip.versions();
        let mut keys = Vec::with_capacity(wanted.len());
        for version in wanted {
            let known = before.iter().find(|(known, _)| *known == version).map(|(_, key)| key.clone());
            let key = match known {
                Some(key) => key,
                None => match card_key(source, self.tenant, application, bytes, (CardKeyRole::Reading, version)) {
                    Ok(key) => key.key,
                    Err(_) if self.has_sealed || !chip.chip.may_have(version) => {
                        self.is_incomplete = true;
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                },
            };
            keys.push((version, key));
        }
        if keys.is_empty() {
            return Ok(None);
        }
        let versions: Vec<u8> = keys.iter().map(|(version, _)| *version).collect();
        self.unnoted.extend(versions.iter().map(|version| (chip.uid, *version)));
        let plain = Zeroizing::new(canonical::encode(&ReadingKeys { keys: keys.clone() }));
        let (uid, card, messaging) = (chip.uid, chip.card, chip.chip.messaging);
        let binding = card_binding(self.agent, &uid, &card, messaging);
        let sealed = self.key.seal_for_others(&binding, &plain)?;
        Ok(Some(Kept { keys, versions, sealed: SealedCard { uid, card, messaging, keys: Some(sealed) } }))
    }

    /// Versions of reading keys to be written down as the agent's before it is sent them.
    pub(super) fn unnoted(&self) -> &[(CardToken, u8)] {
        &self.unnoted
    }

    /// Whether the newest bundle lacks keys of cards, which may be to be had soon.
    pub(super) fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }

    /// They are written down.
    pub(super) fn noted(&mut self) {
        self.unnoted.clear();
    }
}

/// A card that is lost or stolen: found by its UID, and nothing else of it is told.
fn missing(chip: &BundleChip) -> Kept {
    let (uid, card, messaging) = (chip.uid, chip.card, chip.chip.messaging);
    Kept { keys: Vec::new(), versions: chip.chip.versions(), sealed: SealedCard { uid, card, messaging, keys: None } }
}

//! One DESFire card read at a door, as long as it takes over the air: the driver's own conversations with the twin, which paces
//! itself as at 106 kbit/s with frames of 64 bytes. A reader and pcscd add their own, some tenth of a millisecond to each command;
//! what a card's chip takes to compute nobody publishes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use hardware::card::Uid;
use hardware::card::desfire::{
    AesKey, Application, ApplicationId, CardKeyChoice, CardTemplate, CardUid, CredentialNumber, Dialogue,
    DiversificationInput, Existing, KeyRole, KeyUnavailable, KeyVersion, KeysBefore, Plan, ReadOrder, SystemId,
    diversify, identify, personalise,
};
use hardware::card::virtual_card::{FieldCard as _, Reaction};
use hardware::card::virtual_desfire::{Content, Model, Twin, exchange_time};

use super::{Figure, Samples, ms};

const UID: [u8; 7] = [0x04, 0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6];
/// Bytes of a frame that reader and card take.
const FRAME_BYTES: u16 = 64;
/// What lies on the card: a template of an R503 (1,536 bytes), sealed and named.
const TEMPLATE_BYTES: usize = 1_640;

/// Reads a card so many times: until it is known whose it is, and from there until its template is read.
pub fn run(count: usize) -> anyhow::Result<Vec<Figure>> {
    let site = Site::new()?;
    let mut card = Twin::new(Content::factory(UID, Model::default()), Box::new(|into| into.fill_with(rand::random)));
    card.power();
    hold(personalise(site.plan()?, keys, Box::new(rand::random)), &mut card, |_, _| Duration::ZERO)??;
    let (mut proved, mut read) = (Samples::default(), Samples::default());
    let pace = |command, answer| exchange_time(command, answer, FRAME_BYTES);
    for _ in 0..count {
        card.power();
        let began = Instant::now();
        let identified = hold(identify(site.read_order(), Box::new(rand::random)), &mut card, pace)??;
        proved.push(ms(began.elapsed()));
        let began = Instant::now();
        let template = hold(identified.read_template(), &mut card, pace)??.context("no template on the card")?;
        read.push(ms(began.elapsed()));
        ensure!(template.as_bytes().len() == TEMPLATE_BYTES, "the template was cut");
    }
    Ok(vec![
        Figure::plain("card.desfire_auth_ms", proved.median()?, "ms"),
        Figure::plain("card.template_read_ms", read.median()?, "ms"),
    ])
}

/// Holds a conversation; no exchange is faster than its pace.
fn hold<T>(dialogue: Dialogue<'_, T>, card: &mut Twin, pace: impl Fn(usize, usize) -> Duration) -> anyhow::Result<T> {
    dialogue.hold(|command| {
        let began = Instant::now();
        let Reaction::Answer(answer) = card.react(command) else { bail!("the twin does not answer") };
        #[expect(clippy::disallowed_methods, reason = "the air is slow; nothing else goes on here")]
        std::thread::sleep(pace(command.len(), answer.len()).saturating_sub(began.elapsed()));
        Ok(answer)
    })
}

/// A site with one card.
struct Site {
    application: Application,
    version: KeyVersion,
    key: AesKey,
}

impl Site {
    fn new() -> anyhow::Result<Self> {
        let id = ApplicationId::new([0xF4, 0x0F, 0x7E]).context("an application")?;
        let application = Application { id, system: SystemId::new(b"a site")? };
        let version = KeyVersion::new(1).context("a version")?;
        let uid = CardUid::new(&UID).context("a UID")?;
        let input = DiversificationInput::new(&uid, id, &application.system, KeyRole::Reading);
        Ok(Self { application, version, key: keys(KeyRole::Reading, version, &input)? })
    }

    fn plan(&self) -> anyhow::Result<Plan> {
        Ok(Plan {
            seen: Uid::new(&UID)?,
            application: self.application.clone(),
            version: self.version,
            credential: CredentialNumber::new([0xC1; 16]).context("a number")?,
            template: CardTemplate::new(vec![0x5A; TEMPLATE_BYTES]),
            template_bytes_max: TEMPLATE_BYTES,
            keys_before: KeysBefore::Any,
            card_key: CardKeyChoice::Diversify,
            existing: Existing::Refuse,
            is_ev1_allowed: false,
        })
    }

    fn read_order(&self) -> ReadOrder {
        let keys = vec![(self.version, self.key.clone())];
        ReadOrder { application: self.application.id, keys, is_ev1_allowed: false }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "who has a master key has every key")]
fn keys(_role: KeyRole, _version: KeyVersion, input: &DiversificationInput) -> Result<AesKey, KeyUnavailable> {
    Ok(diversify(&AesKey::new([0xB1; 16]), input))
}

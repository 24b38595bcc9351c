//! The desk where the demo's many people were enrolled: a station without devices, played over the agents' own link, so
//! that cards and fingers come into the rules by the way they always do.

use access_core::event::{EpochCause, Event};
use access_core::ids::PersonId;
use access_core::protocol::{AgentKind, CardKind, CardMessaging, CardTask, EnrolmentStep, FromAgent, SecretBytes};
use access_core::time::UnixMs;
use anyhow::{Context as _, bail, ensure};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::{predecessor, retire};
use crate::plant::Plant;
use crate::recorder::{Recorder, RecorderLink};
use crate::rules;
use crate::staff::now_s;

/// From when on the cards are good: long before the day that is told.
const CARDS_FROM: &str = "2026-01-05T08:00:00Z";
/// Length of a template that no sensor will ever be asked to compare, in bytes.
const TEMPLATE_BYTES: usize = 512;
/// Kind of sensor that the templates are said to be of.
const SENSOR_TYPE: &str = "zfm";
const QUALITY: u8 = 88;
/// What is free on a card that was written, in bytes.
const FREE_BYTES: u32 = 1_000;

/// A station that is linked.
pub(super) struct Desk<'a> {
    plant: &'a Plant,
    station: String,
    recorder: Recorder,
    link: RecorderLink,
    told: Vec<(UnixMs, Event)>,
}

impl<'a> Desk<'a> {
    /// Joins and connects it.
    pub(super) async fn open(plant: &'a Plant) -> anyhow::Result<Self> {
        let (recorder, station) = predecessor(plant, "Enrolment desk", AgentKind::Station).await?;
        let link = recorder.link().await?;
        let told = vec![(now()?, Event::EpochBegan { cause: EpochCause::Joined, previous: None })];
        Ok(Self { plant, station, recorder, link, told })
    }

    /// Gives a person the card with this UID; returns the credential's id.
    pub(super) async fn card(&mut self, person: &str, uid: [u8; 7], kind: CardKind) -> anyhow::Result<String> {
        let step = EnrolmentStep::CardPresented { uid: SecretBytes(uid.to_vec()), kind };
        let done = self.dialogue(person, json!("card"), step).await?;
        let id = crate::plant::id(&done["credential"])?;
        let version = done["credential"]["version"].as_i64().context("the card's version")?;
        backdate(self.plant, &id, version).await?;
        Ok(id)
    }

    /// Enrols a finger of a person who consented.
    pub(super) async fn finger(&mut self, person: &str, seed: u64) -> anyhow::Result<()> {
        let mut template = vec![0; TEMPLATE_BYTES];
        StdRng::seed_from_u64(seed).fill_bytes(&mut template);
        let step = EnrolmentStep::FingerRead {
            template: SecretBytes(template),
            sensor_type: SENSOR_TYPE.to_owned(),
            quality: QUALITY,
        };
        self.dialogue(person, json!({ "finger": { "position": "right_index" } }), step).await?;
        Ok(())
    }

    async fn dialogue(&mut self, person: &str, want: Value, step: EnrolmentStep) -> anyhow::Result<Value> {
        let body = json!({ "station_id": self.station, "person_id": person, "want": want });
        let started = match self.plant.staff.post("/enrolments", body.clone()).await {
            // On a slow machine what was made since the last dialogue took longer than the server bears silence.
            Err(error) if error.to_string().contains("station_offline") => {
                self.link = self.recorder.link().await?;
                self.plant.staff.post("/enrolments", body).await?
            }
            started => started?,
        };
        let started = crate::plant::id(&started)?;
        let order = self.link.order().await?;
        let is_written = matches!(step, EnrolmentStep::CardPresented { kind, .. } if kind != CardKind::UidOnly);
        self.link.send(&FromAgent::EnrolmentStep { enrolment: order.id, step }).await?;
        if is_written {
            // Nobody will hold it anywhere: it is said to have become what it was to become.
            let CardTask::Write { version, .. } = self.link.card_work().await?.task else {
                bail!("a new card is not to be written");
            };
            let step = EnrolmentStep::CardWritten { version, messaging: CardMessaging::Ev2, free_bytes: FREE_BYTES };
            self.link.send(&FromAgent::EnrolmentStep { enrolment: order.id, step }).await?;
        }
        let done = self.plant.enrolment_result(&started).await?;
        ensure!(done["step"] == "done", "{person} was not enrolled: {done}");
        let (enrolment, person): (_, PersonId) = (order.id, order.person);
        self.told.push((now()?, Event::EnrolmentEnded { enrolment, person, was_completed: true }));
        Ok(done)
    }

    /// Hands in what was recorded and puts the station out of use: today's is another.
    pub(super) async fn close(mut self) -> anyhow::Result<()> {
        let told = std::mem::take(&mut self.told);
        let records: Vec<_> = told.into_iter().map(|(at, event)| self.recorder.record(at, event)).collect();
        self.link.deliver(&records).await?;
        drop(self.link);
        let mut database = rules::database(self.plant).await?;
        let tenant = rules::tenant(&mut database, &self.plant.staff.account.tenant).await?;
        rules::forget_card_keys(&mut database, tenant, &self.station).await?;
        retire(self.plant, &self.station).await
    }
}

fn now() -> anyhow::Result<UnixMs> {
    Ok(UnixMs(i64::try_from(now_s())? * 1000))
}

/// Lets a card that was just enrolled be good since long ago.
pub(super) async fn backdate(plant: &Plant, card: &str, version: i64) -> anyhow::Result<()> {
    let period = json!({ "valid_from": CARDS_FROM, "valid_until": null, "reason": "its day of history begins before it was enrolled" });
    plant.staff.patch_version(&format!("/credentials/{card}"), version, period).await?;
    Ok(())
}

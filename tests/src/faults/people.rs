//! The load: at every door somebody comes all the time, with a card that may pass or not; staff give and take grants and
//! release doors. All of it goes on whatever breaks; what is done is told to the [`Model`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hardware::door_io::Light;
use hardware::world::{Client as Twins, DoorState, Order, Watch};
use serde_json::json;
use tokio::sync::watch;

use super::model::{Model, Span, now_ms};
use super::plan::Dice;
use super::site::{Holder, PERSONS, Site, WITH_FINGER, card};
use crate::plant::Plant;
use crate::rules;
use crate::staff::Staff;

/// Longest wait of somebody at a door for anything to happen.
const PATIENCE: Duration = Duration::from_millis(2_500);
/// Pause before what failed is tried again: a server that starts, a database.
const AGAIN: Duration = Duration::from_millis(200);

/// Whether the load goes on; ends what follows it once it does not.
pub type GoesOn = watch::Receiver<bool>;

/// Somebody at a door.
struct Visitor {
    model: Arc<Model>,
    door: usize,
    name: &'static str,
    world: PathBuf,
    twins: Twins,
    dice: Dice,
}

/// People at a door until it is over. What a world refuses (a card service that is away, a door that is locked) is part of
/// the load.
pub async fn at_door(
    site: &Site,
    door: usize,
    dice: Dice,
    goes_on: GoesOn,
) -> anyhow::Result<impl Future<Output = ()> + use<>> {
    let name = site.model.doors[door].name;
    let (world, twins) = (site.world(), site.twins().await?);
    let mut visitor = Visitor { model: site.model.clone(), door, name, world, twins, dice };
    Ok(async move {
        while *goes_on.borrow() {
            let pause = Duration::from_millis(visitor.dice.between(50, 600));
            tokio::time::sleep(pause).await;
            if visitor.model.doors[door].is_left_by_system && visitor.dice.one_in(8) {
                visitor.leaves().await;
            } else {
                visitor.comes().await;
            }
        }
    })
}

impl Visitor {
    /// Tells what begins or ends at the door.
    fn tell(&self, which: impl FnOnce(&mut super::model::AtDoor)) {
        self.model.see(|seen| which(&mut seen.doors[self.door]));
    }

    async fn comes(&mut self) {
        let Some(decides) = self.comes_to_rest().await else { return };
        // A stranger now and then: more of them, and the reader would be locked.
        let number = if self.dice.one_in(12) { PERSONS } else { self.dice.below(PERSONS) };
        let held = card(self.name, number);
        let finger = (self.name == WITH_FINGER).then(|| match self.dice.one_in(5) {
            true => card(self.name, self.dice.below(PERSONS)),
            false => card(self.name, number.min(PERSONS - 1)),
        });
        if let Some(finger) = &finger {
            let span = Span { what: finger.clone(), from: now_ms(), to: None };
            self.tell(|at| at.fingers.push(span));
            let _ = self.twins.finger(self.name, finger).await;
        }
        let span = Span { what: held.clone(), from: now_ms(), to: None };
        self.tell(|at| (at.is_awaited, _) = (true, at.cards.push(span)));
        // Looked at anew: what was heard of the door before may be long over. Some come while it is released already.
        let is_released = match self.twins.tap(self.name, &held).await {
            Ok(()) => self.is_released(decides).await,
            Err(_) => false,
        };
        let name = self.name;
        self.tell(|at| at.is_awaited = false);
        if is_released && !self.dice.one_in(4) {
            let _ = self.twins.push(name).await;
        }
        let _ = self.twins.remove(name).await;
        if finger.is_some() {
            let _ = self.twins.lift(name).await;
        }
        let now = now_ms();
        let end = |spans: &mut Vec<Span>| {
            if let Some(last) = spans.last_mut() {
                last.to.get_or_insert(now);
            }
        };
        self.tell(|at| (end(&mut at.cards), end(&mut at.fingers)).0);
    }

    /// Waits until the door is at rest, mostly.
    async fn comes_to_rest(&mut self) -> Option<Watch> {
        let mut watch = Twins::connect(&self.world).await.ok()?.watch().await.ok()?;
        if !self.dice.one_in(5) {
            let name = self.name;
            let is_at_rest = |door: &DoorState| !door.view.is_energised && door.view.light != Light::Red;
            let at_rest = watch.until(|world| world.door(name).is_some_and(is_at_rest));
            let _ = tokio::time::timeout(PATIENCE, at_rest).await;
        }
        Some(watch)
    }

    /// Waits for what the door says; whether it is released.
    async fn is_released(&self, mut watch: Watch) -> bool {
        let name = self.name;
        let is_decided = |door: &DoorState| door.view.is_energised || door.view.light == Light::Red;
        let decided = watch.until(|world| world.door(name).is_some_and(is_decided));
        match tokio::time::timeout(PATIENCE, decided).await {
            Ok(Ok(world)) => world.door(name).is_some_and(|door| door.view.is_energised),
            _ => false,
        }
    }

    async fn leaves(&mut self) {
        let span = Span { what: "exit".to_owned(), from: now_ms(), to: None };
        self.tell(|at| at.exits.push(span));
        let order = |pressed| Order::Rex { door: self.name.to_owned(), pressed };
        let (press, release) = (order(true), order(false));
        let _ = self.twins.order(&press).await;
        tokio::time::sleep(Duration::from_millis(self.dice.between(100, 900))).await;
        let _ = self.twins.push(self.name).await;
        let _ = self.twins.order(&release).await;
        let now = now_ms();
        self.tell(|at| at.exits.iter_mut().for_each(|exit| _ = exit.to.get_or_insert(now)));
    }
}

/// Keeps the model told of every leaf.
pub async fn leaves(site: &Site) -> anyhow::Result<impl Future<Output = ()> + use<>> {
    let (model, mut watch) = (site.model.clone(), site.twins().await?.watch().await?);
    Ok(async move {
        loop {
            let world = watch.state();
            let open: Vec<bool> =
                model.doors.iter().map(|door| world.door(door.name).is_some_and(|door| door.view.is_open)).collect();
            model.see(|seen| seen.doors.iter_mut().zip(open).for_each(|(at, is_open)| at.is_open = is_open));
            if watch.changed().await.is_err() {
                return;
            }
        }
    })
}

/// Staff who change who may pass, and release doors now and then, until it is over.
pub struct Desk {
    /// Who acts.
    pub staff: Staff,
    /// What is told.
    pub model: Arc<Model>,
    /// Who has cards.
    pub holders: Vec<Vec<Holder>>,
    /// The plant's Postgres.
    pub database: DatabasePlace,
    /// What is done when.
    pub dice: Dice,
}

/// Where a plant's Postgres is, without the plant.
#[derive(Debug, Clone)]
pub struct DatabasePlace {
    /// Folder of its socket.
    pub socket: PathBuf,
    /// Whose rules.
    pub tenant: access_core::ids::TenantId,
}

impl Desk {
    /// Works until it is over.
    pub async fn work(mut self, mut goes_on: GoesOn) {
        while *goes_on.borrow() {
            tokio::time::sleep(Duration::from_millis(self.dice.between(700, 2_500))).await;
            // What was asked for without an answer may be done by now: every version is to be known.
            self.knows_rules(&mut goes_on).await;
            if self.dice.one_in(3) {
                self.release().await;
            } else {
                self.changes_grant().await;
                self.knows_rules(&mut goes_on).await;
            }
        }
    }

    /// Nothing is changed before it is known what holds now.
    async fn knows_rules(&mut self, goes_on: &mut GoesOn) {
        let read = async {
            while self.reads_rules().await.is_err() {
                tokio::time::sleep(AGAIN).await;
            }
        };
        tokio::select! {
            () = read => {}
            _ = goes_on.wait_for(|goes_on| !goes_on) => {}
        }
    }

    async fn release(&mut self) {
        let door = self.dice.below(self.model.doors.len());
        let path = format!("/doors/{}/release", self.model.doors[door].id);
        let released = self.staff.post(&path, json!({ "reason": "a delivery" })).await;
        let command = released.as_ref().ok().and_then(|answer| answer["command_id"].as_str()?.parse().ok());
        self.model.see(|seen| match command {
            Some(command) => _ = seen.commands.insert(command),
            None => seen.commands_unsure += 1,
        });
    }

    async fn changes_grant(&mut self) {
        // Whoever lost a grant gets another soon: of readers that are locked for refusals nothing is learnt.
        let mut all: Vec<&mut Holder> = self.holders.iter_mut().flatten().collect();
        let without: Vec<usize> = (0..all.len()).filter(|place| all[*place].grant.is_none()).collect();
        let place = match without.is_empty() || self.dice.one_in(3) {
            true => self.dice.below(all.len()),
            false => without[self.dice.below(without.len())],
        };
        let holder = &mut *all[place];
        // Whether it was done is read from the rules afterwards, not from the answer.
        if let Some(grant) = &holder.grant {
            let why = json!({ "reason": "moved to another team" });
            if self.staff.post(&format!("/grants/{grant}/revoke"), why).await.is_ok() {
                holder.grant = None;
            }
        } else {
            holder.grant = Plant::grant_by(&self.staff, &holder.person, &holder.level).await.ok();
        }
    }

    async fn reads_rules(&mut self) -> anyhow::Result<()> {
        let mut db = rules::database_at(&self.database.socket).await?;
        let now = rules::read(&mut db, self.database.tenant).await?;
        for holder in self.holders.iter_mut().flatten() {
            let person = holder.person.parse().context("a person's id")?;
            let of = access_core::policy::Holder::Person(person);
            holder.grant = now.grants.iter().find(|grant| grant.holder == of).map(|grant| grant.id.to_string());
        }
        self.model.see(|seen| seen.rules.entry(now.version).or_insert((now_ms(), now)).0);
        Ok(())
    }
}

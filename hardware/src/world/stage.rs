//! The twins of a world, and what orders do to them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng as _;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::file::{check_name, parse_uid};
use super::order::{
    CardState, DoorState, FingerState, KeypadState, Order, PlaceState, ReaderState, Ring, SensorState, SensorWish,
    State,
};
use super::service::{CardService, fields};
use super::{
    CardFile, FingerFile, PlaceFile, WorldError, WorldFile, card_content, door_socket, keypad_pipe, sensor_line,
};
use crate::card::Uid;
use crate::card::virtual_card::{CardFault, FieldCard, Pace, Reaction, hold};
use crate::card::virtual_desfire::{Deed, Misdeed, Random, Twin, TwinError, exchange_time};
use crate::door_io::virtual_door::{DoorBuild, VirtualDoor};
use crate::finger::virtual_sensor::{SensorFault, VirtualSensor};
use crate::keypad::virtual_keypad::VirtualKeypad;

/// How often a card service that dies by itself is looked for. Orders are seen at once.
const SERVICE_LOOK: Duration = Duration::from_millis(500);
/// A reader is empty for so long between two cards: no hand is faster, and pcscd, which looks a few times a second, would
/// take the second card for the first.
const SWAP: Duration = Duration::from_millis(600);

/// Everything in a world. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    folder: Arc<Path>,
    readers: Arc<BTreeMap<String, Reader>>,
    sensors: Arc<BTreeMap<String, Sensor>>,
    keypads: Arc<BTreeMap<String, VirtualKeypad>>,
    doors: Arc<BTreeMap<String, Door>>,
    places: Arc<Vec<PlaceFile>>,
    things: Arc<Mutex<Things>>,
    service: Arc<Mutex<CardService>>,
    is_service_running: Arc<watch::Sender<bool>>,
    changes: Arc<watch::Sender<u64>>,
}

#[derive(Debug)]
struct Reader {
    field: std::net::SocketAddr,
    fault: watch::Sender<CardFault>,
    pace: Option<Pace>,
}

/// A card, and what it is made of.
#[derive(Debug, Clone)]
struct Card {
    name: String,
    label: String,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Uid(Uid),
    Desfire(Twin),
}

#[derive(Debug)]
struct Sensor {
    twin: VirtualSensor,
}

#[derive(Debug)]
struct Door {
    label: String,
    hint: Option<String>,
    has_rex: bool,
    is_rex_mechanical: bool,
    has_watched: bool,
    twin: VirtualDoor,
}

/// Cards and fingers, and where they are.
#[derive(Debug, Default)]
struct Things {
    cards: Vec<Card>,
    fingers: Vec<FingerFile>,
    /// By reader: card, and whoever holds it.
    held: BTreeMap<String, (String, AbortHandle)>,
    /// By reader: when a card was taken away last.
    emptied: BTreeMap<String, Instant>,
    /// By sensor: finger.
    placed: BTreeMap<String, String>,
}

impl Stage {
    pub(super) fn build(world: WorldFile, folder: &Path, service: CardService) -> Result<Self, WorldError> {
        let readers = world.reader.into_iter().zip(fields());
        let readers = readers.map(|(file, field)| {
            let pace = file.is_paced.then_some(in_small_frames as Pace);
            (file.name, Reader { field, fault: watch::channel(CardFault::None).0, pace })
        });
        let mut sensors = BTreeMap::new();
        for file in world.sensor {
            let line = sensor_line(folder, &file.name);
            let twin = VirtualSensor::plug(&line).map_err(WorldError::io(line.display().to_string()))?;
            sensors.insert(file.name, Sensor { twin });
        }
        let mut keypads = BTreeMap::new();
        for file in world.keypad {
            let pipe = keypad_pipe(folder, &file.name);
            let twin = VirtualKeypad::plug(&pipe).map_err(WorldError::io(pipe.display().to_string()))?;
            keypads.insert(file.name, twin);
        }
        let mut doors = BTreeMap::new();
        for file in world.door {
            let socket = door_socket(folder, &file.name);
            let build = DoorBuild {
                has_contact: file.has_contact,
                has_rex: file.rex,
                is_rex_mechanical: file.rex_is_mechanical,
                has_watched: file.watched,
                opens: Duration::from_millis(file.opens_ms),
                closes: file.closes_ms.map(Duration::from_millis),
            };
            let twin = VirtualDoor::hang(&socket, build).map_err(WorldError::io(socket.display().to_string()))?;
            let label = file.label.unwrap_or_else(|| file.name.clone());
            let (has_rex, is_rex_mechanical, has_watched) = (file.rex, file.rex_is_mechanical, file.watched);
            let hint = file.hint;
            doors.insert(file.name, Door { label, hint, has_rex, is_rex_mechanical, has_watched, twin });
        }
        let mut cards = Vec::new();
        for file in world.card {
            cards.push(Card::of(folder, file)?);
        }
        let things = Things { cards, fingers: world.finger, ..Things::default() };
        let stage = Self {
            folder: folder.into(),
            readers: Arc::new(readers.collect()),
            sensors: Arc::new(sensors),
            keypads: Arc::new(keypads),
            doors: Arc::new(doors),
            places: Arc::new(world.place),
            things: Arc::new(Mutex::new(things)),
            service: Arc::new(Mutex::new(service)),
            is_service_running: Arc::new(watch::channel(true).0),
            changes: Arc::new(watch::channel(0).0),
        };
        for sensor in stage.sensors.values() {
            tokio::spawn(forward(sensor.twin.watch(), stage.changes.clone()));
        }
        for keypad in stage.keypads.values() {
            tokio::spawn(forward(keypad.watch(), stage.changes.clone()));
        }
        for door in stage.doors.values() {
            tokio::spawn(forward(door.twin.watch(), stage.changes.clone()));
        }
        tokio::spawn(forward(stage.is_service_running.subscribe(), stage.changes.clone()));
        tokio::spawn(look_after(Arc::downgrade(&stage.service), stage.is_service_running.clone()));
        Ok(stage)
    }

    /// Carries an order out; the error is for people.
    pub(super) async fn obey(&self, order: Order) -> Result<(), String> {
        match order {
            Order::Tap { at, card } => self.tap(&at, &card).await?,
            Order::Remove { at } => {
                let (reader, _) = self.reader_at(&at)?;
                self.things().await.remove(reader);
            }
            Order::Finger { at, finger } => self.place_finger(&at, &finger).await?,
            Order::Lift { at } => {
                let (name, sensor) = self.sensor_at(&at)?;
                self.things().await.placed.remove(name);
                sensor.twin.place(None);
            }
            Order::Type { at, keys } => self.keypad_at(&at)?.press(&keys).map_err(|error| error.to_string())?,
            Order::Keypad { at, plugged: false } => self.keypad_at(&at)?.unplug(),
            Order::Keypad { at, plugged: true } => {
                self.keypad_at(&at)?.plug_again().map_err(|error| error.to_string())?;
            }
            Order::Push { door } => self.door(&door)?.twin.push().await.map_err(|error| error.to_string())?,
            Order::Close { door } => self.door(&door)?.twin.close(),
            Order::Force { door } => self.door(&door)?.twin.force(),
            Order::Rex { door, pressed } => {
                self.door(&door)?.twin.press_rex(pressed).map_err(|error| error.to_string())?;
            }
            Order::Tamper { door, tampered } => self.door(&door)?.twin.tamper(tampered),
            Order::Input { door, input, active } => {
                self.door(&door)?.twin.set_watched(input, active).map_err(|error| error.to_string())?;
            }
            Order::Sensor { at, fault } => wish(&self.sensor_at(&at)?.1.twin, fault)?,
            Order::Reader { at, fault } => {
                self.reader_at(&at)?.1.fault.send_replace(fault);
            }
            Order::KillPcscd {} => {
                self.service.lock().await.kill().await;
                self.is_service_running.send_replace(false);
            }
            Order::StartPcscd {} => {
                self.service.lock().await.start_again().await.map_err(|error| error.to_string())?;
                self.is_service_running.send_replace(true);
            }
            Order::AddCard { name, uid, label, desfire } => {
                check_name("card", &name)?;
                let uid = parse_uid(&uid).map_err(|problem| format!("card {name:?}: {problem}"))?;
                let file = CardFile { name, label, uid, desfire };
                if desfire.is_some() {
                    file.desfire_uid()?;
                }
                let mut things = self.things().await;
                things.refuse_taken(&file.name)?;
                things.cards.push(Card::of(&self.folder, file).map_err(|error| error.to_string())?);
            }
            Order::CopyCard { of, name, label } => {
                check_name("card", &name)?;
                let mut things = self.things().await;
                things.refuse_taken(&name)?;
                let content = things.desfire(&of)?.content().copied_without_keys(random());
                let twin = Twin::keep(content, &card_content(&self.folder, &name), random());
                let body = Body::Desfire(twin.map_err(|error| error.to_string())?);
                things.cards.push(Card { label: label.unwrap_or_else(|| name.clone()), name, body });
            }
            Order::Card { card, misdeed } => {
                let things = self.things().await;
                let twin = things.desfire(&card)?;
                match misdeed {
                    Some(Misdeed { at, deed: Deed::Swap { card: other } }) => {
                        twin.swap(at, &other, things.desfire(&other)?)
                    }
                    misdeed => twin.misbehave(misdeed),
                }
            }
            Order::AddFinger { name, seed, label } => {
                check_name("finger", &name)?;
                let mut things = self.things().await;
                if things.fingers.iter().any(|finger| finger.name == name) {
                    return Err(format!("there is a finger {name:?} already"));
                }
                things.fingers.push(FingerFile { name, label, seed });
            }
            Order::State {} | Order::Watch {} => {}
        }
        self.changes.send_modify(|change| *change += 1);
        Ok(())
    }

    /// How everything is.
    pub(super) async fn state(&self) -> State {
        let things = self.things().await;
        let label = |label: &Option<String>, name: &String| label.as_ref().unwrap_or(name).clone();
        let reader = |(name, reader): (&String, &Reader)| ReaderState {
            name: name.clone(),
            card: things.held.get(name).map(|(card, _)| card.clone()),
            fault: *reader.fault.borrow(),
        };
        let sensor = |(name, sensor): (&String, &Sensor)| {
            let view = *sensor.twin.watch().borrow();
            SensorState {
                name: name.clone(),
                finger: things.placed.get(name).cloned(),
                is_plugged: view.is_plugged,
                ring: Ring::of_number(view.ring),
                fault: match view.fault {
                    SensorFault::None => SensorWish::None,
                    SensorFault::MisreadNext => SensorWish::Misread,
                    SensorFault::Hang => SensorWish::Hang,
                    SensorFault::Garbage => SensorWish::Garbage,
                    SensorFault::CombinesAnything => SensorWish::CombinesAnything,
                    SensorFault::AlwaysMatches => SensorWish::AlwaysMatches,
                    SensorFault::KeepsTemplates => SensorWish::KeepsTemplates,
                },
            }
        };
        let keypad = |(name, keypad): (&String, &VirtualKeypad)| KeypadState {
            name: name.clone(),
            is_plugged: *keypad.watch().borrow(),
        };
        let door = |(name, door): (&String, &Door)| DoorState {
            name: name.clone(),
            label: door.label.clone(),
            hint: door.hint.clone(),
            has_rex: door.has_rex,
            is_rex_mechanical: door.is_rex_mechanical,
            has_watched: door.has_watched,
            view: door.twin.watch().borrow().clone(),
        };
        let place = |place: &PlaceFile| PlaceState {
            name: place.name.clone(),
            label: label(&place.label, &place.name),
            door: place.door.clone(),
            reader: place.reader.clone(),
            sensor: place.sensor.clone(),
            keypad: place.keypad.clone(),
        };
        let card = |card: &Card| {
            let misdeed = match &card.body {
                Body::Desfire(twin) => twin.misdeed(),
                Body::Uid(_) => None,
            };
            let is_desfire = matches!(card.body, Body::Desfire(_));
            CardState { name: card.name.clone(), label: card.label.clone(), is_desfire, misdeed }
        };
        let finger =
            |finger: &FingerFile| FingerState { name: finger.name.clone(), label: label(&finger.label, &finger.name) };
        State {
            readers: self.readers.iter().map(reader).collect(),
            sensors: self.sensors.iter().map(sensor).collect(),
            keypads: self.keypads.iter().map(keypad).collect(),
            doors: self.doors.iter().map(door).collect(),
            cards: things.cards.iter().map(card).collect(),
            fingers: things.fingers.iter().map(finger).collect(),
            places: self.places.iter().map(place).collect(),
            pcscd: *self.is_service_running.borrow(),
        }
    }

    /// Counts changes. Two that come at the same instant may be seen as one.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Takes everything away.
    pub(super) async fn strike_down(&self) {
        let mut things = self.things().await;
        for (_, (_, holder)) in std::mem::take(&mut things.held) {
            holder.abort();
        }
        self.service.lock().await.end().await;
    }

    async fn tap(&self, at: &str, card: &str) -> Result<(), String> {
        let (reader, twin) = self.reader_at(at)?;
        let mut things = self.things().await;
        let body = things.card(card)?.body.clone();
        let elsewhere = things.held.iter().find(|(_, (held, _))| held == card).map(|(reader, _)| reader.clone());
        if let Some(elsewhere) = elsewhere {
            things.remove(&elsewhere);
        }
        things.remove(reader);
        let empty_until = things.emptied.get(reader).map(|at| *at + SWAP);
        let (field, faults, pace) = (twin.field, twin.fault.subscribe(), twin.pace);
        let (stage, name) = (self.clone(), reader.to_owned());
        let holder = tokio::spawn(async move {
            if let Some(at) = empty_until {
                tokio::time::sleep_until(at).await;
            }
            hold(field, body, faults, pace).await;
            stage.left(&name).await;
        })
        .abort_handle();
        things.held.insert(reader.to_owned(), (card.to_owned(), holder));
        Ok(())
    }

    /// A card left the field of a reader by itself. To be called by whoever held it: nobody does, once another card lies
    /// there.
    async fn left(&self, reader: &str) {
        let mut things = self.things().await;
        let held_by = things.held.get(reader).map(|(_, holder)| holder.id());
        if held_by == tokio::task::try_id() {
            things.remove(reader);
            self.changes.send_modify(|change| *change += 1);
        }
    }

    async fn place_finger(&self, at: &str, finger: &str) -> Result<(), String> {
        let (name, sensor) = self.sensor_at(at)?;
        let mut things = self.things().await;
        let file = things.fingers.iter().find(|file| file.name == finger);
        let seed = file.ok_or_else(|| format!("there is no finger {finger:?}"))?.seed;
        let elsewhere = things.placed.iter().find(|(_, placed)| *placed == finger).map(|(sensor, _)| sensor.clone());
        if let Some(elsewhere) = elsewhere
            && elsewhere != name
        {
            things.placed.remove(&elsewhere);
            if let Some(sensor) = self.sensors.get(&elsewhere) {
                sensor.twin.place(None);
            }
        }
        things.placed.insert(name.to_owned(), finger.to_owned());
        sensor.twin.place(Some(seed));
        Ok(())
    }

    async fn things(&self) -> MutexGuard<'_, Things> {
        self.things.lock().await
    }

    fn place(&self, at: &str) -> Result<&PlaceFile, String> {
        let by_name = self.places.iter().find(|place| place.name == at);
        by_name
            .or_else(|| self.places.iter().find(|place| place.door.as_deref() == Some(at)))
            .ok_or_else(|| format!("there is no place {at:?}"))
    }

    fn reader_at(&self, at: &str) -> Result<(&str, &Reader), String> {
        let reader = self.place(at)?.reader.as_ref();
        let reader = reader.and_then(|reader| self.readers.get_key_value(reader));
        reader.map(|(name, reader)| (name.as_str(), reader)).ok_or_else(|| format!("there is no reader at {at:?}"))
    }

    fn sensor_at(&self, at: &str) -> Result<(&str, &Sensor), String> {
        let sensor = self.place(at)?.sensor.as_ref();
        let sensor = sensor.and_then(|sensor| self.sensors.get_key_value(sensor));
        sensor.map(|(name, sensor)| (name.as_str(), sensor)).ok_or_else(|| format!("there is no sensor at {at:?}"))
    }

    fn keypad_at(&self, at: &str) -> Result<&VirtualKeypad, String> {
        let keypad = self.place(at)?.keypad.as_ref();
        keypad.and_then(|keypad| self.keypads.get(keypad)).ok_or_else(|| format!("there is no keypad at {at:?}"))
    }

    fn door(&self, named: &str) -> Result<&Door, String> {
        let by_place = || self.places.iter().find(|place| place.name == named).and_then(|place| place.door.as_ref());
        let door = self.doors.get(named).or_else(|| by_place().and_then(|door| self.doors.get(door)));
        door.ok_or_else(|| format!("there is no door {named:?}"))
    }
}

impl Card {
    fn of(folder: &Path, file: CardFile) -> Result<Self, WorldError> {
        let body = match (file.desfire, file.desfire_uid()) {
            (Some(model), Ok(uid)) => {
                let failed = |error: TwinError| WorldError::Card(file.name.clone(), error);
                Body::Desfire(Twin::open(&card_content(folder, &file.name), uid, model, random()).map_err(failed)?)
            }
            // Whoever checked the file let no DESFire of another UID pass.
            _ => Body::Uid(file.uid),
        };
        Ok(Self { label: file.label.unwrap_or_else(|| file.name.clone()), name: file.name, body })
    }
}

impl FieldCard for Body {
    fn power(&mut self) {
        match self {
            Self::Uid(uid) => uid.power(),
            Self::Desfire(twin) => twin.power(),
        }
    }

    fn uid(&self) -> Vec<u8> {
        match self {
            Self::Uid(uid) => uid.uid(),
            Self::Desfire(twin) => twin.uid(),
        }
    }

    fn react(&mut self, command: &[u8]) -> Reaction {
        match self {
            Self::Uid(uid) => uid.react(command),
            Self::Desfire(twin) => twin.react(command),
        }
    }
}

impl Things {
    fn card(&self, name: &str) -> Result<&Card, String> {
        self.cards.iter().find(|card| card.name == name).ok_or_else(|| format!("there is no card {name:?}"))
    }

    fn desfire(&self, name: &str) -> Result<&Twin, String> {
        match &self.card(name)?.body {
            Body::Desfire(twin) => Ok(twin),
            Body::Uid(_) => Err(format!("card {name:?} is no DESFire")),
        }
    }

    fn refuse_taken(&self, name: &str) -> Result<(), String> {
        if self.card(name).is_ok() { Err(format!("there is a card {name:?} already")) } else { Ok(()) }
    }

    fn remove(&mut self, reader: &str) {
        if let Some((_, holder)) = self.held.remove(reader) {
            holder.abort();
            self.emptied.insert(reader.to_owned(), Instant::now());
        }
    }
}

fn random() -> Random {
    Box::new(|bytes| rand::rng().fill_bytes(bytes))
}

/// As readers of 64 bytes a frame exchange with cards.
fn in_small_frames(command_bytes: usize, answer_bytes: usize) -> Duration {
    exchange_time(command_bytes, answer_bytes, 64)
}

fn wish(sensor: &VirtualSensor, wish: SensorWish) -> Result<(), String> {
    match wish {
        SensorWish::None => sensor.misbehave(SensorFault::None),
        SensorWish::Misread => sensor.misbehave(SensorFault::MisreadNext),
        SensorWish::Hang => sensor.misbehave(SensorFault::Hang),
        SensorWish::Garbage => sensor.misbehave(SensorFault::Garbage),
        SensorWish::CombinesAnything => sensor.misbehave(SensorFault::CombinesAnything),
        SensorWish::AlwaysMatches => sensor.misbehave(SensorFault::AlwaysMatches),
        SensorWish::KeepsTemplates => sensor.misbehave(SensorFault::KeepsTemplates),
        SensorWish::Unplug => sensor.unplug(),
        SensorWish::Plug => sensor.plug_again().map_err(|error| error.to_string())?,
    }
    Ok(())
}

async fn forward<T>(mut view: watch::Receiver<T>, changes: Arc<watch::Sender<u64>>) {
    while view.changed().await.is_ok() {
        changes.send_modify(|change| *change += 1);
    }
}

/// Notices when the card service dies without being told to.
async fn look_after(service: std::sync::Weak<Mutex<CardService>>, is_running: Arc<watch::Sender<bool>>) {
    loop {
        tokio::time::sleep(SERVICE_LOOK).await;
        let Some(service) = service.upgrade() else { return };
        let now = service.lock().await.is_running();
        is_running.send_if_modified(|known| std::mem::replace(known, now) != now);
    }
}

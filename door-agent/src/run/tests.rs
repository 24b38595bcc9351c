//! The whole agent but for PC/SC: a small server over real TLS, a door twin behind its socket, a sensor twin behind a
//! pseudo-terminal, a journal on the disk. The tests play the server, the card and the person.

use std::path::PathBuf;

use access_core::attempt::{Assurance, Attempt, ClockTrust, Factor, FactorResult};
use access_core::chain;
use access_core::circumstances::Circumstances;
use access_core::event::{Commitment, Decision, Record, SetMode, StateChange};
use access_core::ids::FingerId;
use access_core::policy::{
    AccessLevel, Alone, AntiPassback, AreaRule, CardToken, CredentialRule, CredentialState, DoorMode, DoorRule, Exit,
    FactorDemand, Grant, Holder, LevelLine, ModeLine, PersonRule, Place as Where, PolicyRows, PolicyScope, Schedule,
    Sides, SiteRule, Span, ThreatLevelRule, TwoPerson, Window,
};
use access_core::protocol::{
    self, AgentKind, Bundle, BundleIndex, Command, CommandKind, EnrolmentOrder, EnrolmentStep, EnrolmentWant,
    FromAgent, FromServer, InstallationMode, SealedTemplate, SecretBytes, Standing, TemplateContent, template_binding,
};
use access_core::time::{Period, Zone};
use access_core::verdict::{Effect, Outcome, Reason, Verdict};
use access_core::{RULES_VERSION, UnixMs};
use ed25519_dalek::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use hardware::card::{ReadersError, Uid};
use hardware::door_io::DoorIoConfig;
use hardware::door_io::virtual_door::{DoorBuild, DoorView, VirtualDoor};
use hardware::finger::virtual_sensor::{SensorFault, VirtualSensor};
use hardware::finger::{BAUD_DEFAULT, Sensor};
use hardware::keypad::KeypadConfig;
use hardware::keypad::virtual_keypad::VirtualKeypad;
use hpke::{Deserializable as _, Kem as _, OpModeS, Serializable as _};
use rcgen::KeyPair;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};
use zeroize::Zeroizing;

use super::start::run_with;
use super::*;
use crate::config::{DoorConfig, SideConfig};
use crate::identity::tests::sample;
use crate::recorder::Entry;
use crate::testing::{SERVER_NAME, Server};

mod alone;
mod cards;
mod journal;
mod pin;
mod restart;
mod sensors;
mod station;
mod trials;

const WAIT: Duration = Duration::from_secs(60);
const UID: [u8; 4] = [1, 2, 3, 4];
const BENS_UID: [u8; 4] = [5, 6, 7, 8];
const ANNA: u64 = 4_711;

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

type Socket = WebSocketStream<TlsStream<TcpStream>>;

fn person(number: u128) -> PersonRule {
    PersonRule {
        id: id(number),
        is_active: true,
        has_finger: true,
        has_pin: false,
        needs_longer: false,
        exemption: None,
        escort: None,
        groups: Vec::new(),
    }
}

/// Anna and Ben may go in by card alone, and threat level 1 locks every door.
fn anna_and_ben(rows: &mut PolicyRows) {
    let always = Period { from: UnixMs(0), until: None };
    let token = |uid: &[u8]| {
        use hmac::{KeyInit as _, Mac as _};
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&[8; 32]).unwrap();
        mac.update(uid);
        CardToken(mac.finalize().into_bytes().into())
    };
    rows.persons = vec![person(1), person(2)];
    rows.doors[0].factors_in = FactorDemand::Card;
    let line = LevelLine { places: vec![Where::Door(id(1))], sides: Sides::Both, schedule: None, factors: None };
    rows.levels = vec![AccessLevel { id: id(1), lines: vec![line] }];
    for (number, uid) in [(1, UID), (2, BENS_UID)] {
        let state = CredentialState::Active;
        let (token, person) = (token(&uid), id(number));
        let proves_itself = false;
        rows.credentials.push(CredentialRule { id: id(number), person, token, state, valid: always, proves_itself });
        rows.grants.push(Grant { id: id(number), holder: Holder::Person(person), level: id(1), valid: always });
    }
    let locks_all = ThreatLevelRule { level: 1, locks: true, places: Vec::new(), factors: None, exempt: Vec::new() };
    rows.threat_levels = vec![locks_all];
}

/// A door that its people open at once when it is released.
fn build() -> DoorBuild {
    DoorBuild {
        has_contact: true,
        has_rex: true,
        is_rex_mechanical: false,
        has_watched: true,
        opens: Duration::from_millis(1),
        closes: None,
    }
}

/// Everything around an agent.
struct World {
    folder: tempfile::TempDir,
    server: Server,
    identity: Identity,
    door: VirtualDoor,
    finger: VirtualSensor,
    keypad: Option<VirtualKeypad>,
    has_station: bool,
    /// Beside the lobby's: another door.
    has_inner: bool,
    /// The first door has a reader inside as well.
    has_way_out: bool,
    mode_of_exit: Exit,
    /// Without decoys: what a sensor is asked is always the same.
    habits: Habits,
    /// What the rules of its bundles are beside one door and Anna.
    rules: fn(&mut PolicyRows),
    /// What its bundles say of cards that prove themselves.
    cards: fn(&Identity) -> protocol::CardSecrets,
    /// What its doors are wired to, as the configuration file says.
    wirings: BTreeMap<access_core::ids::DoorId, String>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start().await;
        let now = crate::clock::machine_time();
        let key = KeyPair::generate().unwrap();
        let identity = Identity {
            authority: server.authority.der().to_vec(),
            certificate: server.certify(&key, now.plus_ms(-60_000)).to_vec(),
            certificate_key: Zeroizing::new(key.serialize_der()),
            pending_key: None,
            server_name: SERVER_NAME.to_owned(),
            ..sample()
        };
        let door = VirtualDoor::hang(&folder.path().join("door.sock"), build()).unwrap();
        let finger = VirtualSensor::plug(&folder.path().join("sensor")).unwrap();
        let (has_station, has_inner, mode_of_exit) = (false, false, Exit::BySystem);
        Self {
            folder,
            server,
            identity,
            door,
            finger,
            keypad: None,
            has_station,
            has_inner,
            has_way_out: false,
            mode_of_exit,
            habits: Habits { decoys: 0, ..Habits::standard() },
            rules: |_| (),
            cards: |_| protocol::CardSecrets::default(),
            wirings: BTreeMap::new(),
        }
    }

    /// A keypad at the lobby or the station.
    fn hang_keypad(&mut self) {
        self.keypad = Some(VirtualKeypad::plug(&self.path("keypad")).unwrap());
    }

    fn type_keys(&self, keys: &str) {
        self.keypad.as_ref().unwrap().press(keys).unwrap();
    }

    /// Another door on the agent.
    fn hang_inner(&mut self) -> VirtualDoor {
        self.has_inner = true;
        VirtualDoor::hang(&self.path("inner.sock"), build()).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> Config {
        let side = SideConfig {
            reader: Some(hardware::card::ReaderMatch::Name("twin".to_owned())),
            sensor: Some(SensorConfig { path: self.path("sensor"), baud: BAUD_DEFAULT, password: 0 }),
            reader_power: Some(self.path("reader-power")),
            sensor_power: Some(self.path("brightness")),
            keypad: self.keypad.as_ref().map(|_| KeypadConfig::Virtual { pipe: self.path("keypad") }),
        };
        let door = DoorConfig {
            id: id(1),
            name: "lobby".to_owned(),
            io: DoorIoConfig::Virtual { socket: self.path("door.sock") },
            inward: side.clone(),
            outward: SideConfig { reader: side.reader.clone().filter(|_| self.has_way_out), ..SideConfig::default() },
        };
        let inner = DoorConfig {
            id: id(2),
            name: "inner".to_owned(),
            io: DoorIoConfig::Virtual { socket: self.path("inner.sock") },
            inward: SideConfig { sensor: None, keypad: None, ..side.clone() },
            outward: SideConfig::default(),
        };
        let doors = [(!self.has_station).then_some(door), self.has_inner.then_some(inner)];
        Config {
            data_folder: self.path("data"),
            server: self.server.address.clone(),
            mode: InstallationMode::Test,
            crash_point: None,
            text: String::new(),
            wirings: self.wirings.clone(),
            doors: doors.into_iter().flatten().collect(),
            station: self.has_station.then_some(side),
        }
    }

    fn start(&self) -> Running {
        self.start_on(Files::open)
    }

    fn start_on<S: Storage + 'static>(
        &self,
        open_storage: impl FnOnce(&std::path::Path) -> std::io::Result<S> + Send + 'static,
    ) -> Running {
        std::fs::create_dir_all(self.path("data")).unwrap();
        let kind = if self.has_station { AgentKind::Station } else { AgentKind::DoorController };
        let identity = Identity { kind, ..self.identity.clone() };
        let (stop, stopped) = oneshot::channel::<()>();
        let (hand, held) = oneshot::channel();
        let (give, tasks) = mpsc::unbounded_channel();
        let start_readers = |_, events: mpsc::Sender<ReaderEvent>, _| {
            let _ = hand.send(events);
            Ok::<_, ReadersError>(move |_: &str, task: Task| give.send(task).is_ok())
        };
        let stopped = async move {
            let _ = stopped.await;
        };
        let (config, habits) = (self.config(), self.habits.clone());
        let task =
            tokio::spawn(async move { run_with(config, identity, habits, open_storage, start_readers, stopped).await });
        Running { stop: Some(stop), task, held: Some(held), cards: None, tasks }
    }

    /// The next session: welcomed, with a bundle.
    async fn session(&self, acknowledged: Head) -> Session {
        let stream = timeout(WAIT, self.server.accept()).await.unwrap().unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        let FromAgent::Hello(hello) = hear(&mut socket).await else { panic!("no Hello") };
        let now = crate::clock::machine_time();
        say(&mut socket, &FromServer::Welcome { version: 1, now, acknowledged }).await;
        let bundle = SignedBundle::sign(&self.bundle(now).await, &SigningKey::from_bytes(&[3; 32]));
        say(&mut socket, &FromServer::Bundle(bundle)).await;
        Session { socket, said_head: hello.head, head: acknowledged, records: Vec::new(), seen: 0 }
    }

    /// The next session, which there will not be.
    async fn refuse(&self, why: Refusal) {
        let stream = timeout(WAIT, self.server.accept()).await.unwrap().unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        assert!(matches!(hear(&mut socket).await, FromAgent::Hello(_)));
        say(&mut socket, &FromServer::Refused { why }).await;
    }

    async fn bundle(&self, signed_at: UnixMs) -> Bundle {
        let identity = &self.identity;
        let mut policy = self.policy();
        (self.rules)(&mut policy);
        Bundle {
            installation: identity.installation,
            mode: identity.mode,
            agent: identity.agent,
            sequence: signed_at.0 as u64,
            signed_at,
            age_max_s: 86_400,
            card_key: SecretBytes(vec![8; 32]),
            policy,
            templates: Vec::new(),
            cards: (self.cards)(identity),
            pins: protocol::SealedPins::default(),
        }
    }

    /// One door, whose inside area is 2, and Anna, who may use nothing.
    fn policy(&self) -> PolicyRows {
        let area = |number: u128| AreaRule {
            id: id(number),
            site: id(1),
            anti_passback: AntiPassback::Off,
            persons_max: None,
            two_person: None,
        };
        PolicyRows {
            version: 5,
            scope: PolicyScope::Cut,
            sites: vec![SiteRule { id: id(1), zone: Zone::utc(), accepts_uid_only: true, calendar: None }],
            areas: vec![area(1), area(2)],
            doors: vec![DoorRule {
                id: id(1),
                site: id(1),
                leads_from: id(1),
                leads_to: id(2),
                factors_in: FactorDemand::CardFinger,
                factors_out: FactorDemand::Card,
                factor_lines: Vec::new(),
                modes: Vec::new(),
                release_ms: 20_000,
                held_ms: 60_000,
                release_longer_ms: 40_000,
                held_longer_ms: 60_000,
                exit: self.mode_of_exit,
                has_contact: true,
            }],
            persons: vec![person(1)],
            ..PolicyRows::empty(self.identity.tenant)
        }
    }

    /// Anna's template, taken at a sensor of its own and sealed to the agent.
    async fn annas_template(&self) -> SealedTemplate {
        self.template_of(ANNA, 9, false).await
    }

    /// The same of a finger of Anna's.
    async fn template_of(&self, seed: u64, number: u128, is_duress: bool) -> SealedTemplate {
        type Kem = hpke::kem::X25519HkdfSha256;
        let template = self.enrolled(seed).await;
        let private = <Kem as hpke::Kem>::PrivateKey::from_bytes(&*self.identity.sealing_key).unwrap();
        let (finger, person): (FingerId, PersonId) = (id(number), id(1));
        let (key, sealed) = hpke::single_shot_seal::<hpke::aead::ChaCha20Poly1305, hpke::kdf::HkdfSha256, Kem>(
            &OpModeS::Base,
            &Kem::sk_to_pk(&private),
            b"pforte template 1",
            &access_core::canonical::encode(&TemplateContent { is_duress, template }),
            &template_binding(self.identity.agent, person, finger),
        )
        .unwrap();
        let sealed = [key.to_bytes().as_slice(), &sealed].concat();
        SealedTemplate { finger, person, sensor_type: "zfm".to_owned(), sealed }
    }

    /// A template of a finger, taken at a sensor of its own.
    async fn enrolled(&self, seed: u64) -> SecretBytes {
        let path = self.path("desk");
        let desk = VirtualSensor::plug(&path).unwrap();
        let mut sensor = Sensor::open_serial(&path, BAUD_DEFAULT, 0).await.unwrap();
        let deadline = tokio::time::Instant::now() + WAIT;
        let enrolled = sensor.enrol(2, deadline, |step| match step {
            hardware::finger::EnrolProgress::Place(_) => desk.place(Some(seed)),
            hardware::finger::EnrolProgress::Lift(_) => desk.place(None),
            _ => {}
        });
        SecretBytes(enrolled.await.unwrap().template.as_bytes().to_vec())
    }

    async fn door_shows(&self, wanted: impl Fn(&DoorView) -> bool) {
        let mut view = self.door.watch();
        if timeout(WAIT, view.wait_for(wanted)).await.is_err() {
            panic!("{:?}", *self.door.watch().borrow());
        }
    }
}

/// An agent that runs.
struct Running {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), RunError>>,
    held: Option<oneshot::Receiver<mpsc::Sender<ReaderEvent>>>,
    cards: Option<mpsc::Sender<ReaderEvent>>,
    /// What readers are to do with cards.
    tasks: mpsc::UnboundedReceiver<Task>,
}

impl Running {
    async fn reader(&mut self, reader: &str, change: ReaderChange) {
        if let Some(held) = self.held.take() {
            self.cards = Some(timeout(WAIT, held).await.unwrap().unwrap());
        }
        let event = ReaderEvent { reader: reader.to_owned(), at: Instant::now(), change };
        self.cards.as_ref().unwrap().send(event).await.unwrap();
    }

    async fn tap(&mut self) {
        self.hold(&UID).await;
    }

    async fn hold(&mut self, uid: &[u8]) {
        self.reader("lobby in", ReaderChange::Card(Uid::new(uid).unwrap())).await;
    }

    async fn stop(mut self) {
        drop(self.stop.take());
        timeout(WAIT, self.task).await.unwrap().unwrap().unwrap();
    }
}

async fn hear(socket: &mut Socket) -> FromAgent {
    loop {
        match timeout(WAIT, socket.next()).await.unwrap().unwrap().unwrap() {
            Message::Binary(bytes) => return protocol::read_message(&bytes).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn say(socket: &mut Socket, message: &FromServer) {
    socket.send(Message::binary(protocol::write_message(message))).await.unwrap();
}

/// The server's end: checks every record's chain and signature, acknowledges, and keeps them.
struct Session {
    socket: Socket,
    /// Where the agent's journal ended, by its Hello.
    said_head: Head,
    head: Head,
    records: Vec<Record>,
    seen: usize,
}

impl Session {
    async fn next(&mut self) -> FromAgent {
        let message = hear(&mut self.socket).await;
        if let FromAgent::Records(records) = &message {
            for signed in records {
                let record = signed.verify(sample().author(), &sample().record_key.verifying_key()).unwrap();
                chain::follows(&self.head, &record).unwrap();
                self.head = signed.head(&record);
                self.records.push(record);
            }
            say(&mut self.socket, &FromServer::Acknowledged(self.head)).await;
        }
        message
    }

    /// Waits for a record that was not waited for before.
    async fn record<T>(&mut self, pick: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            let found = self.records[self.seen..].iter().position(|record| pick(&record.event).is_some());
            if let Some(place) = found {
                self.seen += place + 1;
                return pick(&self.records[self.seen - 1].event).unwrap();
            }
            self.next().await;
        }
    }

    async fn kind(&mut self, word: &str) {
        self.record(|event| (event.kind().to_string() == word).then_some(())).await;
    }

    async fn asked(&mut self) -> Attempt {
        loop {
            if let FromAgent::Ask(attempt) = self.next().await {
                return attempt;
            }
        }
    }

    /// Keeps the link while something else goes on, and answers no question.
    async fn silent_during<T>(&mut self, going_on: impl Future<Output = T>) -> T {
        tokio::pin!(going_on);
        loop {
            tokio::select! {
                done = &mut going_on => return done,
                message = self.next() => {
                    if matches!(message, FromAgent::Heartbeat) {
                        say(&mut self.socket, &FromServer::Heartbeat { now: UnixMs(0) }).await;
                    }
                }
            }
        }
    }

    async fn step(&mut self) -> EnrolmentStep {
        loop {
            if let FromAgent::EnrolmentStep { step, .. } = self.next().await {
                return step;
            }
        }
    }

    /// The server will not speak with the agent any more. It ends when the agent has heard that: hung up on while it says something
    /// itself, it might not.
    async fn refuse(mut self, why: Refusal) {
        say(&mut self.socket, &FromServer::Refused { why }).await;
        while let Some(Ok(_)) = timeout(WAIT, self.socket.next()).await.unwrap() {}
    }

    async fn in_force(&mut self) {
        while !matches!(self.next().await, FromAgent::BundleInForce { .. }) {}
    }

    async fn answer(&mut self, attempt: &Attempt, outcome: Outcome, reason: Reason) {
        let verdict = Verdict { outcome, person: Some(id(1)), ..Verdict::refused(reason, 5) };
        let (attempt, circumstances) = (attempt.clone(), Box::<Circumstances>::default());
        let rules_version = RULES_VERSION;
        say(&mut self.socket, &FromServer::Answer { attempt, circumstances, verdict, rules_version }).await;
    }

    async fn decision(&mut self) -> Decision {
        self.record(|event| match event {
            Event::Decision(decision) => Some(decision.as_ref().clone()),
            _ => None,
        })
        .await
    }
}

/// What an operator set at the door, for an hour.
fn set_mode(mode: DoorMode, now: UnixMs) -> FromServer {
    let set = Some(SetMode { mode, until: now.plus_ms(3_600_000) });
    let set = vec![(now.plus_ms(-1_000), StateChange::DoorMode { door: id(1), set })];
    FromServer::Standing(Standing { number: 1, set })
}

fn standing(number: u64, level: u8) -> FromServer {
    let set = vec![(UnixMs(number as i64), StateChange::ThreatLevel { place: Where::Tenant, level })];
    FromServer::Standing(Standing { number, set })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_is_taken_as_a_bundle_is_and_without_its_base_the_whole_is_asked_for() {
    let world = World::new().await;
    let _agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    let in_force = async |session: &mut Session| loop {
        match session.next().await {
            FromAgent::BundleInForce { sequence } => break Ok(sequence),
            FromAgent::BundleWanted { sequence } => break Err(sequence),
            _ => {}
        }
    };
    let first = in_force(&mut session).await.unwrap();
    let now = crate::clock::machine_time().plus_ms(60_000);
    let next = Bundle { sequence: first + 1, ..world.bundle(now).await };
    let [one, two, three] = [0, 1, 2].map(|more| {
        let next = Bundle { sequence: next.sequence + more, ..next.clone() };
        SignedBundle::sign(&next, &SigningKey::from_bytes(&[3; 32]))
    });
    let delta = |before: &SignedBundle, after| FromServer::BundleDelta(BundleIndex::of(before).delta_to(after));
    say(&mut session.socket, &delta(&one, &two)).await;
    assert_eq!(in_force(&mut session).await, Err(first), "its base never came");
    say(&mut session.socket, &FromServer::Bundle(one.clone())).await;
    assert_eq!(in_force(&mut session).await, Ok(first + 1));
    say(&mut session.socket, &delta(&one, &two)).await;
    assert_eq!(in_force(&mut session).await, Ok(first + 2));
    // A second time it changes nothing and is not answered; the next is.
    say(&mut session.socket, &delta(&one, &two)).await;
    let mut forged = BundleIndex::of(&two).delta_to(&three);
    forged.signature = [9; 64];
    say(&mut session.socket, &FromServer::BundleDelta(forged)).await;
    assert_eq!(in_force(&mut session).await, Err(first + 2), "nobody signed it");
    say(&mut session.socket, &delta(&two, &three)).await;
    assert_eq!(in_force(&mut session).await, Ok(first + 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_entry_with_card_and_finger() {
    let world = World::new().await;
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    let now = crate::clock::machine_time().plus_ms(60_000);
    let with_finger = Bundle { templates: vec![world.annas_template().await], ..world.bundle(now).await };
    let signed = SignedBundle::sign(&with_finger, &SigningKey::from_bytes(&[3; 32]));
    session.in_force().await;
    say(&mut session.socket, &FromServer::Bundle(signed)).await;
    session.in_force().await;
    session.record(|event| matches!(event, Event::DeviceChanged { device: Device::Sensor, .. }).then_some(())).await;

    agent.tap().await;
    let asked = session.asked().await;
    assert_eq!(asked.finger, None);
    session.answer(&asked, Outcome::Need(Factor::Finger), Reason::FingerRequired).await;
    world.door_shows(|view| view.line == "Finger, please").await;
    world.finger.place(Some(ANNA));
    let asked = session.asked().await;
    assert_eq!(asked.finger, Some(FactorResult::Matched));
    session.answer(&asked, Outcome::Grant { release_ms: 20_000, held_ms: 60_000 }, Reason::Granted).await;
    world.door_shows(|view| view.is_energised).await;
    world.door.push().await.unwrap();
    let decision = session.decision().await;
    assert_eq!(
        (decision.verdict.reason, decision.decided, decision.release_ms()),
        (Reason::Granted, Decided::Online, Some(20_000))
    );
    session.kind("door_opened").await;
    session.kind("entered").await;
    world.door.close();
    world.door_shows(|view| !view.is_energised).await;
    session.kind("door_closed").await;

    world.finger.place(Some(1));
    agent.tap().await;
    let asked = session.asked().await;
    session.answer(&asked, Outcome::Need(Factor::Finger), Reason::FingerRequired).await;
    let asked = session.asked().await;
    assert_eq!(asked.finger, Some(FactorResult::NotMatched), "somebody else's finger");
    session.answer(&asked, Outcome::Deny, Reason::WrongFinger).await;
    assert_eq!(session.decision().await.verdict.reason, Reason::WrongFinger);
    agent.stop().await;
    assert!(!world.door.watch().borrow().is_energised);
}

/// What the sensor was asked from the light that wants a finger to the one that says what became of it, with one command for
/// all looks in a row: how many there were depends on when the finger came.
fn asked_of_sensor(commands: &mut mpsc::UnboundedReceiver<Vec<u8>>) -> Vec<Vec<u8>> {
    const LED: u8 = 0x35;
    const BREATHING: u8 = 1;
    const LOOK: [u8; 1] = [0x01];
    let mut asked: Vec<Vec<u8>> = Vec::new();
    while let Ok(command) = commands.try_recv() {
        let is_wanting = command.starts_with(&[LED, BREATHING]);
        if (is_wanting || !asked.is_empty()) && (command != LOOK || asked.last() != Some(&command)) {
            asked.push(command);
        }
    }
    let last = asked.iter().rposition(|command| command[0] == LED).unwrap();
    asked.truncate(last + 1);
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finger_of_duress_opens_like_any_other_and_raises_the_alarm_in_the_record_alone() {
    const UNDER_DURESS: u64 = ANNA + 1;
    fn anna_by_finger(rows: &mut PolicyRows) {
        anna_and_ben(rows);
        rows.doors[0].factors_in = FactorDemand::CardFinger;
    }
    let world = World { rules: anna_by_finger, ..World::new().await };
    let templates = vec![world.annas_template().await, world.template_of(UNDER_DURESS, 10, true).await];
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    let now = crate::clock::machine_time().plus_ms(60_000);
    let signed =
        SignedBundle::sign(&Bundle { templates, ..world.bundle(now).await }, &SigningKey::from_bytes(&[3; 32]));
    session.in_force().await;
    say(&mut session.socket, &FromServer::Bundle(signed)).await;
    session.in_force().await;
    session.record(|event| matches!(event, Event::DeviceChanged { device: Device::Sensor, .. }).then_some(())).await;
    let mut seen = Vec::new();
    for (finger, result, alarms) in [
        (ANNA, FactorResult::Matched, Vec::new()),
        (UNDER_DURESS, FactorResult::MatchedDuress, vec![AlarmKind::Duress]),
    ] {
        let entry = async {
            world.door_shows(|view| view.line == "Card, please").await;
            let mut ring = world.finger.watch();
            timeout(WAIT, ring.wait_for(|view| view.ring == 0)).await.unwrap().unwrap();
            let mut commands = world.finger.listen();
            agent.tap().await;
            world.door_shows(|view| view.line == "Finger, please").await;
            world.finger.place(Some(finger));
            timeout(WAIT, ring.wait_for(|view| view.ring == 4)).await.unwrap().unwrap();
            world.door_shows(|view| view.is_energised && view.line == "Come in").await;
            let view = world.door.watch().borrow().clone();
            world.finger.place(None);
            world.door.push().await.unwrap();
            // Dark again: it was wiped.
            timeout(WAIT, ring.wait_for(|view| view.ring == 0)).await.unwrap().unwrap();
            (asked_of_sensor(&mut commands), view)
        };
        seen.push(session.silent_during(entry).await);
        let decision = session.decision().await;
        assert_eq!((decision.verdict.reason, decision.decided), (Reason::Granted, Decided::Offline));
        assert_eq!((decision.attempt.finger, decision.verdict.alarms), (Some(result), alarms));
        session.kind("entered").await;
        world.door.close();
        session.kind("door_closed").await;
    }
    let comparisons = seen[0].0.iter().filter(|command| **command == [0x03]).count();
    assert_eq!(comparisons, 2, "{:?}", seen[0].0);
    const OVERWRITE: u8 = 0x09;
    let writes = seen[0].0.iter().filter(|command| command[0] == OVERWRITE).count();
    assert_eq!(writes, 2 + 2, "both templates, and what wipes both buffers");
    assert_eq!(seen[0], seen[1]);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_reach_it_decides_alone_and_tells_later() {
    let world = World::new().await;
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    agent.tap().await;
    let _unanswered = session.asked().await;
    drop(session.socket);
    world.door_shows(|view| view.line == "No entry").await;
    agent.stop().await;

    let agent = world.start();
    let mut session = world.session(session.head).await;
    let decision = session.decision().await;
    assert_eq!((decision.verdict.reason, decision.decided), (Reason::NotKnownHere, Decided::Offline));
    session.kind("agent_stopped").await;
    let was_unclean = session
        .record(|event| match event {
            Event::AgentStarted { was_unclean, .. } => Some(*was_unclean),
            _ => None,
        })
        .await;
    assert!(!was_unclean);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_command_opens_and_what_goes_wrong_at_the_door_is_told() {
    let world = World::new().await;
    let agent = world.start();
    let mut session = world.session(Head::start_of(0)).await;
    session.in_force().await;
    world.door.force();
    session.record(|event| matches!(event, Event::AlarmRaised { kind: AlarmKind::DoorForced, .. }).then_some(())).await;
    world.door_shows(|view| view.line == "Alarm").await;
    world.door.close();
    session.kind("alarm_cleared").await;
    world.door.tamper(true);
    session.record(|event| matches!(event, Event::AlarmRaised { kind: AlarmKind::Tamper, .. }).then_some(())).await;
    world.door.tamper(false);
    session.kind("alarm_cleared").await;
    for input in WatchedInput::ALL {
        world.door.set_watched(input, true).unwrap();
        let told = |event: &Event| match event {
            Event::InputChanged { input, is_active: true, .. } => Some(*input),
            _ => None,
        };
        assert_eq!(session.record(told).await, kind_of(input));
    }
    world.door_shows(|view| view.line == "Alarm").await;
    for input in WatchedInput::ALL {
        world.door.set_watched(input, false).unwrap();
    }
    session.record(|event| matches!(event, Event::AlarmCleared { kind: AlarmKind::Zone, .. }).then_some(())).await;

    let now = crate::clock::machine_time();
    let command = |number, door| Command {
        id: id(number),
        door: id(door),
        expires_at: now.plus_ms(60_000),
        kind: CommandKind::Release,
        reason: Commitment([0; 32]),
    };
    let outcome = |event: &Event| match event {
        Event::CommandDone { outcome, .. } => Some(*outcome),
        _ => None,
    };
    say(&mut session.socket, &FromServer::Command(command(1, 9))).await;
    assert_eq!(session.record(outcome).await, CommandOutcome::UnknownDoor);
    say(&mut session.socket, &FromServer::Command(command(2, 1))).await;
    world.door_shows(|view| view.is_energised).await;
    assert_eq!(session.record(outcome).await, CommandOutcome::CarriedOut);
    agent.stop().await;
    assert!(!world.door.watch().borrow().is_energised, "a stop puts the strike to rest");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_journal_nobody_enters_and_everybody_leaves() {
    let world = World::new().await;
    // A bundle is there from before; then the journal is damaged.
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    agent.stop().await;
    drop(session);
    assert!(world.path("data").join("bundle.sealed").exists());
    let segment = world.path("data/journal").join("00000000000000000001.segment");
    let mut content = std::fs::read(&segment).unwrap();
    content[20] ^= 1;
    std::fs::write(&segment, content).unwrap();

    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    assert_eq!(session.said_head, Head::start_of(0), "not that its journal was lost: it may be whole tomorrow");
    session.in_force().await;
    let now = crate::clock::machine_time();
    let (expires_at, reason) = (now.plus_ms(60_000), Commitment([0; 32]));
    let release = Command { id: id(1), door: id(1), expires_at, kind: CommandKind::Release, reason };
    say(&mut session.socket, &FromServer::Command(release)).await;
    // Twice there and back: by then the command is done with.
    for number in [1, 2] {
        let want = EnrolmentWant::Card;
        let order = EnrolmentOrder { id: id(number), person: id(1), want, expires_at };
        say(&mut session.socket, &FromServer::Enrol(order)).await;
        assert!(matches!(session.step().await, EnrolmentStep::Failed { .. }));
    }
    assert!(!world.door.watch().borrow().is_energised);
    world.door.press_rex(true).unwrap();
    world.door_shows(|view| view.is_energised).await;
    agent.stop().await;
    assert!(session.records.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rules_two_cards_are_two_refusals() {
    let world = World::new().await;
    let mut agent = world.start();
    agent.tap().await;
    agent.tap().await;
    agent.hold(&BENS_UID).await;
    let mut session = world.session(Head::start_of(1)).await;
    let (first, second) = (session.decision().await, session.decision().await);
    assert_eq!((first.verdict.reason, second.verdict.reason), (Reason::NoPolicy, Reason::NoPolicy));
    assert_ne!(first.attempt.card, second.attempt.card, "the same card twice is one refusal, another is another");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_that_go_and_come_are_told() {
    let world = World::new().await;
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    let device = |wanted: Device, how: DeviceState| {
        move |event: &Event| match event {
            Event::DeviceChanged { device, state, .. } if *device == wanted && *state == how => Some(()),
            _ => None,
        }
    };
    session.record(device(Device::Sensor, DeviceState::Working)).await;
    world.finger.unplug();
    session.record(device(Device::Sensor, DeviceState::Lost)).await;
    session.kind("alarm_raised").await;
    world.finger.plug_again().unwrap();
    session.record(device(Device::Sensor, DeviceState::Working)).await;
    session.kind("alarm_cleared").await;
    agent.reader("lobby in", ReaderChange::Lost("gone".to_owned())).await;
    session.record(device(Device::Reader, DeviceState::Lost)).await;
    agent.reader("lobby in", ReaderChange::Back).await;
    session.record(device(Device::Reader, DeviceState::Working)).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensor_that_hangs_is_told_within_five_seconds_and_its_power_is_switched() {
    let world = World::new().await;
    std::fs::write(world.path("brightness"), "1").unwrap();
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    let sensor = |how: DeviceState| {
        move |event: &Event| match event {
            Event::DeviceChanged { device: Device::Sensor, state, .. } if *state == how => Some(()),
            _ => None,
        }
    };
    session.record(sensor(DeviceState::Working)).await;
    let hung = Instant::now();
    world.finger.misbehave(SensorFault::Hang);
    session.record(sensor(DeviceState::Silent)).await;
    assert!(hung.elapsed() < Duration::from_secs(5), "{:?}", hung.elapsed());
    session.kind("alarm_raised").await;
    let stands_at = async |value: &str| {
        while std::fs::read_to_string(world.path("brightness")).unwrap() != value {
            tokio::task::yield_now().await;
        }
    };
    timeout(WAIT, stands_at("0")).await.expect("its power to be taken");
    timeout(WAIT, stands_at("1")).await.expect("its power to be given back");
    // Nothing else is concerned meanwhile.
    agent.tap().await;
    session.decision().await;
    world.finger.misbehave(SensorFault::None);
    session.record(sensor(DeviceState::Working)).await;
    session.kind("alarm_cleared").await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_hangs_is_told_and_its_own_power_is_switched() {
    let world = World::new().await;
    for power in ["reader-power", "brightness"] {
        std::fs::write(world.path(power), "1").unwrap();
    }
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    let reader = |how: DeviceState| {
        move |event: &Event| match event {
            Event::DeviceChanged { device: Device::Reader, state, .. } if *state == how => Some(()),
            _ => None,
        }
    };
    agent.reader("lobby in", ReaderChange::Back).await;
    session.record(reader(DeviceState::Working)).await;
    agent.reader("lobby in", ReaderChange::Silent).await;
    session.record(reader(DeviceState::Silent)).await;
    session.kind("alarm_raised").await;
    let stands_at = async |value: &str| {
        while std::fs::read_to_string(world.path("reader-power")).unwrap() != value {
            assert_eq!(std::fs::read_to_string(world.path("brightness")).unwrap(), "1", "the sensor keeps its power");
            tokio::task::yield_now().await;
        }
    };
    timeout(WAIT, stands_at("0")).await.expect("its power to be taken");
    timeout(WAIT, stands_at("1")).await.expect("its power to be given back");
    agent.reader("lobby in", ReaderChange::Back).await;
    session.record(reader(DeviceState::Working)).await;
    session.kind("alarm_cleared").await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_goes_in_alone_where_two_are_wanted_and_the_agent_decides_alone() {
    let mut world = World::new().await;
    world.rules = |rows| {
        anna_and_ben(rows);
        rows.areas[1].two_person = Some(TwoPerson { within_s: 60, groups: None });
        rows.rules.alone.two_person = Alone::AsKnown;
    };
    let mut agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    drop(session.socket);

    agent.tap().await;
    world.door_shows(|view| view.line == "Wait for a second person").await;
    agent.tap().await;
    world.door_shows(|view| view.line == "Wait for a second person").await;
    assert!(!world.door.watch().borrow().is_energised, "the same person twice is not two");
    agent.hold(&BENS_UID).await;
    world.door_shows(|view| view.is_energised).await;
    world.door.push().await.unwrap();

    let mut session = world.session(session.head).await;
    assert_eq!(session.decision().await.verdict.reason, Reason::SecondPersonRequired);
    let persons = session
        .record(|event| match event {
            Event::Entered { persons, .. } => Some(persons.iter().map(|passage| passage.person).collect::<Vec<_>>()),
            _ => None,
        })
        .await;
    assert_eq!(persons, [id(2), id(1)]);
    agent.stop().await;
}

impl Session {
    async fn stands(&mut self, wanted: u64) {
        while self.next().await != (FromAgent::StandingInForce { number: wanted }) {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_is_free_by_schedule_and_a_lockdown_ends_that_at_once() {
    let mut world = World::new().await;
    world.mode_of_exit = Exit::Mechanical;
    world.rules = |rows| {
        anna_and_ben(rows);
        let whole_day = Window { days: 127, day_types: 0, span: Span { from_minute: 0, to_minute: 1_440 } };
        rows.schedules = vec![Schedule { id: id(1), windows: vec![whole_day], exceptions: Vec::new() }];
        rows.doors[0].modes = vec![ModeLine { schedule: id(1), mode: DoorMode::Free }];
    };
    let agent = world.start();
    let mut session = world.session(Head::start_of(1)).await;
    session.kind("free_began").await;
    world.door_shows(|view| view.is_energised).await;
    world.door.push().await.unwrap();
    let cause = session
        .record(|event| match event {
            Event::DoorOpened { cause, .. } => Some(*cause),
            _ => None,
        })
        .await;
    assert_eq!(cause, Some(ReleaseCause::Free), "nobody forced it");
    world.door.close();
    session.kind("door_closed").await;
    assert!(world.door.watch().borrow().is_energised, "it stays free");

    say(&mut session.socket, &standing(1, 1)).await;
    world.door_shows(|view| !view.is_energised).await;
    session.kind("free_ended").await;
    say(&mut session.socket, &standing(2, 0)).await;
    session.kind("free_began").await;
    world.door_shows(|view| view.is_energised).await;
    agent.stop().await;
    assert!(!world.door.watch().borrow().is_energised, "a stop puts it to rest");
    assert!(!session.records.iter().any(|record| matches!(record.event, Event::AlarmRaised { .. })));
}

#[tokio::test]
async fn another_mode_or_kind_is_refused() {
    let world = World::new().await;
    let stop = std::future::pending;
    let identity = Identity { mode: InstallationMode::Production, ..world.identity.clone() };
    let error = Box::pin(run(world.config(), identity, stop())).await.unwrap_err();
    assert!(matches!(error, RunError::Mode { .. }), "{error}");
    let identity = Identity { kind: AgentKind::Station, ..world.identity.clone() };
    let error = Box::pin(run(world.config(), identity, stop())).await.unwrap_err();
    assert!(matches!(error, RunError::Kind { .. }), "{error}");
}

//! A disk that fills up or hangs under a running agent, and works again.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use access_core::event::JournalFault;

use super::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Works,
    IsFull,
    Hangs,
}

/// The disk's switch.
#[derive(Clone)]
struct Disk(Arc<(Mutex<How>, Condvar)>);

impl Disk {
    fn new() -> Self {
        Self(Arc::new((Mutex::new(How::Works), Condvar::new())))
    }

    fn now(&self, how: How) {
        *self.0.0.lock().unwrap() = how;
        self.0.1.notify_all();
    }

    fn use_it(&self) -> std::io::Result<()> {
        let how = self.0.1.wait_while(self.0.0.lock().unwrap(), |how| *how == How::Hangs).unwrap();
        match *how {
            How::IsFull => Err(std::io::Error::from(std::io::ErrorKind::StorageFull)),
            How::Works | How::Hangs => Ok(()),
        }
    }

    fn open(&self) -> impl FnOnce(&Path) -> std::io::Result<Fickle> + Send + 'static {
        let disk = self.clone();
        move |folder| Ok(Fickle { files: Files::open(folder)?, disk })
    }
}

/// Files on that disk.
struct Fickle {
    files: Files,
    disk: Disk,
}

impl Storage for Fickle {
    fn list(&self) -> std::io::Result<Vec<u64>> {
        self.files.list()
    }

    fn read(&self, number: u64) -> std::io::Result<Vec<u8>> {
        self.files.read(number)
    }

    fn create(&mut self, number: u64, header: &[u8], bytes: usize) -> std::io::Result<()> {
        self.disk.use_it()?;
        self.files.create(number, header, bytes)
    }

    fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) -> std::io::Result<()> {
        self.disk.use_it()?;
        self.files.write(number, offset, bytes)
    }

    fn remove(&mut self, number: u64) -> std::io::Result<()> {
        self.files.remove(number)
    }

    fn name(&self, number: u64) -> String {
        self.files.name(number)
    }

    fn note(&mut self, _mark: &[u8]) {}

    fn noted(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

impl Session {
    /// The next word on the journal.
    async fn journal(&mut self) -> Option<JournalFault> {
        loop {
            if let FromAgent::JournalState { fault, .. } = self.next().await {
                return fault;
            }
        }
    }

    /// Everything that was recorded up to the journal's recovery, by kind.
    async fn until_it_works(&mut self) -> Vec<String> {
        let works = |event: &Event| match event {
            Event::DeviceChanged { device: Device::Journal, state: DeviceState::Working, .. } => Some(()),
            _ => None,
        };
        let from = self.seen;
        self.record(works).await;
        let records = &self.records[from..self.seen];
        assert!(self.records.windows(2).all(|pair| pair[0].at <= pair[1].at), "in the order in which it happened");
        let told = records.iter().filter_map(|record| match &record.event {
            Event::DeviceChanged { device: Device::Journal, .. } => Some("journal".to_owned()),
            // These come and go as they like.
            Event::DeviceChanged { .. } | Event::LinkChanged { .. } => None,
            event => Some(event.kind().to_string()),
        });
        told.collect()
    }
}

async fn grant(agent: &mut Running, session: &mut Session) {
    agent.tap().await;
    let asked = session.asked().await;
    session.answer(&asked, Outcome::Grant { release_ms: 20_000, held_ms: 60_000 }, Reason::Granted).await;
}

/// An agent that runs, with a session in which everything of its start was recorded.
async fn start(world: &World, disk: &Disk) -> (Running, Session) {
    let agent = world.start_on(disk.open());
    let mut session = world.session(Head::start_of(1)).await;
    session.in_force().await;
    session.record(|event| matches!(event, Event::PolicyInForce { .. }).then_some(())).await;
    (agent, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_at_once_and_what_happened_is_recorded_later() {
    let (world, disk) = (World::new().await, Disk::new());
    let (mut agent, mut session) = start(&world, &disk).await;
    disk.now(How::IsFull);
    // Together: a refusal is shown for a moment only.
    let told = async {
        grant(&mut agent, &mut session).await;
        session.journal().await
    };
    let (told, ()) = tokio::join!(told, world.door_shows(|view| view.line == "Out of order"));
    assert_eq!(told, Some(JournalFault::NoSpace), "past the journal");
    assert!(!world.door.watch().borrow().is_energised);
    world.door.press_rex(true).unwrap();
    world.door_shows(|view| view.is_energised).await;
    world.door.press_rex(false).unwrap();
    let recorded = session.records.len();

    // The link breaks and comes back: it says so again, of its own accord.
    drop(session.socket);
    let records = std::mem::take(&mut session.records);
    let mut session = Session { records, seen: recorded, ..world.session(session.head).await };
    assert_eq!(session.journal().await, Some(JournalFault::NoSpace));
    assert_eq!(session.records.len(), recorded, "nothing can be recorded");

    disk.now(How::Works);
    let kinds = session.until_it_works().await;
    assert_eq!(kinds, ["journal", "decision", "exit_requested", "journal"], "each once, no alarm of its own");
    let reasons: Vec<Reason> = session
        .records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Decision(decision) => Some(decision.verdict.reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [Reason::NotRecorded], "one decision of the attempt");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_holds_nobody_inside_and_lets_nobody_in() {
    let (world, disk) = (World::new().await, Disk::new());
    let (mut agent, mut session) = start(&world, &disk).await;
    disk.now(How::Hangs);
    grant(&mut agent, &mut session).await;
    // Nothing but the journal hangs: leaving works while the grant still waits.
    world.door.press_rex(true).unwrap();
    world.door_shows(|view| view.is_energised).await;
    assert_eq!(session.journal().await, Some(JournalFault::Silent));

    // It was written after all, and never carried out: that is what the records say, and not that it was refused.
    disk.now(How::Works);
    let kinds = session.until_it_works().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "decision").count(), 1, "{kinds:?}");
    assert!(kinds.contains(&"release_abandoned".to_owned()), "{kinds:?}");
    assert!(session.records.iter().any(|record| match &record.event {
        Event::Decision(decision) => decision.verdict.reason == Reason::Granted,
        _ => false,
    }));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_could_not_be_recorded_turns_no_door_free() {
    let (mut world, disk) = (World::new().await, Disk::new());
    world.mode_of_exit = Exit::Mechanical;
    world.rules = anna_and_ben;
    let (mut agent, mut session) = start(&world, &disk).await;
    say(&mut session.socket, &set_mode(DoorMode::Toggle, crate::clock::machine_time())).await;
    session.stands(1).await;
    drop(session.socket);
    disk.now(How::IsFull);
    // Together: a refusal is shown for a moment only.
    tokio::join!(agent.tap(), world.door_shows(|view| view.line == "Out of order"));

    disk.now(How::Works);
    let mut session = world.session(session.head).await;
    let kinds = session.until_it_works().await;
    assert!(kinds.contains(&"decision".to_owned()), "{kinds:?}");
    // Whatever happens at the door, its mode is looked at.
    agent.hold(&BENS_UID).await;
    let asked = session.asked().await;
    session.answer(&asked, Outcome::Deny, Reason::NoGrant).await;
    assert_eq!(session.decision().await.verdict.reason, Reason::NoGrant);
    let began = session.records.iter().filter(|record| matches!(record.event, Event::FreeBegan { .. }));
    assert_eq!(began.count(), 0);
    agent.stop().await;
}

//! Cards that prove themselves to the reader's own threads: at a station that makes them, and at a door.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hardware::card::desfire::{CardKeyAfter, CardKind, Generation, Messaging, WipeOrder};
use hardware::card::task::{Done, Job, Task, TaskError};
use hardware::card::virtual_desfire::{Deed, Misdeed};
use hardware::card::{Asked, CardLookup, Proof, ReaderChange, TemplateRead, Uid};
use hardware::world::Order;

use super::desfire::site;
use super::{ANNA, Bench, with_readers};

const DORA: [u8; 7] = [0x04, 0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5];

/// Asks the kind of every card, or for a door a proof of dora's.
#[derive(Default)]
struct Lookup {
    is_door: AtomicBool,
}

impl CardLookup for Lookup {
    fn look_up(&self, reader: &str, uid: &Uid) -> Asked {
        assert_eq!(reader, "in");
        if !self.is_door.load(Ordering::Relaxed) {
            Asked::Kind
        } else if uid.as_bytes() == DORA {
            Asked::Proof(site::read_order(uid), site::nonces())
        } else {
            Asked::Nothing
        }
    }
}

fn dora() -> Uid {
    Uid::new(&DORA).unwrap()
}

impl Bench {
    async fn tap(&mut self, card: &str) {
        self.client.tap("lobby-in", card).await.unwrap();
    }

    async fn away(&mut self) {
        self.client.remove("lobby-in").await.unwrap();
        self.expect("in", ReaderChange::Removed).await;
    }

    async fn misdeed(&mut self, misdeed: Option<Misdeed>) {
        self.client.order(&Order::Card { card: "dora".into(), misdeed }).await.unwrap();
    }

    async fn work(&mut self, job: Job) -> Result<Done, TaskError> {
        assert!(self.readers.work("in", Task { uid: dora(), job, nonces: site::nonces() }));
        match self.next().await {
            (_, ReaderChange::Worked(worked)) => worked,
            other => panic!("{other:?}"),
        }
    }

    async fn expect_kind(&mut self, uid: &[u8], kind: CardKind) {
        self.expect("in", ReaderChange::Kind(Uid::new(uid).unwrap(), kind)).await;
    }

    /// Dora's card proves itself; what comes of its template.
    async fn proved(&mut self) -> TemplateRead {
        match self.next().await {
            (_, ReaderChange::Proved(uid, Proof { credential, key_version, messaging })) => {
                let plan = site::plan(dora());
                assert_eq!((uid, credential, key_version), (dora(), plan.credential, plan.version));
                assert_eq!(messaging, Messaging::Ev2);
            }
            other => panic!("{other:?}"),
        }
        match self.next().await {
            (_, ReaderChange::Template(read)) => read,
            other => panic!("{other:?}"),
        }
    }

    async fn expect_refuted(&mut self, why: &str) {
        match self.next().await {
            (_, ReaderChange::NotAuthentic(uid, said)) => {
                println!("{why}: {said}");
                assert_eq!(uid, dora(), "{why}");
            }
            other => panic!("{why}: {other:?}"),
        }
    }

    async fn expect_unreadable(&mut self, why: &str) {
        match self.next().await {
            (_, ReaderChange::Unreadable(said)) => println!("{why}: {said}"),
            other => panic!("{why}: {other:?}"),
        }
    }
}

fn personalise() -> Job {
    Job::Personalise(Box::new(site::plan(dora())), Box::new(site::keys))
}

fn wipe() -> Job {
    let application = site::plan(dora()).application;
    let order = WipeOrder { seen: dora(), application, card_key: CardKeyAfter::Factory, is_ev1_allowed: false };
    Job::Wipe(Box::new(order), Box::new(site::keys))
}

#[tokio::test]
async fn a_station_makes_reads_and_wipes_the_card_that_lies_there() {
    with_readers("proof::a_station_makes_reads_and_wipes_the_card_that_lies_there", async |folder| {
        let mut bench = Bench::asking(&folder, Arc::new(Lookup::default())).await;
        assert_eq!(bench.work(personalise()).await, Err(TaskError::Gone), "nothing lies there");
        bench.tap("anna").await;
        bench.expect_kind(&ANNA, CardKind::UidOnly).await;
        assert_eq!(bench.work(personalise()).await, Err(TaskError::Gone), "another lies there");
        // It is looked at anew: who knows what lies there.
        bench.expect("in", ReaderChange::Removed).await;
        bench.expect_kind(&ANNA, CardKind::UidOnly).await;
        bench.away().await;

        // It leaves in the middle; laid there again, the same is done to the end.
        bench.misdeed(Some(Misdeed { at: 40, deed: Deed::LeaveAfter })).await;
        bench.tap("dora").await;
        bench.expect_kind(&DORA, CardKind::Desfire(Generation::Ev3)).await;
        assert_eq!(bench.work(personalise()).await, Err(TaskError::Gone));
        bench.expect("in", ReaderChange::Removed).await;
        bench.misdeed(None).await;
        bench.tap("dora").await;
        bench.expect_kind(&DORA, CardKind::Desfire(Generation::Ev3)).await;
        let plan = site::plan(dora());
        match bench.work(personalise()).await {
            Ok(Done::Personalised(made)) => {
                assert_eq!((made.credential, made.version), (plan.credential, plan.version))
            }
            other => panic!("{other:?}"),
        }
        match bench.work(Job::Look(site::read_order(&dora()))).await {
            Ok(Done::Looked(look)) => {
                let plan = site::plan(dora());
                assert_eq!((look.credential, look.template), (Some(plan.credential), plan.template));
                assert!(look.key_version == 1 && look.free_bytes > 1_000, "{}", look.free_bytes);
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(bench.work(wipe()).await, Ok(Done::Wiped(_))));
        match bench.work(Job::Look(site::read_order(&dora()))).await {
            Ok(Done::Looked(look)) => assert_eq!((look.credential, look.template, look.key_version), (None, None, 0)),
            other => panic!("{other:?}"),
        }
        bench.away().await;
    })
    .await;
}

/// A reader at which Dora's card was made, as a door has it from here on.
async fn at_a_door(folder: &Path) -> Bench {
    let lookup = Arc::new(Lookup::default());
    let mut bench = Bench::asking(folder, lookup.clone()).await;
    bench.tap("dora").await;
    bench.expect_kind(&DORA, CardKind::Desfire(Generation::Ev3)).await;
    assert!(bench.work(personalise()).await.is_ok());
    bench.away().await;
    lookup.is_door.store(true, Ordering::Relaxed);
    bench
}

#[tokio::test]
async fn a_door_takes_the_card_that_proves_itself_and_no_other() {
    with_readers("proof::a_door_takes_the_card_that_proves_itself_and_no_other", async |folder| {
        let mut bench = at_a_door(&folder).await;
        bench.tap("anna").await;
        bench.expect_card("in", &ANNA).await;
        bench.away().await;
        bench.tap("dora").await;
        let template = site::plan(dora()).template.unwrap();
        assert_eq!(bench.proved().await, TemplateRead::Content(template.clone()));
        bench.away().await;

        // The UID alone; a card as it comes from the factory; an older one that was never the site's; a copy without the keys.
        let copy = Order::CopyCard { of: "dora".into(), name: "mallory".into(), label: None };
        bench.client.order(&copy).await.unwrap();
        for copy in ["dora-bare", "dora-blank", "dora-old", "mallory"] {
            bench.tap(copy).await;
            bench.expect_refuted(copy).await;
            bench.away().await;
        }

        // 1 selects, 2 asks the key's version, 3 and 4 authenticate, 5 reads the number, from 6 on the template.
        let swap = || Deed::Swap { card: "mallory".into() };
        for (at, deed) in [
            (1, Deed::WrongMac),
            (3, Deed::Replay),
            (3, swap()),
            (4, swap()),
            (5, swap()),
            (3, Deed::Status { status: 0xAE }),
            (5, Deed::FlipAnswer { bit: 9 }),
        ] {
            let why = format!("{deed:?} at {at}");
            bench.misdeed(Some(Misdeed { at, deed })).await;
            bench.tap("dora").await;
            bench.expect_refuted(&why).await;
            bench.away().await;
        }
        // Too late for the proof, in time for the template.
        for (at, deed) in [(6, swap()), (6, Deed::FlipAnswer { bit: 9 }), (7, Deed::WrongMac)] {
            let why = format!("{deed:?} at {at}");
            bench.misdeed(Some(Misdeed { at, deed })).await;
            bench.tap("dora").await;
            let read = bench.proved().await;
            assert!(matches!(read, TemplateRead::NotAuthentic(_)), "{why}: {read:?}");
            bench.away().await;
        }
        // Whoever takes it away too early, or holds it badly, is no clone.
        for (at, deed) in [(2, Deed::LeaveBefore), (4, Deed::LeaveAfter), (5, Deed::LeaveBefore)] {
            let why = format!("{deed:?} at {at}");
            bench.misdeed(Some(Misdeed { at, deed })).await;
            bench.tap("dora").await;
            bench.expect_unreadable(&why).await;
            bench.expect("in", ReaderChange::Removed).await;
        }
        bench.misdeed(Some(Misdeed { at: 2, deed: Deed::Tear { bytes: 1 } })).await;
        bench.tap("dora").await;
        bench.expect_unreadable("torn").await;
        bench.away().await;
        // What answers whole, and to no sense however often it is asked, is told as that.
        bench.misdeed(Some(Misdeed { at: 2, deed: Deed::Status { status: 0xEE } })).await;
        bench.tap("dora").await;
        match bench.next().await {
            (_, ReaderChange::Senseless(uid, _)) => assert_eq!(uid, dora()),
            other => panic!("{other:?}"),
        }
        bench.away().await;
        bench.misdeed(Some(Misdeed { at: 8, deed: Deed::LeaveBefore })).await;
        bench.tap("dora").await;
        assert_eq!(bench.proved().await, TemplateRead::Gone);
        bench.expect("in", ReaderChange::Removed).await;
        bench.misdeed(None).await;
        bench.tap("dora").await;
        assert_eq!(bench.proved().await, TemplateRead::Content(template));
        bench.away().await;
    })
    .await;
}

#[tokio::test]
async fn a_slow_card_is_borne_and_a_silent_one_given_up() {
    with_readers("proof::a_slow_card_is_borne_and_a_silent_one_given_up", async |folder| {
        let mut bench = at_a_door(&folder).await;
        // Longer than a silence may be, yet never silent; and then longer than a reader waits for a template.
        bench.misdeed(Some(Misdeed { at: 1, deed: Deed::Late { ms: 800 } })).await;
        bench.tap("dora").await;
        let read = bench.proved().await;
        assert!(matches!(read, TemplateRead::Unreadable(_)), "{read:?}");
        bench.away().await;
        for at in [2, 7] {
            bench.misdeed(Some(Misdeed { at, deed: Deed::Silence })).await;
            bench.tap("dora").await;
            if at == 7 {
                let (_, change) = bench.next().await;
                assert!(matches!(change, ReaderChange::Proved(..)), "{change:?}");
            }
            bench.expect("in", ReaderChange::Silent).await;
            bench.away().await;
            bench.expect("in", ReaderChange::Back).await;
        }
    })
    .await;
}

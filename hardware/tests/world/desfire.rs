//! DESFire cards in a world: by the real card service, and by `pforte-twin`.

use std::time::Instant;

use hardware::card::desfire::{Connection, Dialogue, Messaging, TransportError, personalise, read};
use hardware::card::virtual_desfire::{Content, Deed, Generation, Misdeed, Model, Size, exchange_time};
use hardware::card::{ReaderChange, Uid};
use hardware::world::{Order, card_content};
use tokio::time::timeout;

use super::{Bench, PATIENCE, World, with_readers};

/// Sends `commands` to the card on a reader and gives what it answers, by the real card service. Another thread does, for
/// a card that is silent holds it for good.
async fn ask(reader: &'static std::ffi::CStr, commands: &[&[u8]]) -> Result<Vec<Vec<u8>>, pcsc::Error> {
    let commands: Vec<Vec<u8>> = commands.iter().map(|command| command.to_vec()).collect();
    let asked = tokio::task::spawn_blocking(move || {
        let context = pcsc::Context::establish(pcsc::Scope::System)?;
        let card = context.connect(reader, pcsc::ShareMode::Shared, pcsc::Protocols::ANY)?;
        let mut buffer = [0; pcsc::MAX_BUFFER_SIZE];
        commands.iter().map(|command| card.transmit(command, &mut buffer).map(<[u8]>::to_vec)).collect()
    });
    timeout(PATIENCE, asked).await.unwrap().unwrap()
}

const GET_UID: &[u8] = &[0xFF, 0xCA, 0, 0, 0];
const GET_VERSION: &[u8] = &[0x90, 0x60, 0, 0, 0];
const CREATE: &[u8] = &[0x90, 0xCA, 0, 0, 5, 1, 0x46, 0x50, 0x0F, 0x81, 0];
const LIST: &[u8] = &[0x90, 0x6A, 0, 0, 0];

#[tokio::test]
async fn a_desfire_answers_is_kept_and_misbehaves() {
    with_readers("desfire::a_desfire_answers_is_kept_and_misbehaves", async |folder| {
        let mut bench = Bench::new(&folder).await;
        let uid = [0x04, 0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5];
        bench.client.tap("lobby-in", "dora").await.unwrap();
        bench.expect_card("in", &uid).await;
        let answers = ask(c"Pforte in 00 00", &[GET_UID, GET_VERSION, LIST, CREATE, LIST]).await.unwrap();
        assert_eq!(answers[0], [&uid[..], &[0x90, 0]].concat());
        assert_eq!(answers[1], [4, 1, 1, 0x33, 0, 0x18, 5, 0x91, 0xAF]);
        assert_eq!(answers[2], [0x91, 0xCA], "the version was not asked to its end");
        assert_eq!(answers[3..], [vec![0x91, 0], vec![1, 0x46, 0x50, 0x91, 0]]);
        let kept = Content::load(&card_content(&folder, "dora")).unwrap();
        assert_eq!((kept.uid, kept.applications.len()), (uid, 1));

        // At the paced reader, 22 bytes and what frames them take their time.
        bench.client.remove("lobby-in").await.unwrap();
        bench.expect("in", ReaderChange::Removed).await;
        bench.client.tap("lobby-out", "dora").await.unwrap();
        bench.expect_card("out", &uid).await;
        let began = Instant::now();
        ask(c"Pforte out 00 00", &[LIST; 20]).await.unwrap();
        let (took, least) = (began.elapsed() / 20, exchange_time(5, 5, 64));
        println!("paced: {took:?} an exchange, {least:?} over the air");
        assert!(took >= least);

        // A copy has its UID and its applications.
        let copy = Order::CopyCard { of: "dora".into(), name: "mallory".into(), label: None };
        bench.client.order(&copy).await.unwrap();
        bench.client.tap("lobby-in", "mallory").await.unwrap();
        bench.expect_card("in", &uid).await;
        assert_eq!(ask(c"Pforte in 00 00", &[LIST]).await.unwrap(), [[1, 0x46, 0x50, 0x91, 0]]);

        // It leaves by itself, having done what it was told.
        let misdeed = |misdeed| Order::Card { card: "mallory".into(), misdeed };
        let leave = misdeed(Some(Misdeed { at: 2, deed: Deed::LeaveAfter }));
        bench.client.order(&leave).await.unwrap();
        let state = bench.client.state().await.unwrap();
        let mallory = state.cards.iter().find(|card| card.name == "mallory").unwrap();
        assert!(mallory.is_desfire && mallory.misdeed.is_some());
        bench.client.tap("lobby-in", "mallory").await.unwrap();
        bench.expect("in", ReaderChange::Removed).await;
        bench.expect_card("in", &uid).await;
        let second = [&CREATE[..5], &[2], &CREATE[6..]].concat();
        let broken = ask(c"Pforte in 00 00", &[LIST, &second]).await;
        assert!(broken.as_ref().map_or(true, |answers| answers[1].len() < 2), "{broken:?}");
        bench.expect("in", ReaderChange::Removed).await;
        let kept = Content::load(&card_content(&folder, "mallory")).unwrap();
        assert_eq!(kept.applications.len(), 2);
        let state = bench.client.state().await.unwrap();
        assert_eq!(state.readers.iter().find(|reader| reader.name == "in").unwrap().card, None);
        bench.client.order(&misdeed(None)).await.unwrap();
        bench.client.tap("lobby-in", "mallory").await.unwrap();
        bench.expect_card("in", &uid).await;
    })
    .await;
}

#[tokio::test]
async fn the_program_makes_cards_and_lets_them_misbehave() {
    let world = World::start().await;
    let run = async |arguments: &str| {
        let program = tokio::process::Command::new(env!("CARGO_BIN_EXE_pforte-twin"))
            .args(arguments.split(' '))
            .env("PFORTE_WORLD", world.process.folder())
            .output();
        let output = program.await.unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let well = async |arguments: &str| assert_eq!(run(arguments).await, (true, String::new()), "{arguments}");
    well("add-card --name eve --uid 04E0E1E2E3E4E5 --desfire ev2 --size 8k --random-uid").await;
    let kept = Content::load(&card_content(world.process.folder(), "eve")).unwrap();
    let model = Model { generation: Generation::Ev2, size: Size::K8, has_random_uid: true, ..Model::default() };
    assert_eq!(kept.model, model);
    well("copy-card --of eve --name mallory").await;
    let mut client = world.client().await;
    for (arguments, deed) in [
        ("wrong-mac", Deed::WrongMac),
        ("replay", Deed::Replay),
        ("silence", Deed::Silence),
        ("tear --bytes 3", Deed::Tear { bytes: 3 }),
        ("flip-command --bit 9", Deed::FlipCommand { bit: 9 }),
        ("flip-answer --bit 9", Deed::FlipAnswer { bit: 9 }),
        ("late --ms 500", Deed::Late { ms: 500 }),
        ("status --status ae", Deed::Status { status: 0xAE }),
        ("leave-before", Deed::LeaveBefore),
        ("leave-midway", Deed::LeaveMidway),
        ("leave-after", Deed::LeaveAfter),
        ("swap --card mallory", Deed::Swap { card: "mallory".into() }),
    ] {
        well(&format!("card --name eve --at 4 {arguments}")).await;
        let state = client.state().await.unwrap();
        let eve = state.cards.iter().find(|card| card.name == "eve").unwrap();
        assert_eq!(eve.misdeed, Some(Misdeed { at: 4, deed }));
    }
    well("card --name eve none").await;
    let state = client.state().await.unwrap();
    assert_eq!(state.cards.iter().find(|card| card.name == "eve").unwrap().misdeed, None);
    let (is_well, complaint) = run("card --name anna silence").await;
    assert!(!is_well && complaint.contains("no DESFire"), "{complaint}");
    let (is_well, complaint) = run("add-card --name f --uid 04E0E1E2E3E4E5 --random-uid").await;
    assert!(!is_well && complaint.contains("--desfire"), "{complaint}");
}

/// The site whose cards they are: its keys in one version.
pub(super) mod site {
    use hardware::card::Uid;
    use hardware::card::desfire::{
        AesKey, Application, ApplicationId, CardKeyChoice, CardTemplate, CardUid, CredentialNumber,
        DiversificationInput, Existing, KeyRole, KeyUnavailable, KeyVersion, KeysBefore, Nonces, Plan, ReadOrder,
        SystemId, diversify,
    };

    pub(crate) fn keys(
        role: KeyRole,
        version: KeyVersion,
        input: &DiversificationInput,
    ) -> Result<AesKey, KeyUnavailable> {
        if version.get() == 1 {
            Ok(diversify(&AesKey::new([0xB1; 16]), input))
        } else {
            Err(KeyUnavailable { role, version })
        }
    }

    pub(crate) fn nonces() -> Nonces {
        Box::new(rand::random)
    }

    fn application() -> Application {
        Application { id: ApplicationId::new([0xF4, 0x0F, 0x7E]).unwrap(), system: SystemId::new(b"a site").unwrap() }
    }

    pub(crate) fn plan(seen: Uid) -> Plan {
        Plan {
            seen,
            application: application(),
            version: KeyVersion::new(1).unwrap(),
            credential: CredentialNumber::new([0xC1; 16]).unwrap(),
            template: CardTemplate::new(vec![0x5A; 1536]),
            template_bytes_max: 1536,
            keys_before: KeysBefore::Any,
            card_key: CardKeyChoice::Diversify,
            existing: Existing::Refuse,
            is_ev1_allowed: false,
        }
    }

    pub(crate) fn read_order(seen: &Uid) -> ReadOrder {
        let Application { id, system } = application();
        let version = KeyVersion::new(1).unwrap();
        let input = DiversificationInput::new(&CardUid::new(seen.as_bytes()).unwrap(), id, &system, KeyRole::Reading);
        ReadOrder {
            application: id,
            keys: vec![(version, keys(KeyRole::Reading, version, &input).unwrap())],
            is_ev1_allowed: false,
        }
    }
}

/// Holds one conversation by the driver, over the real card service.
async fn converse<T: Send + 'static>(
    dialogue: impl FnOnce(Uid) -> Dialogue<'static, T> + Send + 'static,
) -> Result<T, TransportError> {
    let held = tokio::task::spawn_blocking(move || {
        let mut connection = Connection::open("Pforte in 00 00")?;
        let seen = connection.uid()?;
        connection.hold(dialogue(seen))
    });
    timeout(PATIENCE, held).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_driver_personalises_and_reads_a_card() {
    with_readers("desfire::the_driver_personalises_and_reads_a_card", async |folder| {
        let mut bench = Bench::new(&folder).await;
        let uid = [0x04, 0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5];
        let read_card = || converse(|seen| read(site::read_order(&seen), site::nonces()));
        let personalise_card = || converse(|seen| personalise(site::plan(seen), site::keys, site::nonces()));
        // It leaves in the middle, its application on it; then all of it is done.
        let leave = Some(Misdeed { at: 30, deed: Deed::LeaveAfter });
        bench.client.order(&Order::Card { card: "dora".into(), misdeed: leave }).await.unwrap();
        bench.client.tap("lobby-in", "dora").await.unwrap();
        bench.expect_card("in", &uid).await;
        let left = personalise_card().await;
        assert!(left.as_ref().map_or(true, Result::is_err), "{left:?}");
        bench.expect("in", ReaderChange::Removed).await;
        bench.client.order(&Order::Card { card: "dora".into(), misdeed: None }).await.unwrap();
        bench.client.tap("lobby-in", "dora").await.unwrap();
        bench.expect_card("in", &uid).await;
        let begun = read_card().await.unwrap().unwrap_err();
        assert!(!begun.is_clone_suspected(), "{begun}");
        let done = personalise_card().await.unwrap().unwrap();
        let kept = Content::load(&card_content(&folder, "dora")).unwrap();
        assert_eq!((done.uid.as_bytes(), done.free_bytes as usize), (&uid, kept.free_bytes()));
        let began = Instant::now();
        let card = read_card().await.unwrap().unwrap();
        println!("read in {:?}", began.elapsed());
        let plan = site::plan(Uid::new(&uid).unwrap());
        assert!(card.credential == plan.credential && card.template == plan.template);
        assert_eq!(card.messaging, Messaging::Ev2);

        // A copy has its UID and not its keys.
        let copy = Order::CopyCard { of: "dora".into(), name: "mallory".into(), label: None };
        bench.client.order(&copy).await.unwrap();
        bench.client.remove("lobby-in").await.unwrap();
        bench.expect("in", ReaderChange::Removed).await;
        bench.client.tap("lobby-in", "mallory").await.unwrap();
        bench.expect_card("in", &uid).await;
        let refused = read_card().await.unwrap().unwrap_err();
        assert!(refused.is_clone_suspected(), "{refused}");
    })
    .await;
}

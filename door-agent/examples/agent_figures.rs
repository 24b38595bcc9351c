//! Measures what belongs to the agent alone: its journal beside a bare append, how soon a long one is read again, what an entry
//! wears a card, and how long its rules are. `make bench` runs it and takes its report into its own.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use access_core::attempt::{Assurance, Attempt, ClockTrust};
use access_core::canonical;
use access_core::chain::Head;
use access_core::event::{Decided, Decision, Event, Record};
use access_core::policy::{
    AccessLevel, AntiPassback, AreaRule, CredentialRule, CredentialState, DoorRule, Exit, FactorDemand, Grant, Holder,
    LevelLine, PersonRule, Place, PolicyRows, PolicyScope, Side, Sides, SiteRule,
};
use access_core::protocol::{
    Bundle, BundleIndex, CardSecrets, SealedTemplate, SecretBytes, SignedBundle, TemplateContent, template_binding,
};
use access_core::time::{Period, Zone};
use access_core::{State, UnixMs};
use anyhow::{Context as _, ensure};
use clap::Parser;
use door_agent::door::Now;
use door_agent::history;
use door_agent::identity::Identity;
use door_agent::journal::segment;
use door_agent::journal::{Files, Journal, JournalError, Limits, Storage, Weight};
use door_agent::policy_store::PolicyStore;
use door_agent::recorder::{Entry, Recorder, Reply};
use ed25519_dalek::SigningKey;
use figures::{Figure, Samples, ms};
use hpke::{Kem as _, OpModeS, Serializable as _};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use uuid::Uuid;
use zeroize::Zeroizing;

#[path = "../tests/stand_in/mod.rs"]
mod stand_in;

use stand_in::stand_in;

/// So many write at once; each waits for its record before it writes the next.
const WRITERS: u64 = 64;
/// How long each side of a comparison is measured at a time, and how often.
const TURN: Duration = Duration::from_millis(700);
const TURNS: usize = 5;
/// Single entries that are timed.
const SINGLES: usize = 200;
/// Records of a long journal.
const LONG: u64 = 100_000;
/// Of the file that is appended to in comparison, in bytes.
const BARE_BYTES: u64 = 8 * 1024 * 1024;
/// Length of a template, in bytes: that of the sensors which are supported.
const TEMPLATE_BYTES: usize = 512;
/// Instant of everything in here.
const AT: UnixMs = UnixMs(1_793_491_200_000);
/// The same by a clock that a session told the time.
const NOW: Now = Now { mono_ms: 0, unix: AT, clock: ClockTrust::Trusted };
const UID: [u8; 4] = [4, 5, 6, 7];

#[derive(Parser)]
#[command(about = "Measures the agent's journal and rules")]
struct Arguments {
    /// On the disk that is measured; a folder is made in it and removed.
    #[arg(long, default_value = "/var/tmp")]
    folder: PathBuf,
    /// Where the report goes.
    #[arg(long, default_value = "target/bench/agent.json")]
    report: PathBuf,
    /// Nobody else writes to that disk: what it is given to write is counted, too, and nothing else is measured. Some minutes.
    #[arg(long)]
    wear_of_disk: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::Builder::new().prefix("pfa").tempdir_in(&arguments.folder)?;
    let identity = identity();
    let event = decision(&identity, folder.path())?;
    if arguments.wear_of_disk {
        for figure in wear_of_disk(&identity, &event, folder.path())? {
            writeln!(io::stdout(), "{}", figure.line())?;
        }
        return Ok(());
    }
    let mut figures = written(&identity, &event, folder.path())?;
    figures.extend(long(&identity, &event, folder.path())?);
    figures.extend(rules(&identity, folder.path())?);
    for figure in &figures {
        writeln!(io::stdout(), "{}", figure.line())?;
    }
    figures::write(figures, &arguments.report)
}

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn identity() -> Identity {
    let (sealing_key, _) = hpke::kem::X25519HkdfSha256::derive_keypair(&[5; 32]);
    Identity {
        policy_key: policy_key().verifying_key(),
        sealing_key: Zeroizing::new(sealing_key.to_bytes().into()),
        ..stand_in(Vec::new(), Vec::new())
    }
}

fn policy_key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

/// Rules of one door for so many people, each with a card and a grant of their own.
fn bundle(identity: &Identity, people: u128, with_fingers: bool) -> Bundle {
    let valid = Period { from: UnixMs(0), until: None };
    let person = |number| PersonRule {
        id: id(number),
        is_active: true,
        has_finger: with_fingers,
        has_pin: false,
        needs_longer: false,
        exemption: None,
        escort: None,
        groups: Vec::new(),
    };
    // The first one's is the card that is shown.
    let token = |number: u128| match number {
        1 => token(&UID),
        _ => access_core::policy::CardToken(Sha256::digest(number.to_be_bytes()).into()),
    };
    let card = |number| CredentialRule {
        id: id(number),
        person: id(number),
        token: token(number),
        state: CredentialState::Active,
        valid,
        proves_itself: true,
    };
    let grant = |number| Grant { id: id(number), holder: Holder::Person(id(number)), level: id(1), valid };
    let area = |number| {
        let anti_passback = AntiPassback::Off;
        AreaRule { id: id(number), site: id(1), anti_passback, persons_max: None, two_person: None }
    };
    let lines = vec![LevelLine { places: vec![Place::Tenant], sides: Sides::Both, schedule: None, factors: None }];
    let policy = PolicyRows {
        version: 1,
        scope: PolicyScope::Cut,
        sites: vec![SiteRule { id: id(1), zone: Zone::utc(), accepts_uid_only: true, calendar: None }],
        areas: vec![area(1), area(2)],
        doors: vec![DoorRule {
            id: id(1),
            site: id(1),
            leads_from: id(1),
            leads_to: id(2),
            factors_in: FactorDemand::Card,
            factors_out: FactorDemand::Card,
            factor_lines: Vec::new(),
            modes: Vec::new(),
            release_ms: 5_000,
            held_ms: 30_000,
            release_longer_ms: 10_000,
            held_longer_ms: 60_000,
            exit: Exit::Mechanical,
            has_contact: true,
        }],
        levels: vec![AccessLevel { id: id(1), lines }],
        persons: (1..=people).map(person).collect(),
        credentials: (1..=people).map(card).collect(),
        grants: (1..=people).map(grant).collect(),
        ..PolicyRows::empty(id(1))
    };
    Bundle {
        installation: identity.installation,
        mode: identity.mode,
        agent: identity.agent,
        sequence: 1,
        signed_at: AT,
        age_max_s: 24 * 60 * 60,
        card_key: SecretBytes(vec![8; 32]),
        policy,
        templates: if with_fingers {
            (1..=people).filter_map(|number| template(identity, number)).collect()
        } else {
            Vec::new()
        },
        cards: CardSecrets::default(),
        pins: access_core::protocol::SealedPins::default(),
    }
}

fn token(uid: &[u8]) -> access_core::policy::CardToken {
    use hmac::{KeyInit as _, Mac as _};
    // A key of any length is taken.
    let Ok(mut mac) = hmac::Hmac::<Sha256>::new_from_slice(&[8; 32]) else {
        return access_core::policy::CardToken([0; 32]);
    };
    mac.update(uid);
    access_core::policy::CardToken(mac.finalize().into_bytes().into())
}

fn template(identity: &Identity, number: u128) -> Option<SealedTemplate> {
    type X25519 = hpke::kem::X25519HkdfSha256;
    let (_, public) = X25519::derive_keypair(&[5; 32]);
    let content =
        canonical::encode(&TemplateContent { is_duress: false, template: SecretBytes(vec![9; TEMPLATE_BYTES]) });
    let (key, sealed) = hpke::single_shot_seal::<hpke::aead::ChaCha20Poly1305, hpke::kdf::HkdfSha256, X25519>(
        &OpModeS::Base,
        &public,
        b"pforte template 1",
        &content,
        &template_binding(identity.agent, id(number), id(number)),
    )
    .ok()?;
    let sealed = [key.to_bytes().as_slice(), &sealed].concat();
    Some(SealedTemplate { finger: id(number), person: id(number), sensor_type: "zfm20".to_owned(), sealed })
}

/// What is recorded of an entry: a grant by real rules.
fn decision(identity: &Identity, folder: &Path) -> anyhow::Result<Event> {
    let mut store = PolicyStore::new(identity.clone(), folder);
    store.take(&SignedBundle::sign(&bundle(identity, 100, false), &policy_key()), NOW)?;
    let attempt = Attempt {
        id: id(1),
        door: id(1),
        side: Side::In,
        at: AT,
        clock: ClockTrust::Trusted,
        card: store.card_token(&UID).context("a card key")?,
        assurance: Assurance::Authenticated,
        finger: None,
        pin: None,
    };
    let ruling = store.decide(&State::of_own_doors(), attempt);
    ensure!(matches!(ruling.verdict.outcome, access_core::Outcome::Grant { .. }), "{:?}", ruling.verdict);
    Ok(Event::Decision(Box::new(Decision {
        attempt: ruling.attempt,
        circumstances: ruling.circumstances,
        verdict: ruling.verdict,
        rules_version: ruling.rules_version,
        decided: Decided::Offline,
    })))
}

/// A file of zeros to append to, as bare as can be.
struct Bare {
    file: File,
    at: u64,
    bytes: Vec<u8>,
}

impl Bare {
    fn make(folder: &Path, record_bytes: usize) -> anyhow::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(folder.join("bare"))?;
        file.write_all_at(&vec![0; usize::try_from(BARE_BYTES)?], 0)?;
        file.sync_all()?;
        Ok(Self { file, at: 0, bytes: vec![0xA5; record_bytes] })
    }

    fn append(&mut self) -> anyhow::Result<()> {
        if self.at + self.bytes.len() as u64 > BARE_BYTES {
            self.at = 0;
        }
        self.file.write_all_at(&self.bytes, self.at)?;
        self.file.sync_data()?;
        self.at += self.bytes.len() as u64;
        Ok(())
    }
}

/// The agent's own recorder with its thread, and how far it is.
struct Writing {
    recorder: Recorder,
    replies: mpsc::UnboundedReceiver<Reply>,
    event: Event,
    next: u64,
    /// What was written so far, in bytes.
    worn: Arc<AtomicUsize>,
}

impl Writing {
    fn start(identity: &Identity, event: &Event, folder: &Path) -> anyhow::Result<Self> {
        let worn = Arc::new(AtomicUsize::new(0));
        let storage = Counted { files: Files::open(folder)?, bytes: Arc::clone(&worn) };
        let journal = Journal::open(storage, Limits::STANDARD, Head::start_of(1))?;
        let (sender, replies) = mpsc::unbounded_channel();
        let recorder = Recorder::start(Ok(journal), identity.author(), identity.record_key.clone(), sender)?;
        Ok(Self { recorder, replies, event: event.clone(), next: 0, worn })
    }

    fn ask(&mut self, count: u64) {
        for number in self.next..self.next + count {
            let (event, weight) = (self.event.clone(), Weight::Vital);
            self.recorder.record(Entry { number, at: AT, clock: ClockTrust::Trusted, event, weight });
        }
        self.next += count;
    }

    /// How many records the next answer is about, which lie on the disk then. What lies there counts as acknowledged.
    fn answered(&mut self) -> anyhow::Result<u64> {
        match self.replies.blocking_recv().context("the recorder ended")? {
            Reply::Written { numbers, head, .. } => {
                self.recorder.acknowledge(head);
                Ok(numbers.len() as u64)
            }
            other => anyhow::bail!("not written: {other:?}"),
        }
    }

    /// Records a second, while so many write at once.
    fn rate(&mut self, writers: u64) -> anyhow::Result<f64> {
        let (began, mut written) = (Instant::now(), 0);
        self.ask(writers);
        while began.elapsed() < TURN {
            let answered = self.answered()?;
            written += answered;
            self.ask(answered);
        }
        let rate = written as f64 / began.elapsed().as_secs_f64();
        let mut left = writers;
        while left > 0 {
            left -= self.answered()?;
        }
        Ok(rate)
    }
}

/// Blocks of a card are written whole, in bytes.
const BLOCK_BYTES: usize = 4_096;

/// The journal's own storage, and how much of a card it wears: whole blocks, each time that they are synced. What the file system
/// writes of its own comes on top.
struct Counted {
    files: Files,
    bytes: Arc<AtomicUsize>,
}

impl Counted {
    fn count(&self, offset: usize, bytes: usize) {
        let blocks = (offset + bytes).div_ceil(BLOCK_BYTES) - offset / BLOCK_BYTES;
        self.bytes.fetch_add(blocks * BLOCK_BYTES, Ordering::Relaxed);
    }
}

impl Storage for Counted {
    fn list(&self) -> io::Result<Vec<u64>> {
        self.files.list()
    }

    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        self.files.read(number)
    }

    fn create(&mut self, number: u64, header: &[u8], bytes: usize) -> io::Result<()> {
        self.count(0, bytes);
        self.files.create(number, header, bytes)
    }

    fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.count(offset, bytes.len());
        self.files.write(number, offset, bytes)
    }

    fn remove(&mut self, number: u64) -> io::Result<()> {
        self.files.remove(number)
    }

    fn name(&self, number: u64) -> String {
        self.files.name(number)
    }

    fn note(&mut self, mark: &[u8]) {
        self.files.note(mark);
    }

    fn noted(&self) -> Vec<Vec<u8>> {
        self.files.noted()
    }
}

fn written(identity: &Identity, event: &Event, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let record = Record {
        author: identity.author(),
        epoch: 1,
        seq: 1,
        previous: access_core::chain::Digest([0; 32]),
        at: AT,
        clock: ClockTrust::Trusted,
        event: event.clone(),
    };
    let signed = access_core::chain::SignedRecord::sign(&record, &identity.record_key);
    let frame = segment::FRAME_HEAD_BYTES + segment::write_payload(std::slice::from_ref(&signed)).len();
    let mut bare = Bare::make(folder, frame)?;
    let mut writing = Writing::start(identity, event, &folder.join("written"))?;
    writing.rate(WRITERS)?;
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    for _ in 0..TURNS {
        ours.push(writing.rate(WRITERS)?);
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < TURN {
            bare.append()?;
            count += 1;
        }
        theirs.push(f64::from(count) / began.elapsed().as_secs_f64());
    }
    let (mut single, mut append) = (Samples::default(), Samples::default());
    for _ in 0..SINGLES {
        let began = Instant::now();
        writing.ask(1);
        writing.answered()?;
        single.push(ms(began.elapsed()));
        let began = Instant::now();
        bare.append()?;
        append.push(ms(began.elapsed()));
    }
    let mut worn = |writers: u64, rounds: u64| -> anyhow::Result<f64> {
        let before = writing.worn.load(Ordering::Relaxed);
        for _ in 0..rounds {
            writing.ask(writers);
            let mut left = writers;
            while left > 0 {
                left -= writing.answered()?;
            }
        }
        Ok((writing.worn.load(Ordering::Relaxed) - before) as f64 / (writers * rounds) as f64)
    };
    let (alone, together) = (worn(1, 2_000)?, worn(WRITERS, 200)?);
    let capacity = (Limits::STANDARD.segment_bytes / frame * Limits::STANDARD.segments_max) as f64;
    Ok(vec![
        Figure::against("journal.vs_fdatasync", ours.median()?, "records/s", theirs.median()?),
        Figure::against("journal.single_ms", single.median()?, "ms", append.median()?),
        Figure::plain("journal.record_bytes", frame as f64, "bytes"),
        Figure::plain("journal.capacity_records", capacity, "records"),
        Figure::plain("journal.wear_alone_bytes", alone, "bytes/entry"),
        Figure::plain("journal.wear_together_bytes", together, "bytes/entry"),
    ])
}

/// Records or entries far from each other that are measured.
const SPACED: u64 = 20;
/// Records that one entry makes: decided, released, opened, entered, closed.
const ENTRY: u64 = 5;
/// Time between two of them: longer than ext4 keeps back what changed beside the records (5 s).
const SPACE: Duration = Duration::from_secs(6);

/// The block device under a folder.
struct Disk<'a> {
    folder: &'a Path,
    figures: PathBuf,
}

impl<'a> Disk<'a> {
    fn under(folder: &'a Path) -> anyhow::Result<Self> {
        let number = std::fs::metadata(folder)?.dev();
        let (major, minor) = (nix::sys::stat::major(number), nix::sys::stat::minor(number));
        Ok(Self { folder, figures: format!("/sys/dev/block/{major}:{minor}/stat").into() })
    }

    /// What it was given to write since it is there, in bytes, once everything is written.
    fn written(&self) -> anyhow::Result<u64> {
        let synced = std::process::Command::new("sync").arg("-f").arg(self.folder).status()?;
        ensure!(synced.success(), "sync: {synced}");
        let figures = std::fs::read_to_string(&self.figures).with_context(|| format!("{}", self.figures.display()))?;
        // The seventh figure, in sectors of 512 bytes (block/stat of the kernel's documentation).
        let sectors: u64 = figures.split_whitespace().nth(6).context("no figures of a disk")?.parse()?;
        Ok(512 * sectors)
    }
}

/// What a disk is given to write for a record, the file system's own with it.
fn wear_of_disk(identity: &Identity, event: &Event, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let disk = Disk::under(folder)?;
    let mut writing = Writing::start(identity, event, &folder.join("worn"))?;
    // So many rounds of so many records one after another, each together with others.
    let mut measure = |rounds: u64, records: u64, together: u64, space: Duration| -> anyhow::Result<f64> {
        let before = disk.written()?;
        for _ in 0..rounds {
            for _ in 0..records {
                writing.ask(together);
                let mut left = together;
                while left > 0 {
                    left -= writing.answered()?;
                }
            }
            #[expect(clippy::disallowed_methods, reason = "time passes between two records, and nothing else happens")]
            std::thread::sleep(space);
        }
        Ok((disk.written()? - before) as f64 / (rounds * records * together) as f64)
    };
    // Whole segments, so that each one's making is counted with the records that lie in it.
    let alone = measure(10_000, 1, 1, Duration::ZERO)?;
    let together = measure(400, 1, WRITERS, Duration::ZERO)?;
    let entry = measure(SPACED, ENTRY, 1, SPACE)? * ENTRY as f64;
    let spaced = measure(SPACED, 1, 1, SPACE)?;
    Ok(vec![
        Figure::plain("journal.disk_alone_bytes", alone, "bytes/record"),
        Figure::plain("journal.disk_together_bytes", together, "bytes/record"),
        Figure::plain("journal.disk_entry_bytes", entry, "bytes/entry"),
        Figure::plain("journal.disk_spaced_bytes", spaced, "bytes/record"),
    ])
}

/// How soon a start has read a journal that is as long as it may get.
fn long(identity: &Identity, event: &Event, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let folder = folder.join("long");
    let open = || -> Result<Journal<Files>, JournalError> {
        let files = Files::open(&folder).map_err(|error| JournalError::Unusable(error.to_string()))?;
        Journal::open(files, Limits::STANDARD, Head::start_of(1))
    };
    let mut journal = open()?;
    let mut head = journal.head();
    while head.seq < LONG {
        let mut records = Vec::new();
        for _ in 0..50 {
            let record = Record {
                author: identity.author(),
                epoch: 1,
                seq: head.seq + 1,
                previous: head.hash,
                at: AT,
                clock: ClockTrust::Trusted,
                event: event.clone(),
            };
            let signed = access_core::chain::SignedRecord::sign(&record, &identity.record_key);
            head = signed.head(&record);
            records.push(signed);
        }
        journal.append(&records, Weight::Vital)?;
    }
    drop(journal);
    let mut took = Samples::default();
    for _ in 0..3 {
        let began = Instant::now();
        let journal = open()?;
        let after = Head { seq: journal.head().seq.saturating_sub(history::RECORDS_MAX), ..journal.head() };
        let newest = journal.read_after(&after, usize::MAX)?;
        let records: Vec<Record> = newest.iter().filter_map(|signed| signed.read().ok()).collect();
        history::read(&records);
        took.push(began.elapsed().as_secs_f64());
        ensure!(journal.head().seq == LONG, "{} records", journal.head().seq);
    }
    Ok(vec![Figure::plain("journal.recovery_s", took.median()?, "s")])
}

/// How long rules are, and how soon they are in force.
fn rules(identity: &Identity, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let bytes = |people, with_fingers| {
        canonical::encode(&SignedBundle::sign(&bundle(identity, people, with_fingers), &policy_key())).len()
    };
    let per_1000 = |with_fingers| (bytes(1_001, with_fingers) - bytes(1, with_fingers)) as f64 / 1_024.0;
    let many = SignedBundle::sign(&bundle(identity, 50_000, false), &policy_key());
    let mut store = PolicyStore::new(identity.clone(), folder);
    let began = Instant::now();
    store.take(&many, NOW)?;
    let took = began.elapsed().as_secs_f64();
    let mut figures = vec![
        Figure::plain("bundle.kib_per_1000_people", per_1000(false), "KiB"),
        Figure::plain("bundle.kib_per_1000_fingers", per_1000(true) - per_1000(false), "KiB"),
        Figure::plain("bundle.take_50000_s", took, "s"),
    ];
    for people in [1_000, 10_000] {
        figures.extend(changes(identity, folder, people)?);
    }
    Ok(figures)
}

/// How long the deltas of single changes are, and how soon one is in force.
fn changes(identity: &Identity, folder: &Path, people: u128) -> anyhow::Result<Vec<Figure>> {
    let base = bundle(identity, people, true);
    let whole = SignedBundle::sign(&base, &policy_key());
    let began = Instant::now();
    let index = BundleIndex::of(&whole);
    let indexing = began.elapsed().as_secs_f64();
    let changed = |change: &dyn Fn(&mut Bundle)| {
        let mut bundle = base.clone();
        bundle.sequence += 1;
        bundle.signed_at = AT.plus_ms(60_000);
        bundle.policy.version += 1;
        change(&mut bundle);
        SignedBundle::sign(&bundle, &policy_key())
    };
    let middle = usize::try_from(people / 2)?;
    let grant = changed(&|bundle| bundle.policy.grants[middle].valid.until = Some(AT));
    let card = changed(&|bundle| bundle.policy.credentials[middle].state = CredentialState::Lost);
    let more = bundle(identity, people + 1, true);
    let person = changed(&|bundle| {
        bundle.policy.persons.extend(more.policy.persons.last().cloned());
        bundle.policy.credentials.extend(more.policy.credentials.last().cloned());
        bundle.policy.grants.extend(more.policy.grants.last().cloned());
        bundle.templates.extend(more.templates.last().cloned());
    });
    let kib = |next: &SignedBundle| canonical::encode(&index.delta_to(next)).len() as f64 / 1_024.0;
    let mut store = PolicyStore::new(identity.clone(), &folder.join(people.to_string()));
    store.take(&whole, NOW)?;
    let delta = index.delta_to(&card);
    let began = Instant::now();
    let rebuilt = store.rebuilt(&delta)?.context("a newer bundle")?;
    ensure!(store.take(&rebuilt, NOW)?, "a newer bundle");
    let took = began.elapsed().as_secs_f64();
    let figure = |name: &str, value, unit| Figure::plain(&format!("bundle.{name}_{people}"), value, unit);
    Ok(vec![
        figure("whole_kib", canonical::encode(&whole).len() as f64 / 1_024.0, "KiB"),
        figure("delta_kib_per_change", kib(&grant), "KiB"),
        figure("delta_kib_per_revoked_card", kib(&card), "KiB"),
        figure("delta_kib_per_new_person", kib(&person), "KiB"),
        figure("delta_take_s", took, "s"),
        figure("index_s", indexing, "s"),
        figure("index_kib", index.bytes() as f64 / 1_024.0, "KiB"),
    ])
}

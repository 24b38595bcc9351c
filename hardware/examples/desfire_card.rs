//! Looks at a DESFire card on a reader, and personalises, reads, re-keys or wipes it as an enrolment station and a door do.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use hardware::card::desfire::*;
use serde::Deserialize;
use zeroize::Zeroizing;

/// Looks at a DESFire card on a reader, and personalises, reads, re-keys or wipes it
#[derive(Parser)]
struct Arguments {
    /// The reader's full PC/SC name, as list_readers prints it
    #[arg(long)]
    reader: String,
    /// TOML file with application (6 hexadecimal digits), system (5 to 20 letters) and a table of masters: version = 32 digits
    #[arg(long)]
    keys: Option<PathBuf>,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// What the card is, without any key
    Look,
    /// From the factory to a card with a random number and a template of so many made-up bytes
    Personalise {
        #[arg(long, default_value_t = 0)]
        template_bytes: usize,
    },
    /// As a door reads it
    Read,
    /// Gives it the keys of the newest version in the file
    Rekey,
    /// Takes the application off
    Wipe {
        /// And gives the card the factory's key back
        #[arg(long)]
        to_factory: bool,
    },
}

/// The bench's keys. A site's masters never lie in such a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BenchKeys {
    application: String,
    system: String,
    /// Master keys by version.
    masters: BTreeMap<String, String>,
}

struct Bench {
    application: Application,
    masters: BTreeMap<u8, AesKey>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "desfire_card: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let mut card = Connection::open(&arguments.reader)?;
    if let Task::Look = arguments.task {
        let look = converse(nonces(), |mut card| async move {
            card.select(ApplicationId::CARD).await?;
            let (version, table) = (card.version().await?, card.key_table().await?);
            Ok::<_, DesfireError>((version, table, card.free_bytes().await?, card.key_version(0).await?))
        });
        let (Version { generation, storage_bytes, uid }, table, free_bytes, version) = card.hold(look)??;
        let uid = if uid.is_some() { "a fixed UID" } else { "a random UID" };
        writeln!(out, "{generation:?} with {uid}, {free_bytes} of about {storage_bytes} bytes free")?;
        writeln!(out, "settings {:02X}, keys {:02X}, key version {version}", table.settings.0, table.keys)?;
        return Ok(());
    }
    let bench = Bench::read(&arguments.keys.context("say --keys")?)?;
    let newest = *bench.masters.keys().last().context("the file has no keys")?;
    let version = KeyVersion::new(newest).context("key versions go from 1 to 255")?;
    let (seen, application, is_ev1_allowed) = (card.uid()?, bench.application.clone(), true);
    let keys = |role, version: KeyVersion, input: &DiversificationInput| bench.key(role, version, input);
    match arguments.task {
        Task::Look => {}
        Task::Personalise { template_bytes } => {
            let credential = CredentialNumber::new(rand::random()).context("not a number")?;
            let template = CardTemplate::new(vec![0x5A; template_bytes]);
            let (card_key, existing) = (CardKeyChoice::Diversify, Existing::Replace);
            let template_bytes_max = template_bytes;
            let plan = Plan {
                seen,
                application,
                version,
                credential,
                template,
                template_bytes_max,
                keys_before: KeysBefore::Any,
                card_key,
                existing,
                is_ev1_allowed,
            };
            let done = card.hold(personalise(plan, keys, nonces()))??;
            writeln!(out, "personalised by {:?}, {} bytes are left", done.messaging, done.free_bytes)?;
        }
        Task::Read => {
            let uid = CardUid::new(seen.as_bytes()).context("not a UID of 7 bytes")?;
            let input = DiversificationInput::new(&uid, application.id, &application.system, KeyRole::Reading);
            let versions = bench.masters.keys().filter_map(|version| KeyVersion::new(*version));
            let keys =
                versions.filter_map(|version| Some((version, bench.key(KeyRole::Reading, version, &input).ok()?)));
            let order = ReadOrder { application: application.id, keys: keys.collect(), is_ev1_allowed };
            let began = std::time::Instant::now();
            let read = card.hold(read(order, nonces()))??;
            let template_bytes = read.template.map_or(0, |template| template.as_bytes().len());
            let (version, messaging) = (read.key_version, read.messaging);
            writeln!(out, "genuine, keys in version {version}, by {messaging:?}, {template_bytes} bytes of template")?;
            writeln!(out, "read in {:?}", began.elapsed())?;
        }
        Task::Rekey => {
            let order = RekeyOrder { seen, application, version, card_key: CardKeyChoice::Diversify, is_ev1_allowed };
            let done = card.hold(rekey(order, keys, nonces()))??;
            writeln!(out, "keys in version {}", done.version)?;
        }
        Task::Wipe { to_factory } => {
            let card_key = if to_factory { CardKeyAfter::Factory } else { CardKeyAfter::Keep };
            let done = card.hold(wipe(WipeOrder { seen, application, card_key, is_ev1_allowed }, keys, nonces()))??;
            let was = if done.was_there { "wiped" } else { "there was nothing to wipe" };
            writeln!(out, "{was}, {} bytes are free", done.free_bytes)?;
        }
    }
    Ok(())
}

impl Bench {
    fn read(path: &PathBuf) -> anyhow::Result<Self> {
        let text = Zeroizing::new(std::fs::read_to_string(path).context("the keys can't be read")?);
        let keys: BenchKeys = toml::from_str(&text).context("the keys can't be read")?;
        let id: [u8; 3] = bytes(&keys.application)?;
        let id = ApplicationId::new(id).context("an application's number is not all zero")?;
        let system = SystemId::new(keys.system.as_bytes())?;
        let mut masters = BTreeMap::new();
        for (version, key) in keys.masters {
            let key = Zeroizing::new(key);
            masters.insert(version.parse().context("a key's version is a number")?, AesKey::new(bytes(&key)?));
        }
        Ok(Self { application: Application { id, system }, masters })
    }

    fn key(&self, role: KeyRole, version: KeyVersion, input: &DiversificationInput) -> Result<AesKey, KeyUnavailable> {
        let master = self.masters.get(&version.get()).ok_or(KeyUnavailable { role, version })?;
        Ok(diversify(master, input))
    }
}

fn nonces() -> Nonces {
    Box::new(rand::random)
}

fn bytes<const N: usize>(digits: &str) -> anyhow::Result<[u8; N]> {
    anyhow::ensure!(digits.len() == 2 * N && digits.is_ascii(), "{N} bytes in hexadecimal are wanted");
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).context("that is not hexadecimal")?;
    }
    Ok(bytes)
}

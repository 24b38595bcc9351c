//! Serves a world of twins, and acts in one from the command line.
//!
//! A card is one that knows its UID and no command, or a DESFire. In a world file:
//!
//! ```toml
//! [[card]]
//! name = "anna"
//! uid = "04A1B2C3D4E5F6"
//! desfire = { generation = "ev3", size = "4k", has_random_uid = false, frame_bytes = 64 }
//! ```
//!
//! All four have these defaults: `desfire = {}` is the same. Or while the world runs, where a misdeed counts commands since the
//! card got power and holds until `none`:
//!
//! ```text
//! pforte-twin add-card --name anna --uid 04A1B2C3D4E5F6 --desfire ev3
//! pforte-twin copy-card --of anna --name mallory
//! pforte-twin card --name anna --at 4 wrong-mac
//! pforte-twin card --name anna --at 6 swap --card mallory
//! pforte-twin card --name anna none
//! ```

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::{Parser, Subcommand, ValueEnum};
use hardware::card::virtual_card::CardFault;
use hardware::card::virtual_desfire::{Deed, Generation, Misdeed, Model, Size};
use hardware::door_io::WatchedInput;
use hardware::world::{self, Client, Order, SensorWish, WorldFile};
use tokio::signal::unix::{SignalKind, signal};

/// Virtual cards, fingers and doors for Pforte. Never part of an installation.
#[derive(Parser)]
#[command(name = "pforte-twin", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves a world until told to end; prints "world ready" once everything is usable
    Serve {
        /// The world file
        #[arg(long)]
        world: PathBuf,
        /// Where its sockets and lines shall be
        #[arg(long)]
        folder: PathBuf,
        /// Ends when the standard input is closed, so that nothing outlives whoever started it
        #[arg(long)]
        end_with_stdin: bool,
        /// Set by this program itself
        #[arg(long, hide = true)]
        in_private_network: bool,
    },
    /// Holds a card against a reader
    Tap {
        #[command(flatten)]
        at: At,
        /// Name of the card
        #[arg(long)]
        card: String,
    },
    /// Takes the card away
    Remove(At),
    /// Places a finger on a sensor
    Finger {
        #[command(flatten)]
        at: At,
        /// Name of the finger
        #[arg(long)]
        finger: String,
    },
    /// Lifts the finger
    Lift(At),
    /// Presses keys of a keypad
    Type {
        #[command(flatten)]
        at: At,
        /// Digits, `#` for Enter, `*` for Clear, `!` for Cancel
        #[arg(long)]
        keys: String,
    },
    /// Unplugs a keypad
    Keypad {
        #[command(flatten)]
        at: At,
        /// Plugs it in again instead
        #[arg(long)]
        plug: bool,
    },
    /// Pushes a door and goes through
    Push(At),
    /// Closes a door
    Close(At),
    /// Opens a door by force
    Force(At),
    /// Presses the request-to-exit
    Rex {
        #[command(flatten)]
        at: At,
        /// Lets go of it instead
        #[arg(long)]
        let_go: bool,
    },
    /// Opens the housing
    Tamper {
        #[command(flatten)]
        at: At,
        /// Closes it instead
        #[arg(long)]
        clear: bool,
    },
    /// Lets an input that is only watched report: reader_tamper, sensor_tamper, fire, mains_lost, battery_low, zone_1 to zone_4
    Input {
        #[command(flatten)]
        at: At,
        /// Which
        #[arg(long, value_parser = by_name::<WatchedInput>)]
        input: WatchedInput,
        /// Lets it be at rest instead
        #[arg(long)]
        clear: bool,
    },
    /// Lets a sensor misbehave
    Sensor {
        #[command(flatten)]
        at: At,
        /// How
        #[arg(long)]
        fault: SensorFaultName,
    },
    /// Lets cards at a reader misbehave
    Reader {
        #[command(flatten)]
        at: At,
        /// How
        #[arg(long)]
        fault: ReaderFaultName,
    },
    /// Kills the card service
    KillPcscd(Folder),
    /// Starts the card service again
    StartPcscd(Folder),
    /// Makes a card
    AddCard {
        #[command(flatten)]
        folder: Folder,
        /// Its name
        #[arg(long)]
        name: String,
        /// Its UID in hexadecimal; seven bytes for a DESFire
        #[arg(long)]
        uid: String,
        /// What people call it
        #[arg(long)]
        label: Option<String>,
        /// Makes it a DESFire, ev1, ev2 or ev3: as it was left in the world's folder, else from the factory
        #[arg(long, value_parser = by_name::<Generation>)]
        desfire: Option<Generation>,
        /// How much the DESFire holds: 2k, 4k or 8k
        #[arg(long, default_value = "4k", requires = "desfire", value_parser = by_name::<Size>)]
        size: Size,
        /// Has the DESFire tell readers another UID each time it gets power
        #[arg(long, requires = "desfire")]
        random_uid: bool,
    },
    /// Copies a DESFire as one can who knows no key: same UID, same structure, other keys
    CopyCard {
        #[command(flatten)]
        folder: Folder,
        /// Name of the card that is copied
        #[arg(long)]
        of: String,
        /// Name of the copy
        #[arg(long)]
        name: String,
        /// What people call it
        #[arg(long)]
        label: Option<String>,
    },
    /// Lets a DESFire misbehave, each time it has power, until it is told `none`
    Card {
        #[command(flatten)]
        folder: Folder,
        /// Name of the card
        #[arg(long)]
        name: String,
        /// At which command since it got power
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        at: u32,
        /// How
        #[command(subcommand)]
        deed: DeedName,
    },
    /// Makes a finger
    AddFinger {
        #[command(flatten)]
        folder: Folder,
        /// Its name
        #[arg(long)]
        name: String,
        /// The number that everything about it follows from
        #[arg(long)]
        seed: u64,
        /// What people call it
        #[arg(long)]
        label: Option<String>,
    },
    /// Prints how everything is
    State(Folder),
    /// Prints how everything is, now and after every change
    Watch(Folder),
}

#[derive(clap::Args)]
struct Folder {
    /// Folder of the world
    #[arg(long, env = "PFORTE_WORLD")]
    folder: PathBuf,
}

#[derive(clap::Args)]
struct At {
    #[command(flatten)]
    folder: Folder,
    /// Name of the door, or of a place
    #[arg(long)]
    door: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum SensorFaultName {
    None,
    Misread,
    Hang,
    Garbage,
    CombinesAnything,
    AlwaysMatches,
    KeepsTemplates,
    Unplug,
    Plug,
}

#[derive(Clone, Copy, ValueEnum)]
enum ReaderFaultName {
    None,
    Hang,
    OddAnswer,
}

#[derive(Clone, Subcommand)]
enum DeedName {
    /// Be well
    None,
    /// Spoil the first MAC from that command on
    WrongMac,
    /// Answer from that command on as in the session before
    Replay,
    /// Be silent from that command on
    Silence,
    /// Answer that command with a part of its answer
    Tear {
        /// How many bytes of it
        #[arg(long)]
        bytes: usize,
    },
    /// Hear that command with one bit turned over
    FlipCommand {
        /// Which, from the highest of the first byte
        #[arg(long)]
        bit: usize,
    },
    /// Answer that command with one bit turned over
    FlipAnswer {
        /// Which, from the highest of the first byte
        #[arg(long)]
        bit: usize,
    },
    /// Answer late from that command on
    Late {
        /// By how many milliseconds
        #[arg(long)]
        ms: u64,
    },
    /// Refuse that command
    Status {
        /// Second byte of the status, in hexadecimal
        #[arg(long, value_parser = hexadecimal)]
        status: u8,
    },
    /// Leave before that command is carried out
    LeaveBefore,
    /// Leave while that command is carried out: half is written
    LeaveMidway,
    /// Leave once that command is carried out, before it is answered
    LeaveAfter,
    /// Be swapped for another card before that command
    Swap {
        /// Name of the other, a DESFire too
        #[arg(long)]
        card: String,
    },
}

/// Takes what files of a world name the same.
fn by_name<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

fn hexadecimal(text: &str) -> Result<u8, String> {
    u8::from_str_radix(text, 16).map_err(|error| error.to_string())
}

/// One thread: the card service dies with the thread that started it, which must be one that lasts.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // In plain words, and without a trace of calls.
            let _ = writeln!(std::io::stderr(), "pforte-twin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    let (folder, order) = match command {
        Command::Serve { world, folder, end_with_stdin, in_private_network } => {
            return serve(world, folder, end_with_stdin, in_private_network).await;
        }
        Command::State(Folder { folder }) => {
            let state = Client::connect(&folder).await?.state().await?;
            writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&state)?)?;
            return Ok(());
        }
        Command::Watch(Folder { folder }) => {
            let mut watch = Client::connect(&folder).await?.watch().await?;
            loop {
                writeln!(std::io::stdout(), "{}", serde_json::to_string(watch.state())?)?;
                watch.changed().await?;
            }
        }
        Command::Tap { at, card } => at.order(|at| Order::Tap { at, card }),
        Command::Remove(at) => at.order(|at| Order::Remove { at }),
        Command::Finger { at, finger } => at.order(|at| Order::Finger { at, finger }),
        Command::Lift(at) => at.order(|at| Order::Lift { at }),
        Command::Type { at, keys } => at.order(|at| Order::Type { at, keys }),
        Command::Keypad { at, plug } => at.order(|at| Order::Keypad { at, plugged: plug }),
        Command::Push(at) => at.order(|door| Order::Push { door }),
        Command::Close(at) => at.order(|door| Order::Close { door }),
        Command::Force(at) => at.order(|door| Order::Force { door }),
        Command::Rex { at, let_go } => at.order(|door| Order::Rex { door, pressed: !let_go }),
        Command::Tamper { at, clear } => at.order(|door| Order::Tamper { door, tampered: !clear }),
        Command::Input { at, input, clear } => at.order(|door| Order::Input { door, input, active: !clear }),
        Command::Sensor { at, fault } => at.order(|at| Order::Sensor { at, fault: fault.into() }),
        Command::Reader { at, fault } => at.order(|at| Order::Reader { at, fault: fault.into() }),
        Command::KillPcscd(Folder { folder }) => (folder, Order::KillPcscd {}),
        Command::StartPcscd(Folder { folder }) => (folder, Order::StartPcscd {}),
        Command::AddCard { folder, name, uid, label, desfire, size, random_uid } => {
            let desfire =
                desfire.map(|generation| Model { generation, size, has_random_uid: random_uid, ..Model::default() });
            (folder.folder, Order::AddCard { name, uid, label, desfire })
        }
        Command::CopyCard { folder, of, name, label } => (folder.folder, Order::CopyCard { of, name, label }),
        Command::Card { folder, name, at, deed } => {
            let misdeed = deed.deed().map(|deed| Misdeed { at, deed });
            (folder.folder, Order::Card { card: name, misdeed })
        }
        Command::AddFinger { folder, name, seed, label } => (folder.folder, Order::AddFinger { name, seed, label }),
    };
    Ok(Client::connect(&folder).await?.order(&order).await?)
}

impl At {
    fn order(self, order: impl FnOnce(String) -> Order) -> (PathBuf, Order) {
        (self.folder.folder, order(self.door))
    }
}

impl From<SensorFaultName> for SensorWish {
    fn from(name: SensorFaultName) -> Self {
        match name {
            SensorFaultName::None => Self::None,
            SensorFaultName::Misread => Self::Misread,
            SensorFaultName::Hang => Self::Hang,
            SensorFaultName::Garbage => Self::Garbage,
            SensorFaultName::CombinesAnything => Self::CombinesAnything,
            SensorFaultName::AlwaysMatches => Self::AlwaysMatches,
            SensorFaultName::KeepsTemplates => Self::KeepsTemplates,
            SensorFaultName::Unplug => Self::Unplug,
            SensorFaultName::Plug => Self::Plug,
        }
    }
}

impl From<ReaderFaultName> for CardFault {
    fn from(name: ReaderFaultName) -> Self {
        match name {
            ReaderFaultName::None => Self::None,
            ReaderFaultName::Hang => Self::Hang,
            ReaderFaultName::OddAnswer => Self::OddAnswer,
        }
    }
}

impl DeedName {
    fn deed(self) -> Option<Deed> {
        Some(match self {
            Self::None => return None,
            Self::WrongMac => Deed::WrongMac,
            Self::Replay => Deed::Replay,
            Self::Silence => Deed::Silence,
            Self::Tear { bytes } => Deed::Tear { bytes },
            Self::FlipCommand { bit } => Deed::FlipCommand { bit },
            Self::FlipAnswer { bit } => Deed::FlipAnswer { bit },
            Self::Late { ms } => Deed::Late { ms },
            Self::Status { status } => Deed::Status { status },
            Self::LeaveBefore => Deed::LeaveBefore,
            Self::LeaveMidway => Deed::LeaveMidway,
            Self::LeaveAfter => Deed::LeaveAfter,
            Self::Swap { card } => Deed::Swap { card },
        })
    }
}

async fn serve(world: PathBuf, folder: PathBuf, end_with_stdin: bool, in_private_network: bool) -> anyhow::Result<()> {
    if !in_private_network {
        // Mistakes in the file are told before anything is started.
        WorldFile::read(&world)?;
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let folder = folder.canonicalize().with_context(|| folder.display().to_string())?;
        let mut arguments: Vec<OsString> = vec!["serve".into(), "--in-private-network".into()];
        if end_with_stdin {
            arguments.push("--end-with-stdin".into());
        }
        arguments.extend(["--world".into(), world.into(), "--folder".into(), folder.clone().into()]);
        return Err(anyhow!(world::enter_private_network(&folder, &arguments)));
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let end = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = stdin_closed(), if end_with_stdin => {}
        }
    };
    let ready = || {
        // Whoever waits for this has gone if it can't be written.
        let _ = writeln!(std::io::stdout(), "{}", world::READY);
    };
    Ok(world::serve(WorldFile::read(&world)?, &folder, ready, end).await?)
}

/// A thread waits, since nothing else can and a runtime would wait for it in the end.
async fn stdin_closed() {
    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(close);
    });
    let _ = closed.await;
}

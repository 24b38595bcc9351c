//! Serves a world of twins, and acts in one from the command line.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::{Parser, Subcommand, ValueEnum};
use hardware::card::virtual_card::CardFault;
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
        /// Its UID in hexadecimal
        #[arg(long)]
        uid: String,
        /// What people call it
        #[arg(long)]
        label: Option<String>,
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
    Unplug,
    Plug,
}

#[derive(Clone, Copy, ValueEnum)]
enum ReaderFaultName {
    None,
    Hang,
    OddAnswer,
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
        Command::Push(at) => at.order(|door| Order::Push { door }),
        Command::Close(at) => at.order(|door| Order::Close { door }),
        Command::Force(at) => at.order(|door| Order::Force { door }),
        Command::Rex { at, let_go } => at.order(|door| Order::Rex { door, pressed: !let_go }),
        Command::Tamper { at, clear } => at.order(|door| Order::Tamper { door, tampered: !clear }),
        Command::Sensor { at, fault } => at.order(|at| Order::Sensor { at, fault: fault.into() }),
        Command::Reader { at, fault } => at.order(|at| Order::Reader { at, fault: fault.into() }),
        Command::KillPcscd(Folder { folder }) => (folder, Order::KillPcscd {}),
        Command::StartPcscd(Folder { folder }) => (folder, Order::StartPcscd {}),
        Command::AddCard { folder, name, uid, label } => (folder.folder, Order::AddCard { name, uid, label }),
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

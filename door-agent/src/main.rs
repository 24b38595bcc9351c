//! `pforte-agent`: joins a server, checks its configuration and everything around it, runs.

use std::future::Future;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use access_core::attempt::ClockTrust;
use access_core::protocol::{AgentKind, InstallationMode};
use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use door_agent::clock::Clock;
use door_agent::commission::{Acceptance, Dialogue};
use door_agent::config::Config;
use door_agent::identity::{Identity, IdentityError};
use door_agent::join::{self, JoinToken};
use door_agent::lock::LockError;
use door_agent::machine::MachineKey;
use door_agent::sensor::{Accepted, SensorFiles};
use door_agent::{commission, doctor, lines, lock, run};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;
use zeroize::Zeroizing;

/// Longest token that is read.
const TOKEN_BYTES_MAX: u64 = 4_096;

/// The door agent of Pforte: controls doors, or enrols cards and fingers at a desk.
#[derive(Debug, Parser)]
#[command(version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Walks an installer through trying each door, and keeps the outcome as the door's acceptance record.
    ///
    /// The agent must not run meanwhile: systemctl stop pforte-agent. Ends with 0 if every door passed everything.
    Commission(Commission),
    /// Looks at readers, sensors, lines, clock, link, disk, key and the Pi's settings, and says what is wrong and what to do.
    ///
    /// Changes nothing, and leaves to a running agent what it uses. Ends with 0 if all is good, 1 if something is wrong, 3 if
    /// something could not be looked at.
    Doctor {
        /// The configuration.
        #[arg(long, default_value = "/etc/pforte/agent.toml")]
        config: PathBuf,
        /// Answers in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Joins a server, once.
    Join(Join),
    /// Accepts a fingerprint sensor that was exchanged, or that was caught calling a false finger right: once it and its line were
    /// looked at. Without a name: how all sensors are. To be run as the agent's own user.
    AcceptSensor {
        /// The configuration.
        #[arg(long, default_value = "/etc/pforte/agent.toml")]
        config: PathBuf,
        /// Which: "NAME in" or "NAME out" by the door's name, or "station".
        name: Option<String>,
    },
    /// Puts every strike to rest and ends; for after a crash.
    Rest {
        /// The configuration.
        #[arg(long, default_value = "/etc/pforte/agent.toml")]
        config: PathBuf,
    },
    /// Runs the agent.
    Run {
        /// The configuration.
        #[arg(long, default_value = "/etc/pforte/agent.toml")]
        config: PathBuf,
        /// Checks the configuration and ends.
        #[arg(long)]
        check_config: bool,
    },
}

#[derive(Debug, Args)]
struct Commission {
    /// The configuration.
    #[arg(long, default_value = "/etc/pforte/agent.toml")]
    config: PathBuf,
    /// A door, by its name in the configuration; again for another. All of them if none is named.
    #[arg(long)]
    door: Vec<String>,
    /// Who tries it; stands in the record.
    #[arg(long, default_value = "")]
    by: String,
    /// How many seconds each step waits for what it asks for.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    wait: u64,
}

#[derive(Debug, Args)]
struct Join {
    /// The server's agent port, such as https://pforte.example.org:8444.
    #[arg(long)]
    server: String,
    /// The join token. Other users of this machine can see it here; prefer --token-file or standard input.
    #[arg(long, conflicts_with = "token_file", hide_env_values = true)]
    token: Option<String>,
    /// A file that holds the join token; without it and --token the token is read from standard input.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// Where the agent keeps its identity.
    #[arg(long, default_value = "/var/lib/pforte-agent")]
    data: PathBuf,
    /// What the agent is for: door_controller or station.
    #[arg(long, default_value_t = AgentKind::DoorController)]
    kind: AgentKind,
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    log(&command_line.command);
    let runtime = match tokio::runtime::Runtime::new().context("the runtime can't be started") {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(async {
        match command_line.command {
            Command::Commission(request) => Box::pin(commission_doors(request)).await,
            Command::Doctor { config, json } => examine(&config, json).await,
            Command::Join(join) => join_server(join).await.map(|()| ExitCode::SUCCESS),
            Command::AcceptSensor { config, name } => {
                accept_sensor(&config, name.as_deref()).map(|()| ExitCode::SUCCESS)
            }
            Command::Rest { config } => rest(&config).await.map(|()| ExitCode::SUCCESS),
            Command::Run { config, check_config: true } => check_config(&config).map(|()| ExitCode::SUCCESS),
            Command::Run { config, check_config: false } => run_agent(&config).await.map(|()| ExitCode::SUCCESS),
        }
    });
    // Whatever could be waited for was. A disk that hangs must not hold the program: strikes are at rest.
    runtime.shutdown_background();
    ended.unwrap_or_else(|error| {
        tracing::error!("{error:#}");
        ExitCode::FAILURE
    })
}

/// Where messages go: those of a service to its standard output; where that is for answers, errors alone and to the other one.
fn log(command: &Command) {
    let is_answering = matches!(command, Command::Commission(_) | Command::Doctor { .. });
    let quietest = if is_answering { "error" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quietest));
    let messages = tracing_subscriber::fmt().with_env_filter(filter);
    match is_answering {
        true => messages.with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).init(),
        false => messages.with_ansi(std::io::stdout().is_terminal()).init(),
    }
}

async fn examine(config: &std::path::Path, is_json: bool) -> anyhow::Result<ExitCode> {
    let report = Box::pin(doctor::examine(config, &doctor::Surroundings::default())).await;
    let said = if is_json { serde_json::to_string_pretty(&report)? + "\n" } else { report.text() };
    std::io::stdout().write_all(said.as_bytes()).context("standard output")?;
    Ok(ExitCode::from(report.exit_code()))
}

async fn commission_doors(request: Commission) -> anyhow::Result<ExitCode> {
    let config = Config::load(&request.config)?;
    anyhow::ensure!(
        config.station.is_none(),
        "an enrolment station has no door to try: enrol a card and a finger at it"
    );
    let known = |name: &&String| config.doors.iter().any(|door| door.name == **name);
    if let Some(stranger) = request.door.iter().find(|name| !known(name)) {
        anyhow::bail!("{} has no door named {stranger:?}", request.config.display());
    }
    // What another account wrote there, the agent could not open afterwards.
    let owner = std::fs::metadata(&config.data_folder).map_or(0, |folder| folder.uid());
    anyhow::ensure!(
        owner == nix::unistd::geteuid().as_raw(),
        "{} belongs to another account: sudo -u pforte-agent pforte-agent commission",
        config.data_folder.display()
    );
    let identity =
        Identity::load(&config.data_folder, MachineKey::of_this_machine()?).map_err(|error| match error {
            error @ IdentityError::Sealed(_) => {
                anyhow::Error::new(error).context("see SEALED KEYS in pforte-agent(8) for how to hand it over")
            }
            error => error.into(),
        })?;
    let _lock = lock::take(&config.data_folder).map_err(|error| match error {
        error @ LockError::Held(_) => {
            anyhow::Error::new(error).context("the agent runs: systemctl stop pforte-agent first")
        }
        error @ LockError::Io(_) => error.into(),
    })?;
    let clock = Clock::open(&config.data_folder);
    let mut dialogue = Dialogue { answers: typed_lines(), out: Box::new(std::io::stdout()) };
    let mut are_accepted = true;
    for door in config.doors.iter().filter(|door| request.door.is_empty() || request.door.contains(&door.name)) {
        let wait = Duration::from_secs(request.wait);
        let tried = commission::walk(door, wait, &config.data_folder, &mut dialogue).await?;
        // Before the record: a door is not accepted with a sensor that could be exchanged unnoticed.
        commission::keep_sensors(&config.data_folder, door.id, &tried)
            .with_context(|| format!("which sensors {} has can't be written down", door.name))?;
        let now = clock.now();
        let mut acceptance = Acceptance::new(door.id, &door.name, identity.agent, identity.installation, &tried);
        acceptance.at = now.unix;
        acceptance.is_time_told = now.clock == ClockTrust::Trusted;
        acceptance.by.clone_from(&request.by);
        acceptance.wiring = config.wirings.get(&door.id).cloned().unwrap_or_default();
        let path = commission::save(&config.data_folder, &acceptance, &identity.record_key)?;
        are_accepted &= acceptance.is_accepted;
        let word = if acceptance.is_accepted { "accepted" } else { "NOT accepted" };
        writeln!(dialogue.out, "\nDoor {:?} is {word}: {}", door.name, path.display())?;
    }
    Ok(if are_accepted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is typed, line by line, until the terminal ends. Its thread ends with the program.
fn typed_lines() -> mpsc::Receiver<String> {
    let (typed, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if line.is_err() || line.is_ok_and(|line| typed.blocking_send(line).is_err()) {
                return;
            }
        }
    });
    lines
}

async fn join_server(request: Join) -> anyhow::Result<()> {
    let address = join::parse_server(&request.server)?;
    let text = match (request.token.map(Zeroizing::new), request.token_file) {
        (Some(token), _) => token,
        (None, Some(path)) => {
            Zeroizing::new(std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?)
        }
        (None, None) => {
            let mut text = Zeroizing::new(String::new());
            std::io::stdin().take(TOKEN_BYTES_MAX).read_to_string(&mut text).context("standard input")?;
            text
        }
    };
    let token = JoinToken::parse(&text)?;
    let now = Clock::open(&request.data).now();
    let identity = join::join(&address, &token, &request.data, request.kind, now.unix).await?;
    tracing::info!(agent = %identity.agent, mode = %identity.mode, data = %request.data.display(), "joined");
    let taken_over = request.data.join(join::TAKEN_OVER);
    if taken_over.exists() {
        tracing::info!(
            "{} is the configuration of the machine whose place this one takes: look it through and copy it to /etc/pforte/agent.toml",
            taken_over.display()
        );
    }
    Ok(())
}

fn check_config(path: &std::path::Path) -> anyhow::Result<()> {
    let config = Config::load(path)?;
    tracing::info!(doors = config.doors.len(), kind = %config.kind(), "{} is in order", path.display());
    Ok(())
}

fn accept_sensor(path: &std::path::Path, name: Option<&str>) -> anyhow::Result<()> {
    let config = Config::load(path)?;
    let sensors = config.sensors();
    let Some(name) = name else {
        for (name, place) in &sensors {
            let files = SensorFiles::of(&config.data_folder, *place);
            let known = files.known()?.map_or("none yet".to_owned(), |known| {
                let caught = if known.was_caught { "; it called a false finger right: not used" } else { "" };
                format!("{}{caught}", known.identity)
            });
            tracing::info!("{name}: {known}");
            if let Some(found) = files.found()? {
                tracing::warn!("{name}: another one answers, which is not used: {found}");
            }
        }
        return Ok(());
    };
    let names = || sensors.iter().map(|(name, _)| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let sensor = sensors.iter().find(|(known, _)| known == name);
    let (_, place) = sensor.with_context(|| format!("there is no sensor {name:?}, but {}", names()))?;
    // What another user wrote the agent could not read.
    let user = std::fs::metadata("/proc/self")?.uid();
    let folder = &config.data_folder;
    anyhow::ensure!(
        std::fs::metadata(folder).with_context(|| format!("{}", folder.display()))?.uid() == user,
        "{} is another user's: run this as the agent's own user",
        folder.display()
    );
    match SensorFiles::of(folder, *place).accept()? {
        Accepted::Another(identity) => tracing::info!("{name}: accepted {identity}"),
        Accepted::Same(identity) => tracing::info!("{name}: accepted again {identity}"),
        Accepted::Nothing => tracing::info!("{name}: there is nothing to accept"),
    }
    Ok(())
}

async fn rest(path: &std::path::Path) -> anyhow::Result<()> {
    // The service manager names the agent's data folder; whoever calls this by hand has a file to name.
    let folder = std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    let (doors, mut failed) = Config::strikes(path, folder.as_deref());
    // All at once: one whose lines don't answer must not keep the others released.
    let rests = doors.into_iter().map(|(name, io)| {
        tokio::spawn(async move { lines::rest(&io).await.map_err(|error| format!("{name}: {error}")) })
    });
    for rest in rests.collect::<Vec<_>>() {
        failed.extend(rest.await?.err());
    }
    anyhow::ensure!(failed.is_empty(), "strikes that may not be at rest: {}", failed.join("; "));
    Ok(())
}

/// From here on a panic ends the whole program, wherever it is. A part that broke off by itself would not be missed: a door whose lines
/// nobody looks at, a link that never comes up again. The service manager puts strikes to rest and starts the program anew.
fn end_with_any_part() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::abort();
    }));
}

async fn run_agent(path: &std::path::Path) -> anyhow::Result<()> {
    end_with_any_part();
    let config = Config::load(path)?;
    anyhow::ensure!(
        config.mode != InstallationMode::Production || !nix::unistd::geteuid().is_root(),
        "an agent of a production installation does not run as root; its unit names an account of its own"
    );
    let machine = MachineKey::of_this_machine()?;
    let identity = Identity::load(&config.data_folder, machine)?;
    // Sealed from the first start on at which the machine has a key. A disk that is full must not keep doors from working.
    if identity.machine.is_some()
        && let Err(error) = identity.save(&config.data_folder)
    {
        tracing::error!(%error, "the identity could not be sealed");
    }
    let _lock = match lock::take(&config.data_folder) {
        Ok(lock) => Some(lock),
        Err(error @ LockError::Held(_)) => return Err(error.into()),
        // A disk that fails must not keep people from leaving.
        Err(error @ LockError::Io(_)) => {
            tracing::error!(%error, "no lock keeps a second agent off these doors");
            None
        }
    };
    if let Err(error) = config.keep() {
        tracing::warn!(%error, "the wiring could not be kept for putting strikes to rest by");
    }
    let stop = stop_signal()?;
    // A task like the link's, and not the thread that waits for it: an answer is then taken by the worker that received it.
    tokio::spawn(run::run(config, identity, stop)).await.context("the agent's loop broke off")??;
    Ok(())
}

/// Ready when the program is told to stop.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM can't be watched")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT can't be watched")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_unit_calls_what_there_is() {
        let unit = include_str!("../debian/pforte-agent.service");
        let calls: Vec<&str> =
            unit.lines().filter_map(|line| line.strip_prefix("Exec")?.split_once('=')).map(|(_, call)| call).collect();
        assert_eq!(calls.len(), 3, "{calls:?}");
        for call in calls {
            CommandLine::try_parse_from(call.split(' ')).unwrap();
        }
    }

    #[test]
    fn a_sensor_is_accepted_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        let data_folder = folder.path().display();
        let text = format!(
            r#"
            data_folder = "{data_folder}"
            server = "pforte.example.org:8444"
            mode = "test"
            [station]
            sensor = {{ path = "/dev/serial0" }}
            "#
        );
        std::fs::write(&path, text).unwrap();
        let files = SensorFiles::of(folder.path(), door_agent::devices::Place { door: None, side: None });
        let identity = |serial: &str| -> hardware::finger::SensorIdentity {
            let parameters = serde_json::json!({
                "system_id": 9, "library_size": 200, "security_level": 3, "address": 1, "packet_bytes": 128, "baud": 57_600
            });
            let told = serde_json::json!({ "parameters": parameters, "algorithm": serial });
            serde_json::from_value(told).unwrap()
        };
        let error = accept_sensor(&path, Some("lobby in")).unwrap_err();
        assert_eq!(error.to_string(), r#"there is no sensor "lobby in", but "station""#);
        accept_sensor(&path, Some("station")).unwrap();
        assert_eq!(files.known().unwrap(), None, "none has answered yet");
        files.keep(&door_agent::sensor::Known::new(identity("one"))).unwrap();
        files.keep_found(&identity("another")).unwrap();
        accept_sensor(&path, None).unwrap();
        assert_eq!(files.known().unwrap().unwrap().identity, identity("one"), "looked at only");
        let line = ["pforte-agent", "accept-sensor", "--config", &path.display().to_string(), "station"];
        let Command::AcceptSensor { config, name } = CommandLine::try_parse_from(line).unwrap().command else {
            panic!("not accept-sensor")
        };
        accept_sensor(&config, name.as_deref()).unwrap();
        assert_eq!(files.known().unwrap().unwrap().identity, identity("another"));
        assert_eq!(files.found().unwrap(), None);
    }

    #[test]
    fn the_manual_names_every_command_and_option() {
        use clap::CommandFactory as _;
        let manual = include_str!("../debian/pforte-agent.8").replace("\\-", "-");
        let program = CommandLine::command();
        let mut named = 0;
        for command in program.get_subcommands() {
            assert!(manual.contains(&format!("\n.B {}\n", command.get_name())), "{}", command.get_name());
            for option in command.get_arguments().filter_map(|option| option.get_long()) {
                assert!(manual.contains(&format!("--{option}")), "{}: {option}", command.get_name());
                named += 1;
            }
        }
        assert!(named > 10, "{named}");
    }

    #[test]
    fn the_shipped_unit_ends_whatever_hangs_and_then_puts_strikes_to_rest() {
        let unit = include_str!("../debian/pforte-agent.service");
        let of = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let seconds: u64 = of("WatchdogSec").unwrap().parse().unwrap();
        assert!((1..=15).contains(&seconds), "{seconds} s");
        assert!(of("ExecStopPost").unwrap().contains(" rest "));
        assert_eq!((of("Type"), of("Restart")), (Some("notify"), Some("always")));
    }

    #[tokio::test]
    async fn doors_whose_lines_are_not_there_are_all_named() {
        let folder = tempfile::tempdir().unwrap();
        let door = |number: u8| {
            format!(
                "[[door]]\nid = \"0191d4c2-0000-7000-8000-00000000000{number}\"\nname = \"door {number}\"\n\
                 io = {{ backend = \"gpiocdev\", chip = \"/dev/no-such-chip\", strike = {{ line = 17 }} }}\n"
            )
        };
        let path = folder.path().join("agent.toml");
        let head = "data_folder = \"/nowhere\"\nserver = \"a:1\"\nmode = \"production\"\n";
        std::fs::write(&path, format!("{head}{}{}", door(1), door(2))).unwrap();
        let error = rest(&path).await.unwrap_err().to_string();
        assert!(error.contains("door 1") && error.contains("door 2"), "{error}");
    }

    #[test]
    fn the_shipped_unit_gives_no_rights() {
        let unit = include_str!("../debian/pforte-agent.service");
        for line in ["User=pforte-agent", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "AmbientCapabilities="] {
            assert!(unit.lines().any(|said| said == line), "{line}");
        }
    }

    #[test]
    fn a_token_is_given_in_one_way_only() {
        let both = ["pforte-agent", "join", "--server", "https://a:1", "--token", "x", "--token-file", "y"];
        assert!(CommandLine::try_parse_from(both).is_err());
        let station = ["pforte-agent", "join", "--server", "https://a:1", "--kind", "station"];
        let Command::Join(join) = CommandLine::try_parse_from(station).unwrap().command else { panic!("not join") };
        assert_eq!(join.kind, AgentKind::Station);
        assert!(CommandLine::try_parse_from([&station[..5], &["toaster"]].concat()).is_err());
    }
}

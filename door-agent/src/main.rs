//! `pforte-agent`: joins a server, checks its configuration, runs.

use std::future::Future;
use std::io::{IsTerminal as _, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use access_core::protocol::AgentKind;
use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use door_agent::clock::Clock;
use door_agent::config::Config;
use door_agent::identity::Identity;
use door_agent::join::{self, JoinToken};
use door_agent::sensor::{Accepted, SensorFiles};
use door_agent::{lines, run};
use tokio::signal::unix::{SignalKind, signal};
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
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_ansi(std::io::stdout().is_terminal())
        .init();
    let runtime = match tokio::runtime::Runtime::new().context("the runtime can't be started") {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(async {
        match command_line.command {
            Command::Join(join) => join_server(join).await,
            Command::AcceptSensor { config, name } => accept_sensor(&config, name.as_deref()),
            Command::Rest { config } => rest(&config).await,
            Command::Run { config, check_config: true } => check_config(&config),
            Command::Run { config, check_config: false } => run_agent(&config).await,
        }
    });
    // Whatever could be waited for was. A disk that hangs must not hold the program: strikes are at rest.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
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
    let mut failed = Vec::new();
    for door in Config::load(path)?.doors {
        if let Err(error) = lines::rest(&door.io).await {
            failed.push(format!("{}: {error}", door.name));
        }
    }
    anyhow::ensure!(failed.is_empty(), "strikes that could not be put to rest: {}", failed.join("; "));
    Ok(())
}

async fn run_agent(path: &std::path::Path) -> anyhow::Result<()> {
    let config = Config::load(path)?;
    let identity = Identity::load(&config.data_folder)?;
    let stop = stop_signal()?;
    // On the heap: it holds everything that the agent has at its doors.
    Ok(Box::pin(run::run(config, identity, stop)).await?)
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
    fn a_token_is_given_in_one_way_only() {
        let both = ["pforte-agent", "join", "--server", "https://a:1", "--token", "x", "--token-file", "y"];
        assert!(CommandLine::try_parse_from(both).is_err());
        let station = ["pforte-agent", "join", "--server", "https://a:1", "--kind", "station"];
        let Command::Join(join) = CommandLine::try_parse_from(station).unwrap().command else { panic!("not join") };
        assert_eq!(join.kind, AgentKind::Station);
        assert!(CommandLine::try_parse_from([&station[..5], &["toaster"]].concat()).is_err());
    }
}

//! `make demo`: a whole plant on synthetic people, on this machine alone.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::Uid;
use tests::demo;
use tests::plant::{ADMINISTRATOR, PASSWORD};
use tests::staff::{Account, code, now_s};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(about = "Pforte with synthetic people: two agents, six doors, an enrolment station")]
struct Arguments {
    /// Where it all lies.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Port of the user interface; the agents' is the next one. 0 takes any two that are free. A demo that is there moves to
    /// it. [default: 8460, or where the demo was last]
    #[arg(long)]
    port: Option<u16>,
    /// How many people it has.
    #[arg(long, default_value_t = demo::PEOPLE)]
    people: usize,
    /// Only prints the code that the administrator's authenticator shows now.
    #[arg(long)]
    code: bool,
    /// Forgets the demo and everything in it.
    #[arg(long)]
    forget: bool,
}

/// Short, since the paths of sockets are bounded, and to be entered by the database's account.
fn default_folder() -> PathBuf {
    PathBuf::from(format!("/var/tmp/pforte-demo-{}", Uid::effective()))
}

fn print(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let folder = arguments.folder.clone().unwrap_or_else(default_folder);
    // Processes of the demo are told to end when the thread that started them does: this one stays.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.context("can't start").and_then(|runtime| runtime.block_on(carry_out(&arguments, &folder)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "pforte-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(arguments: &Arguments, folder: &Path) -> anyhow::Result<()> {
    if arguments.code {
        return print(&current_code(folder)?);
    }
    if arguments.forget && !folder.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    let lock = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("lock"))?;
    let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock);
    let _lock = lock.map_err(|_| anyhow::anyhow!("the demo in {} runs already", folder.display()))?;
    if arguments.forget {
        return std::fs::remove_dir_all(folder).with_context(|| format!("can't remove {}", folder.display()));
    }
    serve(arguments, folder).await
}

fn current_code(folder: &Path) -> anyhow::Result<String> {
    let accounts = std::fs::read(folder.join("accounts.json")).context("there is no demo yet: make demo")?;
    let accounts: std::collections::BTreeMap<String, Account> = serde_json::from_slice(&accounts)?;
    let account = accounts.get("plant").context("the demo has no plant")?;
    code(&account.totp_secret, now_s())
}

/// Ports of staff and agents, both free; found out before anything is made.
fn ports(wanted: Option<u16>, folder: &Path) -> anyhow::Result<(u16, u16)> {
    let last = demo::ports_of(folder)?;
    let ports = match (last, wanted) {
        (Some(last), None) => last,
        (Some(last), Some(wanted)) if wanted == last.0 => last,
        (None, None) => demo::PORTS,
        (_, Some(0)) => (0, 0),
        (_, Some(staff)) => {
            (staff, staff.checked_add(1).context("--port 65535: the agents' port is the next one, and there is none")?)
        }
    };
    for port in [ports.0, ports.1] {
        if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            let instead = "end what listens there, or take another one and the next: make demo PORT=8470";
            bail!("port {port} can't be had ({error}): {instead}");
        }
    }
    Ok(ports)
}

async fn serve(arguments: &Arguments, folder: &Path) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Something was left half made: begin anew instead of showing half of it.
    if folder.join("plant.json").exists() && !folder.join("made").exists() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                std::fs::remove_dir_all(&path)?;
            } else if !path.ends_with("lock") {
                std::fs::remove_file(&path)?;
            }
        }
    }
    let ports = ports(arguments.port, folder)?;
    let started = demo::start(folder, ports, arguments.people, |what| {
        let _ = print(what);
    });
    let mut plant = tokio::select! {
        plant = started => plant?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let own = std::env::current_exe()?;
    let own_folder = own.parent().context("the program's folder")?;
    ensure!(plant.staff_url.starts_with("http://localhost:"), "the demo listens at {}", plant.staff_url);
    print(&format!("READY {}", plant.staff_url))?;
    let (_, organisation) = demo::plan(demo::PORTS).tenants[0];
    print(&format!("\n  sign in    {organisation}, name {ADMINISTRATOR}, password \"{PASSWORD}\""))?;
    let elsewhere = match &arguments.folder {
        Some(folder) => format!(" --folder {}", folder.display()),
        None => String::new(),
    };
    print(&format!("  code       {} --code{elsewhere}   (good once; a new one every 30 s)", own.display()))?;
    print("  at a door  on the page Virtual door, or:")?;
    let twin = own_folder.join("pforte-twin");
    let world = plant.world();
    for command in ["tap --door main --card amira", "finger --door main --finger amira", "push --door main"] {
        print(&format!("             PFORTE_WORLD={} {} {command}", world.display(), twin.display()))?;
    }
    let forget = match &arguments.folder {
        None => "make demo-clean".to_owned(),
        Some(_) => format!("{} --forget{elsewhere}", own.display()),
    };
    print(&format!("  Ctrl-C ends it; the data stays. {forget} forgets it.\n"))?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        ended = plant.broke() => {
            print(&format!("{ended} ended by itself; stopping the rest"))?;
        }
    }
    plant.stop().await
}

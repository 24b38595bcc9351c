//! `pforte-server`: the daemon, and the operator's command line on the server itself.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, PoisonError};

use access_core::ids::TenantId;
use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};
use server::agents::port::AgentPort;
use server::certificates::{self, Authority, Renewing, rollover};
use server::cluster::Cluster;
use server::config::Config;
use server::db::{self, Db};
use server::http::Proxies;
use server::installation::{self, Installation};
use server::keys::Keys;
use server::keys::module::{Module, ModulePlace};
use server::log::Sequencer;
use server::operators::Lost;
use server::policy::replay::{Difference, Replayed, Supposed};
use server::serve::{Limits, Port, StaffCertificate};
use server::state::{AgentsAddress, AppState};
use server::vital::vital;
use server::{
    agents, api, audit, clock, decisions, idempotency, log, operators, policy, serve, spent, tenants, ui, vault,
};
use sqlx::Connection as _;
use sqlx::postgres::PgConnectOptions;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::task::TaskTracker;
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(name = "pforte-server", version, about = "Physical access control: the central server")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves staff and agents until it is told to stop.
    Run {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Only says whether the configuration can be taken.
        #[arg(long)]
        check_config: bool,
    },
    /// Manages tenants.
    Tenant {
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// Helps operators who can't help themselves.
    Operator {
        #[command(subcommand)]
        command: OperatorCommand,
    },
    /// Decides the log again, from its records and the rules that they name, and tells what comes out differently: nothing may.
    Replay {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// The tenant's short name.
        #[arg(long)]
        tenant: String,
        /// From this instant on, as in 2026-11-23T00:00:00Z.
        #[arg(long)]
        from: DateTime<Utc>,
        /// Before this instant.
        #[arg(long)]
        to: DateTime<Utc>,
        /// Supposes the changes in this file (JSON, as a preview takes them): tells which entries would have gone differently.
        #[arg(long)]
        changes: Option<PathBuf>,
    },
    /// Puts another authority for agents' certificates in place of the one in use, step by step; see docs/operator-of-the-server.md.
    Authority {
        #[command(subcommand)]
        command: AuthorityCommand,
    },
    /// Looks after the module that holds master keys of cards.
    CardKeys {
        #[command(subcommand)]
        command: CardKeysCommand,
    },
    /// Writes the API's description.
    Openapi,
    /// Writes the SQL that makes the database's roles, for a Postgres of one's own.
    Roles,
}

#[derive(Subcommand)]
enum TenantCommand {
    /// Makes a tenant and prints the link that its first administrator sets themselves up by.
    Add {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Short name, to sign in with: lower-case letters, digits and dashes.
        #[arg(long)]
        slug: String,
        /// Name.
        #[arg(long)]
        name: String,
    },
}

#[derive(Subcommand)]
enum AuthorityCommand {
    /// Makes the next one. Start the server anew: it tells every agent that connects.
    Next(OfAuthority),
    /// Takes the next one into use. Start the server anew.
    Switch(OfAuthority),
    /// Forgets the one before. Start the server anew.
    Finish(OfAuthority),
}

#[derive(Subcommand)]
enum CardKeysCommand {
    /// Opens the module as the server would, by one try of the PIN, and says what is in it.
    Check {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

#[derive(clap::Args)]
struct OfAuthority {
    /// Configuration file.
    #[arg(long)]
    config: PathBuf,
    /// Although agents are left behind, which then have to join anew.
    #[arg(long)]
    leaving_behind: bool,
}

#[derive(Subcommand)]
enum OperatorCommand {
    /// Lets an operator set a new second factor, and prints the link, which demands their password. Recorded in the log.
    ResetTotp {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// The tenant's short name.
        #[arg(long)]
        tenant: String,
        /// The operator's name.
        #[arg(long)]
        name: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// The password is lost too: both are set anew, by whoever holds the link. The log says so.
        #[arg(long)]
        password_too: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(carry_out(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "pforte-server: {error:#}");
    ExitCode::FAILURE
}

fn print(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}").context("can't write to standard output")
}

async fn carry_out(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run { config, check_config } => {
            let config = Config::read(&config)?;
            if check_config { print("the configuration is good") } else { run(config).await }
        }
        Command::Tenant { command: TenantCommand::Add { config, slug, name } } => {
            let config = Config::read(&config)?;
            let opened = Opened::open(&config).await?;
            let tenant = tenants::add(&opened.db, &opened.keys, &slug, &name, clock::now()).await?;
            print_first_link(&opened.db, tenant.id, &slug, &public_url(&config)).await?;
            opened.close().await;
            Ok(())
        }
        Command::Operator { command: OperatorCommand::ResetTotp { config, tenant, name, reason, password_too } } => {
            let lost = if password_too { Lost::Both } else { Lost::Authenticator };
            reset(&Config::read(&config)?, &tenant, &name, lost, &reason).await
        }
        Command::Replay { config, tenant, from, to, changes } => {
            let changes = changes.as_deref().map(supposed).transpose()?;
            replay(&Config::read(&config)?, &tenant, (from, to), changes).await
        }
        Command::Authority { command } => change_authority(command).await,
        Command::CardKeys { command: CardKeysCommand::Check { config } } => {
            let config = Config::read(&config)?;
            let place =
                config.card_keys.as_ref().context("the configuration names no module: [card_keys] is missing")?;
            let found = load_module(place)?.look()?;
            print(&format!("CARD KEYS {found}"))
        }
        Command::Openapi => print(&api::description().to_pretty_json()?),
        Command::Roles => print(db::ROLES),
    }
}

/// An installation that is open: its database, which may be a cluster of our own, and its keys.
struct Opened {
    installation: Installation,
    db: Db,
    keys: Keys,
    // Dropped last: Postgres stops when nobody needs it any more.
    cluster: Option<Cluster>,
}

impl Opened {
    async fn open(config: &Config) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_folder)
            .with_context(|| format!("can't make the data folder {}", config.data_folder.display()))?;
        let (options, cluster) = match &config.database_url {
            Some(url) => {
                let options: PgConnectOptions = url.parse().context("database_url")?;
                (options, None)
            }
            None => match Self::running(config).await {
                // The daemon runs: its cluster is used, not a second one started.
                Some(options) => (options, None),
                None => {
                    let cluster = Cluster::start(&config.data_folder).await?;
                    (cluster.options(), Some(cluster))
                }
            },
        };
        db::migrate(&options).await?;
        let (installation, keys) = installation::open(&options, &config.data_folder, config.mode).await?;
        let db = Db::connect(&options).await?;
        Ok(Self { installation, db, keys, cluster })
    }

    async fn running(config: &Config) -> Option<PgConnectOptions> {
        let options = Cluster::options_in(&config.data_folder);
        let connection = sqlx::PgConnection::connect_with(&options.clone().username("pforte_app")).await.ok()?;
        connection.close().await.ok()?;
        Some(options)
    }

    async fn close(self) {
        self.db.close().await;
        drop(self.cluster);
    }
}

fn public_url(config: &Config) -> String {
    let staff = &config.staff;
    staff.public_url.clone().unwrap_or_else(|| {
        let scheme = if staff.plain_http { "http" } else { "https" };
        format!("{scheme}://{}:{}", config.own_name(), staff.listen.port())
    })
}

async fn print_first_link(db: &Db, tenant: TenantId, slug: &str, url: &str) -> anyhow::Result<()> {
    let mut tx = db.begin(tenant, None).await?;
    let link = operators::first_operator_link(&mut tx, clock::now()).await?;
    tx.commit().await?;
    match link {
        Some(link) => print(&format!("SETUP {slug} {url}{}", link.path())),
        None => Ok(()),
    }
}

async fn reset(config: &Config, slug: &str, name: &str, lost: Lost, reason: &str) -> anyhow::Result<()> {
    let opened = Opened::open(config).await?;
    let tenants = tenants::Tenants::new(opened.db.clone());
    let tenant = tenants.by_slug(slug).await?.with_context(|| format!("there is no tenant `{slug}`"))?;
    let mut tx = opened.db.begin(tenant.id, None).await?;
    let operator = operators::store::list(&mut tx, tenant.id).await?.into_iter().find(|operator| operator.name == name);
    let operator = operator.with_context(|| format!("there is no operator `{name}` of `{slug}`"))?;
    let reason =
        audit::checked_reason(reason).map_err(|_| anyhow::anyhow!("the reason must have 1 to 500 characters"))?;
    let reset = operators::reset(&opened.keys, &mut tx, operator.id.into(), lost, reason, clock::now()).await;
    let (_, link, _) = reset.map_err(|error| anyhow::anyhow!("{}", error.detail()))?;
    tx.commit().await?;
    print(&format!("SETUP {slug} {}{}", public_url(config), link.path()))?;
    opened.close().await;
    Ok(())
}

fn supposed(path: &Path) -> anyhow::Result<Supposed> {
    let text = std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{}", path.display()))
}

async fn replay(
    config: &Config,
    slug: &str,
    within: (DateTime<Utc>, DateTime<Utc>),
    supposed: Option<Supposed>,
) -> anyhow::Result<()> {
    let Opened { installation, db, keys, cluster } = Opened::open(config).await?;
    let state = AppState::new(installation, db, keys, AgentsAddress::default())?;
    let tenant = state.tenants.by_slug(slug).await?.with_context(|| format!("there is no tenant `{slug}`"))?.id;
    let changes = match &supposed {
        Some(supposed) => Some(policy::replay::suppose(&state, &api::editors(), tenant, supposed).await?),
        None => None,
    };
    let mut told = Ok(());
    let mut tell = |difference: Difference| {
        if told.is_ok() {
            told = print(&difference.to_string());
        }
    };
    let replayed = policy::replay::replay(&state, tenant, within, changes.as_deref(), &mut tell).await?;
    told?;
    let Replayed { decisions, by_agents, by_other_rules, without_rules, different, out_of_force } = replayed;
    print(&format!(
        "REPLAYED {decisions} decisions: {different} different, {by_agents} ended by agents for no rule, {by_other_rules} by older \
         rules, {without_rules} by rules that are not known, {out_of_force} by rules that were not in force"
    ))?;
    state.db.close().await;
    drop(cluster);
    let wrong = different + without_rules + out_of_force;
    if supposed.is_none() && wrong > 0 {
        bail!("{wrong} decisions do not follow from rules that are known and were in force");
    }
    Ok(())
}

/// A step of a change of the authority. One that would leave agents behind is not taken unless that is wanted.
async fn change_authority(command: AuthorityCommand) -> anyhow::Result<()> {
    let (AuthorityCommand::Next(of) | AuthorityCommand::Switch(of) | AuthorityCommand::Finish(of)) = &command;
    let config = Config::read(&of.config)?;
    let folder = config.data_folder.join("agents");
    if let AuthorityCommand::Next(_) = command {
        rollover::prepare(&folder, clock::now())?;
        return print("NEXT the next authority is made; start the server anew, so that agents hear of it");
    }
    let authority = Authority::open(&folder, clock::now())?;
    let linked_by = authority.fingerprint();
    let linked_by = matches!(command, AuthorityCommand::Finish(_)).then_some(&linked_by);
    let opened = Opened::open(&config).await?;
    let mut behind = Vec::new();
    for tenant in tenants::Tenants::new(opened.db.clone()).refresh().await? {
        let mut tx = opened.db.begin(tenant.id, None).await?;
        let names = agents::store::behind_in_trust(&mut tx, tenant.id, &authority.trusted_digest(), linked_by).await?;
        behind.extend(names.into_iter().map(|name| format!("{} of {}", name, tenant.slug)));
    }
    opened.close().await;
    if !behind.is_empty() && !of.leaving_behind {
        bail!("agents that are not ready, and would have to join anew (--leaving-behind): {}", behind.join(", "));
    }
    match command {
        AuthorityCommand::Switch(_) => {
            rollover::switch(&folder)?;
            print("SWITCHED start the server anew; agents renew their certificates within half a day")
        }
        _ => {
            rollover::finish(&folder)?;
            print("FINISHED the authority before is forgotten; start the server anew")
        }
    }
}

fn load_module(place: &ModulePlace) -> anyhow::Result<Module> {
    Module::load(place).context("the module for card keys ([card_keys])")
}

/// Opens the module, so that the journal tells at once what stations would run into. Nothing waits for it.
fn look_at_module(module: Arc<Module>) {
    drop(tokio::task::spawn_blocking(move || match module.look() {
        Ok(found) => tracing::info!(found, "card keys: the module is open"),
        Err(error) => {
            tracing::error!(%error, "card keys: no card can be made or renewed, and agents get no new rules of cards")
        }
    }));
}

async fn run(config: Config) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Before the database: what is wrong with it is known at once.
    let module = config.card_keys.as_ref().map(load_module).transpose()?.map(Arc::new);
    let Opened { installation, db, keys, cluster } = Opened::open(&config).await?;
    let now = clock::now();
    let tls_folder = config.data_folder.join("tls");
    let authority = Arc::new(Authority::open(&config.data_folder.join("agents"), now)?);
    let staff = serve::bind(config.staff.listen).await?;
    let agents_listener = serve::bind(config.agents.listen).await?;
    let agents_address = config.agents_address(agents_listener.local_addr()?);
    let address = AgentsAddress { address: agents_address.clone(), authority: authority.fingerprint() };
    let mut state = AppState::new(installation, db.clone(), keys, address)?;
    if let Some(module) = module {
        look_at_module(Arc::clone(&module));
        state.card_keys = state.card_keys.with_module(module);
    }
    state.demo = config.demo.as_ref().and_then(|demo| demo.control_socket.clone()).map(Into::into);
    let staff_tls = match config.staff.plain_http {
        true => None,
        false => Some(serve::staff_tls(staff_certificate(&config, &tls_folder)?)?),
    };
    let agents_tls = agents::port::tls(&authority, clock::now)?;

    for tenant in state.tenants.refresh().await? {
        let index = vault::build_index(&db, &state.keys, tenant.id).await?;
        state.names.write().unwrap_or_else(PoisonError::into_inner).merge(index);
        state.states.build(&db, tenant.id).await?;
        state.policies.refresh(&db, tenant.id).await?;
    }
    let tasks = TaskTracker::new();
    let (stop, unanswered) = (state.stop.clone(), state.unanswered.clone());
    let sequencer = Sequencer { db: db.clone(), installation: installation.id, key: Arc::new(state.keys.log_key()) };
    tasks.spawn(vital(stop.clone(), log::run(sequencer, state.tenants.clone(), state.log.clone(), stop.clone())));
    tasks.spawn(vital(stop.clone(), decisions::run(state.keeper())));
    tasks.spawn(vital(stop.clone(), idempotency::run(db.clone(), state.tenants.clone(), stop.clone())));
    tasks.spawn(vital(stop.clone(), spent::run(db.clone(), state.tenants.clone(), stop.clone())));
    let staff_port = staff.local_addr()?.port();
    let staff = Port {
        listener: staff,
        tls: staff_tls,
        limits: Limits {
            connections_max: config.staff.connections_max,
            connections_per_address_max: config.staff.connections_per_address_max,
        },
        proxies: config.staff.proxies(),
    };
    tasks.spawn(vital(stop.clone(), serve::run(staff, ui::with_api(state.clone()), stop.clone())));
    let agents_router = agents::port::router(AgentPort { state: state.clone(), authority });
    let agents_port = Port {
        listener: agents_listener,
        tls: Some(agents_tls),
        limits: Limits {
            connections_max: config.agents.connections_max,
            connections_per_address_max: config.agents.connections_per_address_max,
        },
        proxies: Proxies::default(),
    };
    tasks.spawn(vital(stop.clone(), serve::run(agents_port, agents_router, stop.clone())));
    agents::watch_for_absence(state.clone()).await?;

    let mut url_config = config.clone();
    url_config.staff.listen.set_port(staff_port);
    let url = public_url(&url_config);
    for tenant in state.tenants.all() {
        print_first_link(&db, tenant.id, &tenant.slug, &url).await?;
    }
    print(&format!("LISTENING staff={url} agents={agents_address}"))?;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let is_broken = tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        () = stop.cancelled() => true,
    };
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("stopping");
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    unanswered.close();
    unanswered.wait().await;
    db.close().await;
    drop(cluster);
    anyhow::ensure!(!is_broken, "a part of the server failed, and without it the rest is of no use");
    Ok(())
}

fn staff_certificate(config: &Config, folder: &Path) -> anyhow::Result<StaffCertificate> {
    match (&config.staff.certificate, &config.staff.key) {
        (Some(certificate), Some(key)) => certificates::read_identity(certificate, key).map(StaffCertificate::Given),
        (None, None) => {
            let authority = Arc::new(Authority::open(folder, clock::now())?);
            Renewing::new(authority, config.staff.names.clone(), clock::now).map(StaffCertificate::SelfMade)
        }
        _ => bail!("staff.certificate and staff.key go together"),
    }
}

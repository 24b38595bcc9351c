//! The plant that things go wrong in: two agents with two doors each, a server with its Postgres, the card service, and
//! between them the relays. It plays the service manager, too: a program that ended is started again, and an agent's lines
//! are put to rest when it did.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use access_core::ids::TenantId;
use access_core::policy::Holder as GrantHolder;
use anyhow::Context as _;
use hardware::world::{self, Client as Twins};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::journal;
use super::model::{Door, Model, now_ms};
use super::relay::Relay;
use crate::daemon::{Daemon, program};
use crate::plant::{AgentPlan, DoorPlan, Plan, Plant};
use crate::rules;
use crate::staff::Staff;

/// How long doors are released, in milliseconds.
pub const RELEASE_MS: u32 = 1_000;
/// Persons with a card of each door.
pub const PERSONS: usize = 2;
/// A program that ended is started again after so long.
const START_AGAIN: Duration = Duration::from_millis(200);
/// The same where nothing puts strikes to rest: longer than a door may stay released, so that it shows.
const START_LATE: Duration = Duration::from_millis(RELEASE_MS as u64 + 3_000);
/// A server that does not start is started so often.
const STARTS_MAX: usize = 10;
/// A card is held to the desk's reader so often.
const ENROLMENTS_MAX: usize = 5;
/// The door that wants a finger.
pub const WITH_FINGER: &str = "lobby";
/// The door that people leave by this system only.
const BY_SYSTEM: &str = "lab";

/// A small disk of memory that outlives the program whose journal lies on it: mounted where only programs that enter this
/// process's namespaces see it, so that no rights are needed.
const A_SMALL_DISK: &str = r#"
    set -e
    cp --recursive "$1" "$1.before"
    mount -t tmpfs -o size=2m,mode=0700 tmpfs "$1"
    cp "$1.before"/* "$1"
    echo mounted
    exec setpriv --pdeathsig=TERM -- sleep infinity
"#;

/// Somebody with a card, and what they may be given.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Whose card it is.
    pub person: String,
    /// The access level of the door.
    pub level: String,
    /// The grant that they have now, as far as is known.
    pub grant: Option<String>,
}

/// A computer at doors.
#[derive(Debug)]
pub struct Machine {
    /// The agent's name in files.
    pub name: &'static str,
    /// Its place among all.
    pub number: usize,
    /// The link.
    pub link: Relay,
    /// The lines of each of its doors, by place among all doors.
    pub lines: Vec<(usize, Relay)>,
    disk: Daemon,
    folder: PathBuf,
    socket: PathBuf,
    /// Of the running program; 0 if none runs.
    id: AtomicI32,
    is_ending: AtomicBool,
    has_relock: bool,
    model: Arc<Model>,
}

impl Machine {
    /// Sends the program a signal; answers whether it runs.
    pub fn signal(&self, signal: Signal) -> bool {
        let id = self.id.load(Ordering::SeqCst);
        id > 0 && kill(Pid::from_raw(id), signal).is_ok()
    }

    /// Waits until the program runs.
    pub async fn runs(&self) {
        let mut changes = self.model.changes();
        while self.id.load(Ordering::SeqCst) == 0 {
            // The sender lives as long as this.
            let _ = changes.changed().await;
        }
    }

    /// Where its journal lies, as it is seen from here.
    pub fn journal(&self) -> anyhow::Result<PathBuf> {
        let disk = self.disk.id().context("the small disk is there")?;
        let inside = self.folder.join(self.name).join("journal");
        Ok(Path::new(&format!("/proc/{disk}/root")).join(inside.strip_prefix("/")?))
    }

    fn start(&self) -> anyhow::Result<Daemon> {
        let disk = self.disk.id().context("the small disk is there")?;
        let config = self.folder.join(format!("{}.toml", self.name));
        let own = program("pforte-agent")?;
        Daemon::start(self.name, Path::new("nsenter"), &self.folder, |command| {
            command.args(["--preserve-credentials", "--user", "--mount", "--target", &disk.to_string(), "--"]);
            // Entering cost it the signal at its starter's end.
            command.args(["setpriv", "--pdeathsig=TERM", "--"]).arg(own).arg("run").arg("--config").arg(config);
            command.env("PCSCLITE_CSOCK_NAME", &self.socket);
        })
    }

    /// What a service manager does after the program's end (`ExecStopPost`).
    async fn rest(&self) -> anyhow::Result<()> {
        let mut rest = Command::new(program("pforte-agent")?);
        rest.arg("rest").arg("--config").arg(self.folder.join(format!("{}.toml", self.name)));
        rest.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Lines that were cut this moment are put to rest by the start that follows.
        rest.status().await?;
        Ok(())
    }

    /// Has the program run, again and again, until it is to end.
    async fn keep(self: Arc<Self>) -> anyhow::Result<()> {
        loop {
            let mut daemon = self.start()?;
            self.model.see(|_| self.id.store(daemon.id().map_or(0, Pid::as_raw), Ordering::SeqCst));
            let is_ready = daemon.line("agent ready").await.is_ok();
            self.model.see(|seen| seen.is_up[self.number] = is_ready);
            daemon.wait().await;
            self.id.store(0, Ordering::SeqCst);
            self.model.see(|seen| {
                seen.is_up[self.number] = false;
                seen.ends[self.number].push(now_ms());
            });
            self.look_at_disk()?;
            if self.has_relock {
                self.rest().await?;
            }
            if self.is_ending.load(Ordering::SeqCst) {
                return Ok(());
            }
            // Who looks for a strike that stays energised must not have it end by the next grant.
            tokio::time::sleep(if self.has_relock { START_AGAIN } else { START_LATE }).await;
        }
    }

    /// Takes down what lies on the disk while nobody writes to it.
    pub(super) fn look_at_disk(&self) -> anyhow::Result<()> {
        for found in journal::read(&self.journal()?)? {
            let record = found.signed.read()?;
            let place = (record.epoch, record.seq, found.signed.hash());
            self.model.see(|seen| seen.on_disk[self.number].insert(place));
        }
        Ok(())
    }
}

/// The plant with everything between its parts.
#[derive(Debug)]
pub struct Site {
    /// The plant; its door controllers are driven by [`Site::machines`].
    pub plant: Arc<Mutex<Plant>>,
    /// The administrator.
    pub staff: Staff,
    /// Whose plant it is.
    pub tenant: TenantId,
    /// The folder of everything.
    pub folder: PathBuf,
    /// Computers at doors.
    pub machines: Vec<Arc<Machine>>,
    keepers: Vec<JoinHandle<anyhow::Result<()>>>,
    /// What is seen.
    pub model: Arc<Model>,
    /// By door and number: who has a card there.
    pub holders: Vec<Vec<Holder>>,
    _ports: Ports,
}

/// Name of the card, and of the finger, of somebody at a door; the last is a stranger's.
pub fn card(door: &str, number: usize) -> String {
    format!("{door}-{number}")
}

/// Two ports of a plant's own.
#[derive(Debug)]
struct Ports {
    staff: u16,
    agents: u16,
    /// Held for the plant's life: whoever else looks for a place finds this one taken, also while its server is away.
    _claim: TcpListener,
}

/// A place of three ports below those that the system gives to whoever wants any: while the server is away, nobody must be
/// given one of its ports by chance, not even the one who tries to reach it there.
async fn ports() -> anyhow::Result<Ports> {
    const PLACES: u32 = 3_000;
    // Several runs on one machine begin at places of their own.
    let begin = std::process::id() % PLACES;
    for place in (0..PLACES).map(|step| (begin + step) % PLACES) {
        let first = 20_000 + 3 * u16::try_from(place)?;
        let bind = |port| TcpListener::bind(("127.0.0.1", port));
        let Ok(claim) = bind(first).await else { continue };
        let (staff, agents) = (first + 1, first + 2);
        if bind(staff).await.is_ok() && bind(agents).await.is_ok() {
            return Ok(Ports { staff, agents, _claim: claim });
        }
    }
    anyhow::bail!("no three free ports beside each other in {PLACES} places")
}

fn plan(ports: (u16, u16)) -> Plan {
    let door = |name, areas, factors| DoorPlan::plain(name, name, areas, factors);
    let agents = vec![
        AgentPlan {
            name: "east",
            label: "East wing",
            doors: vec![
                door(WITH_FINGER, ("Street", "Hall"), "card_finger"),
                door(BY_SYSTEM, ("Hall", "Laboratory"), "card"),
            ],
        },
        AgentPlan {
            name: "west",
            label: "West wing",
            doors: vec![door("store", ("Street", "Store"), "card"), door("yard", ("Street", "Yard"), "card")],
        },
        AgentPlan { name: "desk", label: "Enrolment desk", doors: Vec::new() },
    ];
    let doors = agents.iter().flat_map(|agent| &agent.doors);
    let cards: Vec<String> = doors.flat_map(|door| (0..=PERSONS).map(|number| card(door.name, number))).collect();
    let fingers: Vec<String> = (0..PERSONS).map(|number| card(WITH_FINGER, number)).collect();
    let labelled = |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect();
    Plan {
        mode: "test",
        tenants: vec![("plant", "Plant")],
        agents,
        cards: labelled(cards),
        fingers: labelled(fingers),
        uid_only: Vec::new(),
        closes_ms: Some(500),
        ports,
    }
}

impl Site {
    /// Makes the plant, its people and what lies between. Without `has_relock` nothing puts strikes to rest when an agent
    /// ended or starts.
    pub async fn start(has_relock: bool) -> anyhow::Result<Self> {
        let ports = ports().await?;
        let plan = plan((ports.staff, ports.agents));
        let mut plant = Plant::temporary(plan.clone()).await?;
        let holders = people(&plant, &plan).await?;
        let folder = plant.folder().to_owned();
        let mut doors = Vec::new();
        for (agent, made) in plan.agents.iter().enumerate() {
            for door in &made.doors {
                let is_left_by_system = door.name == BY_SYSTEM;
                doors.push(Door { name: door.name, id: plant.door(door.name)?.parse()?, agent, is_left_by_system });
            }
        }
        let agents: Vec<&AgentPlan> = plan.agents.iter().filter(|agent| !agent.doors.is_empty()).collect();
        let model = Arc::new(Model::new(doors, agents.len()));
        let mut machines = Vec::new();
        for (number, agent) in agents.iter().enumerate() {
            plant.rules_reach(agent.name).await?;
            plant.agent_mut(agent.name)?.stop().await?;
            machines.push(Arc::new(machine(&plant, number, agent.name, &model, has_relock).await?));
        }
        let mut db = rules::database(&plant).await?;
        let tenant = rules::tenant(&mut db, &plant.staff.account.tenant).await?;
        let now = rules::read(&mut db, tenant).await?;
        model.see(|seen| seen.rules.insert(now.version, (now_ms(), now)));
        for (door, of_door) in model.doors.iter().zip(&holders) {
            for (number, holder) in of_door.iter().enumerate() {
                let person = holder.person.parse()?;
                model.see(|seen| seen.persons.insert((door.id, number), person));
            }
        }
        let keepers = machines.iter().map(|machine| tokio::spawn(machine.clone().keep())).collect();
        let staff = plant.staff.clone();
        Ok(Self {
            plant: Arc::new(Mutex::new(plant)),
            staff,
            tenant,
            folder,
            machines,
            keepers,
            model,
            holders,
            _ports: ports,
        })
    }

    /// Folder of the twins.
    pub fn world(&self) -> PathBuf {
        self.folder.join("world")
    }

    /// Somebody who acts in the world.
    pub async fn twins(&self) -> anyhow::Result<Twins> {
        Ok(Twins::connect(&self.world()).await?)
    }

    /// Kills the server and starts it again, at the same address; `once_more` kills it after so long while it starts, too. Answers
    /// whether it was killed that second time before it had got up.
    pub async fn kill_server(plant: &Mutex<Plant>, once_more: Option<Duration>) -> anyhow::Result<bool> {
        let mut plant = plant.lock().await;
        plant.kill_server().await?;
        let mut was_starting = false;
        if let Some(after) = once_more {
            // What is dropped half started is killed; it may have got up in time.
            was_starting = tokio::time::timeout(after, plant.start_server()).await.is_err();
            plant.kill_server().await?;
        }
        // One that was dropped may still be about to end, with its ports in its hands.
        for _ in 1..STARTS_MAX {
            if plant.start_server().await.is_ok() {
                return Ok(was_starting);
            }
            tokio::time::sleep(START_AGAIN).await;
        }
        plant.start_server().await.map(|()| was_starting)
    }

    /// Somebody with a card who may pass a door, by the newest rules.
    pub fn admitted(&self, door: usize) -> Option<usize> {
        let seen = self.model.seen();
        let (_, (_, rules)) = seen.rules.last_key_value()?;
        (0..PERSONS).find(|number| {
            let person = seen.persons.get(&(self.model.doors[door].id, *number)).copied();
            rules.grants.iter().any(|grant| person.is_some_and(|person| grant.holder == GrantHolder::Person(person)))
        })
    }

    /// Ends everything.
    pub async fn stop(self) -> anyhow::Result<()> {
        let plant = Arc::into_inner(self.plant).context("the plant is in use")?.into_inner();
        plant.stop().await
    }

    /// Ends the agents in order.
    pub async fn stop_machines(&mut self) -> anyhow::Result<()> {
        for machine in &self.machines {
            machine.is_ending.store(true, Ordering::SeqCst);
            machine.signal(Signal::SIGTERM);
        }
        for keeper in self.keepers.drain(..) {
            keeper.await??;
        }
        Ok(())
    }

    /// Whether somebody who keeps a program running gave up: the run can't go on.
    pub fn has_broken(&self) -> bool {
        self.keepers.iter().any(JoinHandle::is_finished)
    }
}

/// Persons, cards, fingers and levels; everybody may pass their door.
async fn people(plant: &Plant, plan: &Plan) -> anyhow::Result<Vec<Vec<Holder>>> {
    let mut holders = Vec::new();
    for door in plan.agents.iter().flat_map(|agent| &agent.doors) {
        let mut rule = json!({ "release_ms": RELEASE_MS, "reason": "a busy place" });
        if door.name == BY_SYSTEM {
            rule["exit"] = json!("by_system");
        }
        plant.staff.patch(&format!("/doors/{}", plant.door(door.name)?), rule).await?;
        let level = plant.level(door.name, &[door.name], None).await?;
        let mut of_door = Vec::new();
        for number in 0..PERSONS {
            let person = plant.register(door.name, &number.to_string()).await?;
            enrol_card(plant, &person, &card(door.name, number)).await?;
            if door.name == WITH_FINGER {
                plant.consent(&person).await?;
                plant.enrol_finger(&person, &card(door.name, number)).await?;
            }
            let grant = Some(plant.grant(&person, &level).await?);
            of_door.push(Holder { person, level: level.clone(), grant });
        }
        holders.push(of_door);
    }
    Ok(holders)
}

/// Enrols a card. A reader may not have noticed yet that the card before was taken away, and the desk is told of that one once
/// more: then it is tried again.
async fn enrol_card(plant: &Plant, person: &str, card: &str) -> anyhow::Result<()> {
    for _ in 1..ENROLMENTS_MAX {
        match plant.enrol_card(person, card).await {
            Err(error) if error.to_string().contains("card_in_use") => tokio::time::sleep(START_AGAIN).await,
            done => return done.map(drop),
        }
    }
    plant.enrol_card(person, card).await.map(drop)
}

/// An agent's computer: its configuration leads through relays, and its journal lies on a small disk.
async fn machine(
    plant: &Plant,
    number: usize,
    name: &'static str,
    model: &Arc<Model>,
    has_relock: bool,
) -> anyhow::Result<Machine> {
    let (folder, world) = (plant.folder().to_owned(), plant.world());
    let (address, link) = Relay::to_port(plant.agents_address.parse()?).await?;
    let file = folder.join(format!("{name}.toml"));
    let mut config = std::fs::read_to_string(&file)?.replace(&plant.agents_address, &address.to_string());
    let mut lines = Vec::new();
    for (place, door) in model.doors.iter().enumerate().filter(|(_, door)| door.agent == number) {
        let (target, socket) = (world::door_socket(&world, door.name), folder.join(format!("lines-{place}.sock")));
        config = config.replace(&target.display().to_string(), &socket.display().to_string());
        lines.push((place, Relay::to_lines(&socket, target, place, model.clone(), has_relock)?));
    }
    std::fs::write(&file, config)?;
    let journal = folder.join(name).join("journal");
    let disk = Daemon::start(&format!("{name}-disk"), Path::new("unshare"), &folder, |command| {
        command.args(["-rm", "--", "setpriv", "--pdeathsig=TERM", "--", "sh", "-c", A_SMALL_DISK, "sh"]).arg(journal);
    })?;
    disk.line("mounted").await?;
    Ok(Machine {
        name,
        number,
        link,
        lines,
        disk,
        folder,
        socket: world::pcscd_socket(&world),
        id: AtomicI32::new(0),
        is_ending: AtomicBool::new(false),
        has_relock,
        model: model.clone(),
    })
}

//! The plant: a folder with everything in it, and the processes that run in it. A plant that was made before is found as
//! it was left.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use hardware::world::{self, Client as Twins};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::daemon::{Daemon, program};
use crate::staff::{Account, Staff};

/// Where a plant's token is described, in its folder.
const SOFTHSM_FILE: &str = "softhsm2.conf";

/// Password of the plant's first administrator; synthetic, like everything here.
pub const PASSWORD: &str = "seven green umbrellas at dawn";
/// Name of the plant's first administrator.
pub const ADMINISTRATOR: &str = "chris";

/// What a plant is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `test` or `demo`.
    pub mode: &'static str,
    /// Short name and name of the tenant whose plant it is, and of others.
    pub tenants: Vec<(&'static str, &'static str)>,
    /// Agents.
    pub agents: Vec<AgentPlan>,
    /// Cards that lie around: name and label. They are DESFire as they come from the factory.
    pub cards: Vec<(String, String)>,
    /// Those of them that tell a UID and can prove nothing.
    pub uid_only: Vec<&'static str>,
    /// Fingers: name and label.
    pub fingers: Vec<(String, String)>,
    /// How long a pushed door stays open, in milliseconds; none means until it is closed.
    pub closes_ms: Option<u64>,
    /// Ports of staff and agents; 0 means any.
    pub ports: (u16, u16),
}

/// An agent, and what hangs on it.
#[derive(Debug, Clone)]
pub struct AgentPlan {
    /// Its name in files.
    pub name: &'static str,
    /// Its name in the user interface.
    pub label: &'static str,
    /// Its doors; none means that it is an enrolment station.
    pub doors: Vec<DoorPlan>,
}

/// A door.
#[derive(Debug, Clone)]
pub struct DoorPlan {
    /// Its name in files.
    pub name: &'static str,
    /// Its name in the user interface.
    pub label: &'static str,
    /// Areas outside and inside.
    pub areas: (&'static str, &'static str),
    /// `card` or `card_finger`.
    pub factors_in: &'static str,
    /// How long it may stand open, in milliseconds.
    pub held_ms: u32,
    /// How long it stays open when it was pushed, in milliseconds; none means as long as the plan says of all.
    pub closes_ms: Option<u64>,
    /// Whether a card is read on the inside, too: one leaves by card there.
    pub is_read_inside: bool,
    /// Whether a PIN can be typed on the outside.
    pub has_keypad: bool,
    /// What is worth trying at it, for whoever plays.
    pub hint: Option<&'static str>,
}

impl DoorPlan {
    /// A door with nothing unusual about it.
    pub fn plain(
        name: &'static str,
        label: &'static str,
        areas: (&'static str, &'static str),
        factors_in: &'static str,
    ) -> Self {
        Self {
            name,
            label,
            areas,
            factors_in,
            held_ms: 30_000,
            closes_ms: None,
            is_read_inside: false,
            has_keypad: false,
            hint: None,
        }
    }

    /// Name of the place on its inside, if a card is read there.
    fn inside(&self) -> Option<String> {
        self.is_read_inside.then(|| format!("{}-inside", self.name))
    }
}

impl Plan {
    /// A small plant for tests: one agent with two doors, one station.
    pub fn small() -> Self {
        Self {
            mode: "test",
            tenants: vec![("plant", "Plant"), ("other", "Other plant")],
            agents: vec![
                AgentPlan {
                    name: "east",
                    label: "East wing",
                    doors: vec![
                        DoorPlan {
                            has_keypad: true,
                            ..DoorPlan::plain("lobby", "Lobby", ("Street", "Hall"), "card_finger")
                        },
                        DoorPlan::plain("lab", "Laboratory", ("Hall", "Laboratory"), "card"),
                    ],
                },
                AgentPlan { name: "desk", label: "Enrolment desk", doors: Vec::new() },
            ],
            cards: ["anna", "berta", "stranger"].map(|name| (name.to_owned(), name.to_owned())).to_vec(),
            uid_only: vec!["stranger"],
            fingers: ["anna-right-index", "berta-right-index", "anna-left-index"]
                .map(|name| (name.to_owned(), name.to_owned()))
                .to_vec(),
            closes_ms: Some(300),
            ports: (0, 0),
        }
    }
}

/// What is remembered of a plant between two starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Made {
    /// The first administrator of each tenant.
    pub accounts: BTreeMap<String, Account>,
    /// Its site.
    pub site: String,
    /// Doors by name in files.
    pub doors: BTreeMap<String, String>,
    /// Agents by name in files.
    pub agents: BTreeMap<String, String>,
}

/// A running plant.
#[derive(Debug)]
pub struct Plant {
    folder: PathBuf,
    plan: Plan,
    twin: Daemon,
    server: Option<Daemon>,
    agents: BTreeMap<String, Daemon>,
    /// The newest card of each person who was given one at the desk.
    cards_of: Mutex<BTreeMap<String, String>>,
    /// Where staff reach the server.
    pub staff_url: String,
    /// Where agents reach it.
    pub agents_address: String,
    /// What was made.
    pub made: Made,
    /// The first administrator.
    pub staff: Staff,
    // Removed when the plant is dropped, if the plant was made in a folder of its own.
    temporary: Option<tempfile::TempDir>,
}

/// The UID of the plan's card with this number, from 1.
fn uid(card: usize) -> [u8; 7] {
    let [.., high, middle, low] = card.to_be_bytes();
    [0x04, 0xA1, 0xB2, 0xC3, high, middle, low]
}

fn world_file(plan: &Plan) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut place = |name: &str, label: &str, door: Option<&DoorPlan>| -> std::fmt::Result {
        write!(text, "[[reader]]\nname = \"{name}\"\n[[sensor]]\nname = \"{name}\"\n")?;
        if let Some(door) = door {
            write!(text, "[[door]]\nname = \"{name}\"\nlabel = \"{}\"\nopens_ms = 60\n", door.label)?;
            // As every door is made: one leaves by its handle.
            text.push_str("rex = true\nrex_is_mechanical = true\nwatched = true\n");
            if let Some(closes_ms) = door.closes_ms.or(plan.closes_ms) {
                writeln!(text, "closes_ms = {closes_ms}")?;
            }
            if let Some(hint) = door.hint {
                writeln!(text, "hint = {}", toml::Value::from(hint))?;
            }
        }
        // A station has all there is.
        let has_keypad = door.is_none_or(|door| door.has_keypad);
        if has_keypad {
            writeln!(text, "[[keypad]]\nname = \"{name}\"")?;
        }
        write!(text, "[[place]]\nname = \"{name}\"\nlabel = \"{label}\"\nreader = \"{name}\"\nsensor = \"{name}\"\n")?;
        if has_keypad {
            writeln!(text, "keypad = \"{name}\"")?;
        }
        if let Some(door) = door {
            writeln!(text, "door = \"{name}\"")?;
            if let Some(inside) = door.inside() {
                write!(text, "[[reader]]\nname = \"{inside}\"\n[[place]]\nname = \"{inside}\"\n")?;
                writeln!(text, "label = \"inside {label}\"\nreader = \"{inside}\"\ndoor = \"{name}\"")?;
            }
        }
        Ok(())
    };
    for agent in &plan.agents {
        for door in &agent.doors {
            place(door.name, door.label, Some(door))?;
        }
        if agent.doors.is_empty() {
            place(agent.name, agent.label, None)?;
        }
    }
    for (index, (name, label)) in plan.cards.iter().enumerate() {
        let uid: String = uid(index + 1).iter().map(|byte| format!("{byte:02X}")).collect();
        write!(text, "[[card]]\nname = \"{name}\"\nlabel = \"{label}\"\nuid = \"{uid}\"\n")?;
        if !plan.uid_only.contains(&name.as_str()) {
            text.push_str("desfire = {}\n");
        }
    }
    for (index, (name, label)) in plan.fingers.iter().enumerate() {
        write!(text, "[[finger]]\nname = \"{name}\"\nlabel = \"{label}\"\nseed = {}\n", 1_000 + index)?;
    }
    Ok(text)
}

impl Plant {
    /// A small plant in a folder of its own that goes with it.
    pub async fn small() -> anyhow::Result<Self> {
        Self::temporary(Plan::small()).await
    }

    /// A plant in a folder of its own that goes with it.
    pub async fn temporary(plan: Plan) -> anyhow::Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        // Short, since socket paths are bounded; in memory, so that a busy disk does not hold up a person at a door; and to
        // be entered by the database's account.
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory } else { Path::new("/tmp") };
        let folder = tempfile::Builder::new().prefix("pf").tempdir_in(place)?;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        // For a look at the logs of a test that fails.
        if std::env::var_os("PFORTE_KEEP").is_some() {
            return Self::start(plan, &folder.keep()).await;
        }
        let mut plant = Self::start(plan, folder.path()).await?;
        plant.temporary = Some(folder);
        Ok(plant)
    }

    /// Leaves the plant's folder when it is dropped, for whoever looks into what went wrong.
    pub fn keep_folder(&mut self) {
        if let Some(folder) = &mut self.temporary {
            folder.disable_cleanup(true);
        }
    }

    /// Starts everything in a folder; makes it first, if nothing is there. What is there moves to the plan's ports.
    pub async fn start(plan: Plan, folder: &Path) -> anyhow::Result<Self> {
        let twin = start_twin(&plan, folder).await?;
        let made_file = folder.join("plant.json");
        let server_file = folder.join("server.toml");
        let is_new = !made_file.exists();
        write_server_file(&plan, folder, plan.ports)?;
        if is_new {
            for (slug, name) in &plan.tenants {
                let mut add = Command::new(program("pforte-server")?);
                add.args(["tenant", "add", "--config"]).arg(&server_file).args(["--slug", slug, "--name", name]);
                run(add).await?;
            }
        }
        let (server, staff_url, agents_address) = start_server(folder).await?;
        // The next start is at the same address: agents and browsers know it.
        write_server_file(&plan, folder, (port(&staff_url)?, port(&agents_address)?))?;
        let (made, staff) = if is_new {
            let (made, staff) = make(&plan, folder, &server, &staff_url).await?;
            std::fs::write(&made_file, serde_json::to_vec_pretty(&made)?)?;
            (made, staff)
        } else {
            let made: Made = serde_json::from_slice(&std::fs::read(&made_file)?).context("plant.json")?;
            let account = made.accounts.get(plan.tenants[0].0).context("the plant's administrator")?;
            let staff = Staff::sign_in(&staff_url, account).await?;
            (made, staff)
        };
        let mut plant = Self {
            folder: folder.to_owned(),
            plan,
            twin,
            server: Some(server),
            agents: BTreeMap::new(),
            cards_of: Mutex::default(),
            staff_url,
            agents_address,
            made,
            staff,
            temporary: None,
        };
        if is_new {
            plant.join_agents().await?;
        } else {
            plant.lead_agents_to_server()?;
        }
        for agent in plant.plan.agents.clone() {
            plant.start_agent(agent.name, &[]).await?;
        }
        for agent in plant.plan.agents.clone() {
            plant.agent(agent.name)?.line("bundle in force").await?;
        }
        Ok(plant)
    }

    /// The folder that everything lies in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Folder of the twins.
    pub fn world(&self) -> PathBuf {
        self.folder.join("world")
    }

    /// Somebody who holds cards and fingers to readers and sensors.
    pub async fn twins(&self) -> anyhow::Result<Twins> {
        Ok(Twins::connect(&self.world()).await?)
    }

    /// Id of a door.
    pub fn door(&self, name: &str) -> anyhow::Result<&str> {
        self.made.doors.get(name).map(String::as_str).with_context(|| format!("no door {name}"))
    }

    /// What a reader reads of a card that lies around.
    pub fn uid(&self, card: &str) -> anyhow::Result<[u8; 7]> {
        let place = self.plan.cards.iter().position(|(name, _)| name == card);
        Ok(uid(place.with_context(|| format!("no card {card}"))? + 1))
    }

    /// A running agent.
    pub fn agent(&self, name: &str) -> anyhow::Result<&Daemon> {
        self.agents.get(name).with_context(|| format!("agent {name} does not run"))
    }

    /// A running agent, to be ended.
    pub fn agent_mut(&mut self, name: &str) -> anyhow::Result<&mut Daemon> {
        self.agents.get_mut(name).with_context(|| format!("agent {name} does not run"))
    }

    /// The server.
    pub fn server(&self) -> anyhow::Result<&Daemon> {
        self.server.as_ref().context("the server does not run")
    }

    /// Starts an agent; `environment` overrides its configuration.
    pub async fn start_agent(&mut self, name: &str, environment: &[(&str, &str)]) -> anyhow::Result<()> {
        self.start_agent_by(&[], name, environment).await
    }

    /// Starts an agent by a program that becomes it: its own name and arguments stand before the agent's.
    pub async fn start_agent_by(
        &mut self,
        becoming: &[&str],
        name: &str,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        let socket = world::pcscd_socket(&self.world());
        let config = self.folder.join(format!("{name}.toml"));
        let own = program("pforte-agent")?;
        let mut line: Vec<&Path> = becoming.iter().map(Path::new).chain([own.as_path()]).collect();
        let first = line.remove(0);
        let agent = Daemon::start(name, first, &self.folder, |command| {
            command.args(line).arg("run").arg("--config").arg(&config).env("PCSCLITE_CSOCK_NAME", &socket);
            command.envs(environment.iter().copied());
        })?;
        agent.line("agent ready").await?;
        self.agents.insert(name.to_owned(), agent);
        Ok(())
    }

    /// Gives the plant a token of its own (SoftHSM) and has the server make cards' keys in it from its next start on.
    pub async fn make_token(&self) -> anyhow::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let (label, pin) = ("plant", "24-plant-42");
        let (config, tokens, pin_file) =
            (self.folder.join(SOFTHSM_FILE), self.folder.join("tokens"), self.folder.join("token.pin"));
        std::fs::create_dir(&tokens)?;
        std::fs::write(&config, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()))?;
        std::fs::write(&pin_file, format!("{pin}\n"))?;
        std::fs::set_permissions(&pin_file, std::fs::Permissions::from_mode(0o600))?;
        let mut make = Command::new("softhsm2-util");
        make.args(["--init-token", "--free", "--label", label, "--so-pin", "officer-24", "--pin", pin]);
        make.env("SOFTHSM2_CONF", &config);
        run(make).await?;
        let server_file = self.folder.join("server.toml");
        let mut text = std::fs::read_to_string(&server_file)?;
        writeln!(text, "[card_keys]\nmodule = \"/usr/lib/softhsm/libsofthsm2.so\"\ntoken = \"{label}\"")?;
        writeln!(text, "pin_file = \"{}\"", pin_file.display())?;
        std::fs::write(&server_file, text)?;
        Ok(())
    }

    /// What the server's own command line says of the token.
    pub async fn token_told(&self) -> anyhow::Result<String> {
        let mut check = Command::new(program("pforte-server")?);
        check.args(["card-keys", "check", "--config"]).arg(self.folder.join("server.toml"));
        check.env("SOFTHSM2_CONF", self.folder.join(SOFTHSM_FILE));
        run(check).await
    }

    /// Starts the server anew and waits until these agents are linked again.
    pub async fn restart_server(&mut self, agents: &[&str]) -> anyhow::Result<()> {
        let mut before = Vec::new();
        for name in agents {
            before.push(self.agent(name)?.lines().len());
        }
        self.stop_server().await?;
        self.start_server().await?;
        for (name, lines) in agents.iter().zip(before) {
            self.agent(name)?.line_after(lines, "link up").await?;
        }
        Ok(())
    }

    /// Stops the server in order.
    pub async fn stop_server(&mut self) -> anyhow::Result<()> {
        if let Some(mut server) = self.server.take() {
            server.stop().await?;
        }
        Ok(())
    }

    /// Ends the server as a power cut would; its Postgres ends with it.
    pub async fn kill_server(&mut self) -> anyhow::Result<()> {
        if let Some(mut server) = self.server.take() {
            server.kill().await?;
        }
        Ok(())
    }

    /// Starts the server again, at the same address.
    pub async fn start_server(&mut self) -> anyhow::Result<()> {
        let (server, staff_url, agents_address) = start_server(&self.folder).await?;
        ensure!(
            staff_url == self.staff_url && agents_address == self.agents_address,
            "the server moved to {staff_url}"
        );
        self.server = Some(server);
        Ok(())
    }

    /// Waits until a process ends that nobody told to; says which.
    pub async fn broke(&mut self) -> String {
        use futures_util::FutureExt as _;
        use futures_util::future::select_all;
        let mut ends = vec![self.twin.wait().map(|()| "pforte-twin".to_owned()).boxed()];
        if let Some(server) = &mut self.server {
            ends.push(server.wait().map(|()| "pforte-server".to_owned()).boxed());
        }
        for (name, agent) in &mut self.agents {
            let name = name.clone();
            ends.push(agent.wait().map(move |()| format!("agent {name}")).boxed());
        }
        select_all(ends).await.0
    }

    /// Stops everything in order.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        for agent in self.agents.values() {
            agent.ask_to_end();
        }
        for agent in self.agents.values_mut() {
            agent.ended().await?;
        }
        self.stop_server().await?;
        self.twin.stop().await?;
        Ok(())
    }

    async fn join_agents(&self) -> anyhow::Result<()> {
        for plan in &self.plan.agents {
            let kind = if plan.doors.is_empty() { "station" } else { "door_controller" };
            let id = self.made.agents.get(plan.name).context("the agent")?;
            let reason = json!({ "reason": "first start" });
            let issued = self.staff.post(&format!("/agents/{id}/join-token"), reason).await?;
            let token_file = self.folder.join(format!("{}.token", plan.name));
            std::fs::write(&token_file, issued["token"].as_str().context("token")?)?;
            let data = self.folder.join(plan.name);
            let mut join = Command::new(program("pforte-agent")?);
            join.args(["join", "--server", &format!("https://{}", self.agents_address), "--kind", kind]);
            join.arg("--token-file").arg(&token_file).arg("--data").arg(&data);
            run(join).await?;
            std::fs::remove_file(&token_file)?;
            std::fs::write(self.folder.join(format!("{}.toml", plan.name)), self.agent_file(plan)?)?;
        }
        Ok(())
    }

    /// Tells agents that joined before where the server is now; the rest of what they were told stays as it is.
    fn lead_agents_to_server(&self) -> anyhow::Result<()> {
        for plan in &self.plan.agents {
            let file = self.folder.join(format!("{}.toml", plan.name));
            let text = std::fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
            let own = format!("server = \"{}\"", self.agents_address);
            let lines = text.lines().map(|line| if line.starts_with("server = ") { &own } else { line });
            let led: String = lines.flat_map(|line| [line, "\n"]).collect();
            if led != text {
                std::fs::write(&file, led)?;
            }
        }
        Ok(())
    }

    fn agent_file(&self, plan: &AgentPlan) -> anyhow::Result<String> {
        let world = self.world();
        let mut text = String::new();
        writeln!(text, "data_folder = \"{}\"", self.folder.join(plan.name).display())?;
        writeln!(text, "server = \"{}\"\nmode = \"{}\"", self.agents_address, self.plan.mode)?;
        let devices = |place: &str, has_keypad: bool| {
            let keypad = world::keypad_pipe(&world, place);
            let keypad = format!("keypad = {{ backend = \"virtual\", pipe = \"{}\" }}\n", keypad.display());
            format!(
                "reader = {{ name = \"{}\" }}\nsensor = {{ path = \"{}\" }}\n{}",
                world::reader_name(place),
                world::sensor_line(&world, place).display(),
                if has_keypad { &keypad } else { "" }
            )
        };
        for door in &plan.doors {
            writeln!(text, "[[door]]\nid = \"{}\"\nname = \"{}\"", self.door(door.name)?, door.label)?;
            let socket = world::door_socket(&world, door.name);
            writeln!(text, "io = {{ backend = \"virtual\", socket = \"{}\" }}", socket.display())?;
            write!(text, "[door.in]\n{}", devices(door.name, door.has_keypad))?;
            if let Some(inside) = door.inside() {
                writeln!(text, "[door.out]\nreader = {{ name = \"{}\" }}", world::reader_name(&inside))?;
            }
        }
        if plan.doors.is_empty() {
            write!(text, "[station]\n{}", devices(plan.name, true))?;
        }
        Ok(text)
    }
}

async fn run(mut command: Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output().await?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(output.status.success(), "{command:?}: {} {}", said(&output.stdout), said(&output.stderr));
    Ok(said(&output.stdout))
}

fn port(address: &str) -> anyhow::Result<u16> {
    address.rsplit(':').next().and_then(|port| port.parse().ok()).with_context(|| format!("no port in {address}"))
}

fn write_server_file(plan: &Plan, folder: &Path, (staff, agents): (u16, u16)) -> anyhow::Result<()> {
    let text = format!(
        "mode = \"{}\"\ndata_folder = \"{}\"\n[staff]\nlisten = \"127.0.0.1:{staff}\"\nplain_http = true\n\
         [agents]\nlisten = \"127.0.0.1:{agents}\"\n[demo]\ncontrol_socket = \"{}\"\n",
        plan.mode,
        folder.join("server").display(),
        world::control_socket(&folder.join("world")).display()
    );
    std::fs::write(folder.join("server.toml"), text)?;
    Ok(())
}

async fn start_twin(plan: &Plan, folder: &Path) -> anyhow::Result<Daemon> {
    let world_folder = folder.join("world");
    std::fs::create_dir_all(&world_folder)?;
    let file = folder.join("world.toml");
    std::fs::write(&file, world_file(plan)?)?;
    let twin = Daemon::start("pforte-twin", &program("pforte-twin")?, folder, |command| {
        command.arg("serve").arg("--world").arg(&file).arg("--folder").arg(&world_folder);
    })?;
    twin.line(world::READY).await?;
    Ok(twin)
}

async fn start_server(folder: &Path) -> anyhow::Result<(Daemon, String, String)> {
    let config = folder.join("server.toml");
    // A plant whose cards' keys lie in a token.
    let token = folder.join(SOFTHSM_FILE);
    let server = Daemon::start("pforte-server", &program("pforte-server")?, folder, |command| {
        command.arg("run").arg("--config").arg(&config);
        if token.exists() {
            command.env("SOFTHSM2_CONF", &token);
        }
    })?;
    let line = server.line("LISTENING ").await?;
    let address = |key: &str| {
        let word = line.split_whitespace().find_map(|word| word.strip_prefix(key));
        word.map(str::to_owned).with_context(|| format!("no {key} in {line}"))
    };
    let (staff, agents) = (address("staff=")?, address("agents=")?);
    Ok((server, staff, agents))
}

/// Makes what the plan says: operators, site, areas, doors, agents.
async fn make(plan: &Plan, folder: &Path, server: &Daemon, url: &str) -> anyhow::Result<(Made, Staff)> {
    let mut accounts = BTreeMap::new();
    let mut first = None;
    for (slug, name) in &plan.tenants {
        let line = server.line(&format!("SETUP {slug} ")).await?;
        let link = line.rsplit(' ').next().context("the link")?;
        let staff = Staff::set_up(url, link, ADMINISTRATOR, &format!("Chris of {name}"), PASSWORD).await?;
        accounts.insert((*slug).to_owned(), staff.account.clone());
        first.get_or_insert(staff);
    }
    let staff = first.context("a plan has a tenant")?;
    std::fs::write(folder.join("accounts.json"), serde_json::to_vec_pretty(&accounts)?)?;
    let site = staff
        .post(
            "/sites",
            json!({ "name": "Main site", "time_zone": "Europe/Berlin", "accepts_uid_only": true,
                "accepts_uid_only_reason": "Some cards of before are still around" }),
        )
        .await?;
    let site = id(&site)?;
    let mut areas: BTreeMap<&str, String> = BTreeMap::new();
    let (mut doors, mut agents) = (BTreeMap::new(), BTreeMap::new());
    for agent in &plan.agents {
        let mut door_ids = Vec::new();
        for door in &agent.doors {
            for area in [door.areas.0, door.areas.1] {
                if !areas.contains_key(area) {
                    let made = staff.post("/areas", json!({ "site_id": site, "name": area })).await?;
                    areas.insert(area, id(&made)?);
                }
            }
            let made = staff
                .post(
                    "/doors",
                    json!({ "name": door.label, "site_id": site, "area_outside_id": areas[door.areas.0],
                        "area_inside_id": areas[door.areas.1], "factors_in": door.factors_in,
                        "held_warning_ms": door.held_ms, "reason": "by the plan of this site" }),
                )
                .await?;
            door_ids.push(id(&made)?);
            doors.insert(door.name.to_owned(), id(&made)?);
        }
        let kind = if agent.doors.is_empty() { "station" } else { "door_controller" };
        let invited = staff.post("/agents", json!({ "name": agent.label, "kind": kind, "door_ids": door_ids })).await?;
        agents.insert(agent.name.to_owned(), id(&invited["agent"])?);
    }
    Ok((Made { accounts, site, doors, agents }, staff))
}

/// The id in an answer.
pub fn id(answer: &Value) -> anyhow::Result<String> {
    answer["id"].as_str().map(str::to_owned).with_context(|| format!("no id in {answer}"))
}

/// Staff's acts at the desk.
impl Plant {
    /// Registers a person.
    pub async fn register(&self, given: &str, family: &str) -> anyhow::Result<String> {
        let body = json!({ "name": { "given": given, "family": family }, "number": null,
            "document": { "kind": "identity_card", "seen_at": "2026-01-02T03:04:05Z" } });
        id(&self.staff.post("/people", body).await?)
    }

    /// Records consent, so that a finger may be enrolled.
    pub async fn consent(&self, person: &str) -> anyhow::Result<()> {
        self.consent_to(person, "2026-2").await
    }

    /// Records consent to the text of this version.
    pub async fn consent_to(&self, person: &str, version: &str) -> anyhow::Result<()> {
        let body = json!({ "kind": "consent", "consent_text_version": version, "given_at": "2026-01-02T03:04:05Z" });
        self.staff.put(&format!("/people/{person}/legal-basis"), body).await?;
        Ok(())
    }

    /// Enrols a card at the station; returns the credential's id.
    pub async fn enrol_card(&self, person: &str, card: &str) -> anyhow::Result<String> {
        id(&self.make_card(person, card).await?)
    }

    /// Enrols a card at the station: a DESFire becomes this person's, another one is known by its UID. Returns the credential.
    pub async fn make_card(&self, person: &str, card: &str) -> anyhow::Result<Value> {
        let mut twins = self.twins().await?;
        let started = self.start_enrolment(person, json!("card")).await?;
        twins.tap("desk", card).await?;
        let done = self.enrolment_result(&started).await?;
        twins.remove("desk").await?;
        ensure!(done["step"] == "done", "the card was not enrolled: {done}");
        self.cards_of.lock().unwrap_or_else(PoisonError::into_inner).insert(person.to_owned(), card.to_owned());
        Ok(done["credential"].clone())
    }

    /// Chooses where templates of fingers are kept that are enrolled from now on: `card` or `server`.
    pub async fn keep_templates_on(&self, place: &str) -> anyhow::Result<()> {
        self.choose_for_fingers(place, false).await
    }

    /// Has each finger that is enrolled from now on compared with all others, which are kept on the server.
    pub async fn compare_fingers(&self) -> anyhow::Result<()> {
        self.choose_for_fingers("server", true).await
    }

    async fn choose_for_fingers(&self, place: &str, compares: bool) -> anyhow::Result<()> {
        let before = self.staff.get("/card-rules").await?;
        let version = before["version"].as_i64().context("the version of the choices for cards")?;
        let choices = json!({ "templates_on": place, "compares_fingers": compares, "takes_ev1": before["takes_ev1"],
            "leaves_factory_key": before["leaves_factory_key"], "reason": "as this site is told to be" });
        self.staff.put_version("/card-rules", version, choices).await?;
        Ok(())
    }

    /// Enrols a finger at the station, placing and lifting it as asked, and holding the person's card there where it goes to that.
    pub async fn enrol_finger(&self, person: &str, finger: &str) -> anyhow::Result<()> {
        self.capture_finger(person, finger, json!({ "position": "right_index" })).await
    }

    /// Enrols a finger as a sign of duress.
    pub async fn enrol_duress_finger(&self, person: &str, finger: &str) -> anyhow::Result<()> {
        self.capture_finger(person, finger, json!({ "position": "left_index", "is_duress": true })).await
    }

    async fn capture_finger(&self, person: &str, finger: &str, want: Value) -> anyhow::Result<()> {
        let mut twins = self.twins().await?;
        let started = self.start_enrolment(person, json!({ "finger": want })).await?;
        let mut steps = self.staff.steps(&started).await?;
        loop {
            let step = steps.next().await?;
            match step["step"].as_str().unwrap_or_default() {
                "place_finger" => twins.finger("desk", finger).await?,
                "lift_finger" | "again" => twins.lift("desk").await?,
                "hold_card" => {
                    let cards = self.cards_of.lock().unwrap_or_else(PoisonError::into_inner).get(person).cloned();
                    twins.tap("desk", &cards.context("the person has no card that a finger could go to")?).await?;
                }
                "done" => {
                    twins.lift("desk").await?;
                    twins.remove("desk").await?;
                    return Ok(());
                }
                "failed" | "timed_out" | "cancelled" | "card_refused" | "finger_in_use" => {
                    twins.lift("desk").await?;
                    anyhow::bail!("the finger was not enrolled: {step}")
                }
                _ => {}
            }
        }
    }

    /// Has a person type a PIN twice at the station.
    pub async fn set_pin(&self, person: &str, pin: &str) -> anyhow::Result<()> {
        self.type_pins(person, false, ["", pin, pin]).await
    }

    /// Has a person type their PIN and, twice, one that is to be a sign of duress.
    pub async fn set_duress_pin(&self, person: &str, pin: &str, sign: &str) -> anyhow::Result<()> {
        self.type_pins(person, true, [pin, sign, sign]).await
    }

    async fn type_pins(&self, person: &str, is_duress: bool, [everyday, new, again]: [&str; 3]) -> anyhow::Result<()> {
        let mut twins = self.twins().await?;
        let started = self.start_enrolment(person, json!({ "pin": { "is_duress": is_duress } })).await?;
        let mut steps = self.staff.steps(&started).await?;
        loop {
            let step = steps.next().await?;
            match step["step"].as_str().unwrap_or_default() {
                "type_everyday_pin" => twins.type_keys("desk", &format!("{everyday}#")).await?,
                "type_pin" => twins.type_keys("desk", &format!("{new}#")).await?,
                "type_pin_again" => twins.type_keys("desk", &format!("{again}#")).await?,
                "done" => return Ok(()),
                _ => anyhow::bail!("the PIN was not set: {step}"),
            }
        }
    }

    /// Says that a person shows no finger, for good.
    pub async fn exempt(&self, person: &str) -> anyhow::Result<()> {
        let detail = self.staff.get(&format!("/people/{person}")).await?;
        let version = detail["rules"]["version"].as_i64().context("the version of their rules")?;
        let exemption = json!({ "ground": "not_usable", "valid_from": "2026-01-01T00:00:00Z", "valid_until": null });
        self.staff.put_version(&format!("/people/{person}/rules"), version, json!({ "exemption": exemption })).await?;
        Ok(())
    }

    /// Starts a dialogue at the station; returns its id.
    pub async fn start_enrolment(&self, person: &str, want: Value) -> anyhow::Result<String> {
        let station = self.made.agents.get("desk").context("the plan has no station `desk`")?;
        let body = json!({ "station_id": station, "person_id": person, "want": want });
        id(&self.staff.post("/enrolments", body).await?)
    }

    /// Waits until a dialogue at a station has ended, and tells how.
    pub async fn enrolment_result(&self, enrolment: &str) -> anyhow::Result<Value> {
        let mut steps = self.staff.steps(enrolment).await?;
        loop {
            let step = steps.next().await?;
            let word = step["step"].as_str().unwrap_or_default();
            if ["done", "failed", "timed_out", "cancelled", "card_in_use"].contains(&word) {
                return Ok(step);
            }
        }
    }

    /// An access level for these doors, at all times or within a schedule.
    pub async fn level(&self, name: &str, doors: &[&str], schedule: Option<&str>) -> anyhow::Result<String> {
        let ids: Vec<&str> = doors.iter().map(|door| self.door(door)).collect::<anyhow::Result<_>>()?;
        let places: Vec<Value> = ids.iter().map(|door| json!({ "kind": "door", "id": door })).collect();
        let line = json!({ "places": places, "side": "both", "schedule_id": schedule });
        id(&self.staff.post("/access-levels", json!({ "name": name, "lines": [line] })).await?)
    }

    /// Waits until the rules as they stand now are in force, at the server and at this agent.
    pub async fn rules_reach(&self, agent: &str) -> anyhow::Result<()> {
        let versions = self.staff.get("/policy/versions?limit=1").await?;
        let newest = versions["items"][0]["version"].as_u64().context("the rules' version")?;
        let version = |line: &str| line.split_once(" version=")?.1.split_whitespace().next()?.parse::<u64>().ok();
        let is_as_new = |line: &str| line.contains("bundle in force") && version(line).is_some_and(|at| at >= newest);
        self.agent(agent)?.line_that(0, &format!("bundle in force, version {newest}"), is_as_new).await?;
        Ok(())
    }

    /// Grants a level without an end.
    pub async fn grant(&self, person: &str, level: &str) -> anyhow::Result<String> {
        Self::grant_by(&self.staff, person, level).await
    }

    /// The same by somebody of staff.
    pub async fn grant_by(staff: &Staff, person: &str, level: &str) -> anyhow::Result<String> {
        let body = json!({ "level_id": level, "valid_from": "2026-01-01T00:00:00Z", "valid_until": null,
            "no_end_reason": "employed" });
        id(&staff.post(&format!("/people/{person}/grants"), body).await?)
    }
}

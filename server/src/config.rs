//! The one configuration file: TOML, every key overridable by the environment (`PFORTE__STAFF__LISTEN`), unknown keys are
//! errors. Secrets never stand in it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use access_core::protocol::InstallationMode;
use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::http::{Network, Proxies, ProxyHeader};
use crate::keys::module::ModulePlace;

/// What the server is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What this installation is for. Agents, cards and data of another mode are refused.
    pub mode: InstallationMode,
    /// Where keys, certificates and, without `database_url`, the database lie.
    pub data_folder: PathBuf,
    /// A Postgres of one's own, 15 or newer. Without it the server runs a private cluster in `data_folder`.
    pub database_url: Option<String>,
    /// Where staff reach it.
    pub staff: Staff,
    /// Where agents reach it.
    pub agents: Agents,
    /// A module (PKCS#11) in which master keys of cards are made from now on. Without it they follow from the master key.
    pub card_keys: Option<ModulePlace>,
    /// The show around a demo or test.
    pub demo: Option<Demo>,
}

/// Where staff reach the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Address and port.
    pub listen: SocketAddr,
    /// Names that the self-made certificate is good for.
    #[serde(default = "localhost")]
    pub names: Vec<String>,
    /// Certificate chain of one's own, PEM. Goes with `key`.
    pub certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
    /// No TLS: on a loopback address only.
    #[serde(default)]
    pub plain_http: bool,
    /// How staff's browsers write the address, if it differs from what is listened on.
    pub public_url: Option<String>,
    /// Proxies of one's own in front of this port, whose word on who asks is taken: addresses and networks.
    #[serde(default)]
    pub trusted_proxies: Vec<Network>,
    /// The header in which they say it, and which they must overwrite or append to: `x-forwarded-for` or `forwarded`.
    #[serde(default)]
    pub proxy_header: ProxyHeader,
    /// Connections at once, in all.
    #[serde(default = "connections")]
    pub connections_max: usize,
    /// Connections at once from one address; those of trusted proxies are not counted so.
    #[serde(default = "staff_connections_per_address")]
    pub connections_per_address_max: usize,
}

/// Where agents reach the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agents {
    /// Address and port.
    pub listen: SocketAddr,
    /// Host and port as agents write them, if they differ from what is listened on; all addresses are `staff.names`' first.
    pub public_address: Option<String>,
    /// Connections at once, in all.
    #[serde(default = "connections")]
    pub connections_max: usize,
    /// Connections at once from one address: a whole site may stand behind one.
    #[serde(default = "agent_connections_per_address")]
    pub connections_per_address_max: usize,
}

/// The show around a demo or test.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// Control socket of the virtual doors, for the page that shows them.
    pub control_socket: Option<PathBuf>,
}

fn connections() -> usize {
    4_096
}

fn staff_connections_per_address() -> usize {
    256
}

fn agent_connections_per_address() -> usize {
    1_024
}

impl Staff {
    /// Who in front of this port is believed.
    pub fn proxies(&self) -> Proxies {
        Proxies { trusted: self.trusted_proxies.clone(), header: self.proxy_header }
    }
}

fn localhost() -> Vec<String> {
    vec!["localhost".to_owned()]
}

impl Config {
    /// Reads and checks it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let file = path.to_str().with_context(|| format!("{} is no UTF-8 path", path.display()))?;
        let config = config::Config::builder()
            .add_source(config::File::new(file, config::FileFormat::Toml))
            .add_source(config::Environment::with_prefix("PFORTE").prefix_separator("__").separator("__"))
            .build()
            .and_then(config::Config::try_deserialize::<Self>)
            .with_context(|| format!("can't take the configuration {}", path.display()))?;
        config.check().with_context(|| format!("can't take the configuration {}", path.display()))?;
        Ok(config)
    }

    /// What others call the server, as far as this says so.
    pub fn own_name(&self) -> &str {
        self.staff.names.first().map_or("localhost", String::as_str)
    }

    /// What agents are told to connect to. Nobody connects to all addresses of a machine: it goes by its name then.
    pub fn agents_address(&self, listens_on: SocketAddr) -> String {
        match &self.agents.public_address {
            Some(address) => address.clone(),
            None if listens_on.ip().is_unspecified() => format!("{}:{}", self.own_name(), listens_on.port()),
            None => listens_on.to_string(),
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(self.data_folder.is_absolute(), "data_folder must be an absolute path");
        let staff = &self.staff;
        ensure!(
            staff.certificate.is_some() == staff.key.is_some(),
            "staff.certificate and staff.key go together: one of them is missing"
        );
        ensure!(
            !staff.plain_http || staff.listen.ip().is_loopback(),
            "staff.plain_http is for a loopback address only, not {}",
            staff.listen
        );
        let limits = [
            ("staff.connections_max", staff.connections_max),
            ("staff.connections_per_address_max", staff.connections_per_address_max),
            ("agents.connections_max", self.agents.connections_max),
            ("agents.connections_per_address_max", self.agents.connections_per_address_max),
        ];
        if let Some(module) = &self.card_keys {
            module.check()?;
        }
        for (key, limit) in limits {
            ensure!(limit > 0, "{key} must be at least 1: nobody could connect");
        }
        ensure!(!staff.plain_http || staff.certificate.is_none(), "staff.plain_http contradicts staff.certificate");
        ensure!(
            self.demo.is_none() || self.mode != InstallationMode::Production,
            "[demo] does not belong in a production installation"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        mode = "test"
        data_folder = "/var/lib/pforte"
        [staff]
        listen = "127.0.0.1:8443"
        plain_http = true
        [agents]
        listen = "0.0.0.0:8444"
    "#;

    const MODULE: &str = r#"
        [card_keys]
        module = "/usr/lib/softhsm/libsofthsm2.so"
        token = "pforte"
        pin_file = "/etc/pforte/token.pin"
    "#;

    fn read(text: &str) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("server.toml");
        std::fs::write(&path, text)?;
        Config::read(&path)
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(read(GOOD).unwrap().mode, InstallationMode::Test);
        assert_eq!(read(&(GOOD.to_owned() + MODULE)).unwrap().card_keys.unwrap().answer_ms_max, 5_000);
        let cases = [
            (GOOD.replace("plain_http", "plain_htpt"), "plain_htpt"),
            (GOOD.replace("\"test\"", "\"toy\""), "toy"),
            (GOOD.replace("127.0.0.1:8443", "192.0.2.1:8443"), "loopback address only"),
            (GOOD.replace("/var/lib/pforte", "pforte"), "absolute"),
            (GOOD.replace("127.0.0.1:8443", "here"), "staff.listen"),
            (GOOD.replace("plain_http = true", "certificate = \"/c.pem\""), "go together"),
            (GOOD.replace("\"test\"", "\"production\"") + "[demo]\n", "does not belong"),
            (GOOD.replace("plain_http", "trusted_proxies = [\"10.1.2.3/8\"]\nplain_http"), "10.1.2.3/8"),
            (GOOD.replace("plain_http", "proxy_header = \"via\"\nplain_http"), "via"),
            (GOOD.replace("plain_http", "connections_max = 0\nplain_http"), "staff.connections_max"),
            (GOOD.to_owned() + MODULE + "pin = \"1234\"", "pin"),
            (GOOD.to_owned() + &MODULE.replace("/etc/pforte/", ""), "card_keys.pin_file must be an absolute path"),
            (GOOD.to_owned() + &MODULE.replace("\"pforte\"", "\"\""), "card_keys.token"),
            (GOOD.to_owned() + MODULE + "answer_ms_max = 5", "card_keys.answer_ms_max"),
            (GOOD.to_owned() + "connections_per_address_max = 0", "agents.connections_per_address_max"),
        ];
        for (text, named) in cases {
            let error = format!("{:#}", read(&text).unwrap_err());
            assert!(error.contains(named), "{named}: {error}");
        }
        let missing = Config::read(Path::new("/nonexistent/server.toml")).unwrap_err();
        assert!(format!("{missing:#}").contains("/nonexistent/server.toml"));
    }

    #[test]
    fn nobody_in_front_is_believed_unless_named() {
        let proxied = "trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\nproxy_header = \"forwarded\"\nplain_http";
        let named = read(&GOOD.replace("plain_http", proxied)).unwrap().staff.proxies();
        assert!(named.trusts("10.1.2.3".parse().unwrap()) && named.header == ProxyHeader::Forwarded);
        let unnamed = read(GOOD).unwrap().staff.proxies();
        assert!(!unnamed.trusts("127.0.0.1".parse().unwrap()) && unnamed.header == ProxyHeader::XForwardedFor);
    }

    #[test]
    fn agents_are_told_an_address_that_somebody_can_connect_to() {
        let told = |text: &str, listens_on: &str| read(text).unwrap().agents_address(listens_on.parse().unwrap());
        assert_eq!(told(GOOD, "0.0.0.0:8444"), "localhost:8444");
        assert_eq!(told(GOOD, "[::]:8444"), "localhost:8444");
        assert_eq!(told(GOOD, "192.0.2.1:8444"), "192.0.2.1:8444");
        let named = GOOD.replace("plain_http", "names = [\"pforte.example.org\"]\nplain_http");
        assert_eq!(told(&named, "0.0.0.0:8444"), "pforte.example.org:8444");
        let given = GOOD.to_owned() + "public_address = \"doors.example.org:444\"";
        assert_eq!(told(&given, "0.0.0.0:8444"), "doors.example.org:444");
    }

    const SHIPPED: &str = include_str!("../debian/server.example.toml");

    #[test]
    fn the_shipped_example_is_read_and_so_is_what_it_only_suggests() {
        assert_eq!(read(SHIPPED).unwrap().mode, InstallationMode::Production);
        let is_key = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let is_meant =
            |text: &&str| text.starts_with('[') || text.split_once(" = ").is_some_and(|(key, _)| is_key(key));
        let uncommented = |line| str::strip_prefix(line, "# ").filter(is_meant).unwrap_or(line).to_owned() + "\n";
        let all: String = SHIPPED.lines().map(uncommented).collect();
        // The one line that contradicts the others.
        let config = read(&all.replace("plain_http = true\n", "")).unwrap();
        assert!(config.database_url.is_some() && config.staff.certificate.is_some());
        assert!(
            config.card_keys.is_some() && config.staff.public_url.is_some() && config.agents.public_address.is_some()
        );
        // What is said to hold without a line is what holds without it.
        let without = read(SHIPPED).unwrap();
        assert_eq!(config.staff.connections_max, without.staff.connections_max);
        assert_eq!(config.staff.connections_per_address_max, without.staff.connections_per_address_max);
        assert_eq!(config.agents.connections_max, without.agents.connections_max);
        assert_eq!(config.agents.connections_per_address_max, without.agents.connections_per_address_max);
    }

    #[test]
    fn the_shipped_example_names_every_key() {
        // A table answers with what it knows whoever writes what it does not know.
        fn keys<T: serde::de::DeserializeOwned>() -> Vec<String> {
            let said = serde_json::from_str::<T>(r#"{"no_such_key": true}"#).err().unwrap().to_string();
            said.split_once("expected").unwrap().1.split('`').skip(1).step_by(2).map(str::to_owned).collect()
        }
        let words: Vec<&str> = SHIPPED.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).collect();
        let known = [keys::<Config>(), keys::<Staff>(), keys::<Agents>(), keys::<ModulePlace>()];
        assert!(known.iter().all(|keys| keys.len() > 3), "{known:?}");
        // Of a show, never of an installation.
        for key in known.iter().flatten().filter(|key| *key != "demo") {
            assert!(words.contains(&key.as_str()), "server.example.toml says nothing of {key}");
        }
    }
}

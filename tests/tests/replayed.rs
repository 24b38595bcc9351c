//! The log decided again by the server's own command: quiet while everything follows from the rules, an error once it does not.

use std::process::{Command, Output};

use anyhow::Context as _;
use tests::Plant;
use tests::daemon::program;

fn replay(plant: &Plant) -> anyhow::Result<Output> {
    let config = plant.folder().join("server.toml");
    let within = ["--from", "2026-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"];
    let tenant = plant.staff.account.tenant.as_str();
    let mut command = Command::new(program("pforte-server")?);
    command.args(["replay", "--tenant", tenant, "--config"]).arg(config).args(within);
    command.output().context("pforte-server replay")
}

/// What an administrator of the database can do, past every page: changes what is kept of the rules.
fn falsify(plant: &Plant, sql: &str) -> anyhow::Result<String> {
    let mut psql = Command::new("/usr/lib/postgresql/15/bin/psql");
    let socket = plant.folder().join("server/run");
    psql.args(["-qAt", "-U", "cluster", "-d", "pforte", "-h"]).arg(socket).args(["-c", sql]);
    let said = psql.output().context("psql")?;
    anyhow::ensure!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

#[tokio::test]
async fn a_decision_that_does_not_follow_from_its_rules_is_an_error() -> anyhow::Result<()> {
    let plant = Plant::small().await?;
    let anna = plant.register("Anna", "Groß").await?;
    plant.enrol_card(&anna, "anna").await?;
    let level = plant.level("Laboratory", &["lab"], None).await?;
    let grant = plant.grant(&anna, &level).await?;
    plant.rules_reach("east").await?;
    let mut feed = plant.staff.feed(None).await?;
    let mut twins = plant.twins().await?;
    twins.tap("lab", "anna").await?;
    assert_eq!(feed.decision().await?["outcome"], "granted");
    twins.remove("lab").await?;

    let clean = replay(&plant)?;
    let said = String::from_utf8_lossy(&clean.stdout);
    assert!(clean.status.success(), "{said}{}", String::from_utf8_lossy(&clean.stderr));
    assert!(said.contains("REPLAYED 1 decisions: 0 different"), "{said}");

    let ended = format!(
        "UPDATE policy_history SET after = after || '{{\"valid_until\": \"2026-01-02T00:00:00Z\"}}' \
         WHERE table_name = 'grants' AND row_key ->> 'id' = '{grant}' RETURNING 1"
    );
    assert_eq!(falsify(&plant, &ended)?, "1");
    let caught = replay(&plant)?;
    let (said, error) = (String::from_utf8_lossy(&caught.stdout), String::from_utf8_lossy(&caught.stderr));
    assert!(!caught.status.success(), "{said}");
    assert!(said.contains("was granted (granted), is refused (grant_expired)"), "{said}");
    assert!(error.contains("1 decisions do not follow from rules that are known and were in force"), "{error}");
    plant.stop().await
}

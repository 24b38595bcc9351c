//! A small share of `make test-faults` with real programs; and that it notices what it must.

use std::time::Duration;

use tests::faults::plan::{Kind, Step};
use tests::faults::{self, Options};

const FEW: Options = Options {
    seed: 1,
    rounds: 1,
    only: None,
    faults_max: 7,
    copies: 2,
    pause: Duration::from_millis(200),
    has_relock: true,
};

#[tokio::test]
async fn real_programs_open_no_door_wrongly_and_lose_nothing() -> anyhow::Result<()> {
    let outcome = Box::pin(faults::run(FEW, |_| ())).await?;
    println!("{}\n{:?}", outcome.counts, outcome.findings);
    assert!(outcome.findings.is_clean(), "{:#?}", outcome.findings.told);
    assert!(outcome.counts.total() >= 11, "{}", outcome.counts);
    assert!(outcome.findings.opens[0] > 0, "doors do open: {:?}", outcome.findings.opens);
    Ok(())
}

/// Nothing puts strikes to rest: that must be noticed.
#[tokio::test]
async fn without_the_relock_at_start_real_doors_stay_released() -> anyhow::Result<()> {
    let kills =
        Options { only: Some((Kind::AgentKilled, Step::Released)), rounds: 3, copies: 0, has_relock: false, ..FEW };
    let outcome = Box::pin(faults::run(kills, |_| ())).await?;
    println!("{}\n{:?}", outcome.counts, outcome.findings);
    assert!(outcome.findings.told.iter().any(|told| told.ends_with("for too long")), "nobody notices");
    Ok(())
}

//! What is measured: one line of the report, and values that were measured alike. Both programs that measure stand on it,
//! `pforte-bench` and `pforte-bench-rules`; so it needs nothing of Pforte.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

/// What is wanted of figures, all that have a target; of their ratio, if they have one. No figure is a test: one that misses its target
/// is told, and ends nothing.
const TARGETS: [(&str, Target); 15] = [
    ("decide.vs_cedar", Target::OrMore(100.0)),
    ("decide.vs_casbin", Target::OrMore(100.0)),
    ("decide.vs_regorus", Target::OrMore(100.0)),
    ("decide.vs_hashmap", Target::OrLess(10.0)),
    ("explain_door.ms", Target::OrLess(5.0)),
    ("diff.ms", Target::OrLess(50.0)),
    ("policy.bytes_per_person", Target::OrLess(150.0)),
    ("policy.load_s", Target::OrLess(2.0)),
    ("policy.update_ms", Target::OrLess(10.0)),
    ("tap_to_strike.vs_reference", Target::OrLess(2.0)),
    ("tap_to_strike.online_ms", Target::OrLess(10.0)),
    ("journal.vs_fdatasync", Target::OrMore(8.0)),
    ("journal.recovery_s", Target::OrLess(2.0)),
    // With the rules of 50,000 card holders.
    ("agent.rss_mib", Target::OrLess(64.0)),
    ("agent.cold_start_s", Target::OrLess(2.0)),
];

/// The least, or the most.
#[derive(Debug, Clone, Copy)]
enum Target {
    OrMore(f64),
    OrLess(f64),
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// Ours: the median, unless the name says otherwise.
    pub value: f64,
    /// Unit of `value` and `reference`.
    pub unit: String,
    /// The same of what it is held against, in the same run.
    pub reference: Option<f64>,
    /// Ours ÷ reference; of a peer, reference ÷ ours.
    pub ratio: Option<f64>,
}

impl Figure {
    /// A plain value.
    pub fn plain(name: &str, value: f64, unit: &str) -> Self {
        Self { name: name.to_owned(), value: rounded(value), unit: unit.to_owned(), reference: None, ratio: None }
    }

    /// A value beside what it is held against: ours ÷ reference.
    pub fn against(name: &str, value: f64, unit: &str, reference: f64) -> Self {
        Self {
            reference: Some(rounded(reference)),
            ratio: Some(rounded(value / reference)),
            ..Self::plain(name, value, unit)
        }
    }

    /// Our time beside that of somebody else's program for the same: theirs ÷ ours, how many times longer they take.
    pub fn beside_peer(name: &str, ours: f64, unit: &str, theirs: f64) -> Self {
        Self { ratio: Some(rounded(theirs / ours)), ..Self::against(name, ours, unit, theirs) }
    }

    /// The line for people, with what was wanted, and whether it was met.
    pub fn line(&self) -> String {
        let Self { name, value, unit, reference, ratio } = self;
        let number = |value: &Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let measured = format!("{name:<32} {value:>12} {unit:<14} {:>12} {:>8}", number(reference), number(ratio));
        let Some((target, is_met)) = self.target() else { return measured };
        let (sign, bound) = match target {
            Target::OrMore(bound) => ("≥", bound),
            Target::OrLess(bound) => ("≤", bound),
        };
        format!("{measured}   wanted {sign} {bound}: {}", if is_met { "met" } else { "missed" })
    }

    /// What is wanted of it, and whether it is so; none if nothing is. Something that is no number meets nothing.
    fn target(&self) -> Option<(Target, bool)> {
        let (_, target) = TARGETS.iter().find(|(name, _)| *name == self.name)?;
        let is = self.ratio.unwrap_or(self.value);
        let is_met = match *target {
            Target::OrMore(bound) => is >= bound,
            Target::OrLess(bound) => is <= bound,
        };
        Some((*target, is_met))
    }
}

/// How many of all targets are met, and which are missed or were not measured, for people.
pub fn met(figures: &[Figure]) -> String {
    let found = |name: &str| figures.iter().find(|figure| figure.name == name).and_then(Figure::target);
    let named = |is: fn(Option<(Target, bool)>) -> bool| -> Vec<&str> {
        TARGETS.iter().filter(|(name, _)| is(found(name))).map(|(name, _)| *name).collect()
    };
    let [missed, absent] = [named(|found| found.is_some_and(|(_, is_met)| !is_met)), named(|found| found.is_none())];
    let mut told = format!("targets: {} of {} met", TARGETS.len() - missed.len() - absent.len(), TARGETS.len());
    for (what, names) in [("missed", missed), ("not measured", absent)] {
        if !names.is_empty() {
            told.push_str(&format!("; {what}: {}", names.join(", ")));
        }
    }
    told
}

/// What stands above [`Figure::line`]s.
pub fn heading() -> String {
    format!("{:<32} {:>12} {:<14} {:>12} {:>8}", "", "ours", "", "reference", "ratio")
}

/// Four significant digits: more would not be true.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

/// Values that were measured alike.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Takes one more.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The value that so many percent do not exceed.
    pub fn percentile(&self, percent: usize) -> anyhow::Result<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(place).copied().context("nothing was measured")
    }

    /// The median.
    pub fn median(&self) -> anyhow::Result<f64> {
        self.percentile(50)
    }

    /// Median, spread between the tenth and the ninetieth percentile, and count, for people.
    pub fn summary(&self) -> anyhow::Result<String> {
        let [low, middle, high] = [10, 50, 90].map(|percent| self.percentile(percent));
        Ok(format!("p50 {:.3}, p10 {:.3}, p90 {:.3}, {} samples", middle?, low?, high?, self.count()))
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// Milliseconds, with their fractions.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// Writes a report, by name. A name that stands twice is an error.
pub fn write(mut figures: Vec<Figure>, path: &Path) -> anyhow::Result<()> {
    figures.sort_by(|one, other| one.name.cmp(&other.name));
    if let Some(pair) = figures.windows(2).find(|pair| pair[0].name == pair[1].name) {
        ensure!(false, "{} was measured twice", pair[0].name);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    }
    let text = serde_json::to_vec_pretty(&figures)?;
    std::fs::write(path, text).with_context(|| format!("can't write {}", path.display()))
}

/// Reads a report.
pub fn read(path: &Path) -> anyhow::Result<Vec<Figure>> {
    let text = std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is no report", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let samples: Samples = [5.0, 1.0, 4.0, 2.0, 3.0].into_iter().collect();
        let at = |percent| samples.percentile(percent).unwrap();
        assert_eq!((at(1), at(20), at(21), at(50), at(99), at(100)), (1.0, 1.0, 2.0, 3.0, 5.0, 5.0));
        assert!(Samples::default().median().is_err());
    }

    #[test]
    fn a_ratio_is_ours_over_the_reference_and_the_peers_over_ours() {
        let figure = Figure::against("x", 3.0, "ms", 2.0);
        assert_eq!((figure.ratio, figure.reference), (Some(1.5), Some(2.0)));
        let figure = Figure::beside_peer("x", 2.0, "µs", 300.0);
        assert_eq!((figure.value, figure.ratio, figure.reference), (2.0, Some(150.0), Some(300.0)));
        let line = serde_json::to_string(&Figure::plain("y", 12_345.678, "MiB")).unwrap();
        assert_eq!(line, r#"{"name":"y","value":12350.0,"unit":"MiB","reference":null,"ratio":null}"#);
    }

    #[test]
    fn what_is_wanted_stands_beside_it_and_whether_it_is_met() {
        let end = |figure: Figure| figure.line().split_once("   wanted ").map(|(_, end)| end.to_owned());
        let recovery = |seconds| end(Figure::plain("journal.recovery_s", seconds, "s"));
        assert_eq!(recovery(2.0).as_deref(), Some("≤ 2: met"));
        assert_eq!(recovery(2.1).as_deref(), Some("≤ 2: missed"));
        // Of the ratio, where there is one.
        let journal = |ours| end(Figure::against("journal.vs_fdatasync", ours, "records/s", 10.0));
        assert_eq!(journal(80.0).as_deref(), Some("≥ 8: met"));
        assert_eq!(journal(79.0).as_deref(), Some("≥ 8: missed"));
        assert_eq!(end(Figure::plain("agent.rss_mib", f64::NAN, "MiB")).as_deref(), Some("≤ 64: missed"));
        assert_eq!(end(Figure::plain("server.rss_mib", 500.0, "MiB")), None);
    }

    #[test]
    fn targets_that_are_missed_or_were_not_measured_are_named() {
        let mut figures: Vec<Figure> = TARGETS
            .iter()
            .map(|(name, target)| {
                let (Target::OrMore(bound) | Target::OrLess(bound)) = *target;
                Figure::plain(name, bound, "")
            })
            .collect();
        assert_eq!(met(&figures), "targets: 15 of 15 met");
        figures.retain(|figure| figure.name != "diff.ms");
        figures.iter_mut().filter(|figure| figure.name == "agent.rss_mib").for_each(|figure| figure.value = 65.0);
        assert_eq!(met(&figures), "targets: 13 of 15 met; missed: agent.rss_mib; not measured: diff.ms");
    }

    #[test]
    fn a_report_is_read_as_it_was_written_by_name_and_no_name_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/report.json");
        let figures = ["b", "a"].map(|name| Figure::plain(name, 1.0, "ms"));
        write(figures.to_vec(), &path).unwrap();
        let [b, a] = figures;
        assert_eq!(read(&path).unwrap(), [a.clone(), b]);
        let error = write(vec![a.clone(), a], &path).unwrap_err();
        assert_eq!(error.to_string(), "a was measured twice");
    }
}

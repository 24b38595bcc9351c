//! Measurements: what a figure is, and the parts that measure. `pforte-bench` runs them one after another and writes the
//! report; no test does, since a figure is never right or wrong.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

pub mod decide;
pub mod echo;
pub mod ingest;
pub mod link;
pub mod memory;
pub mod taps;

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// What was measured.
    pub name: &'static str,
    /// Ours: the median, unless the name says otherwise.
    pub value: f64,
    /// Unit of `value` and `reference`.
    pub unit: &'static str,
    /// The same of what it is held against, in the same run.
    pub reference: Option<f64>,
    /// Ours ÷ reference.
    pub ratio: Option<f64>,
}

impl Figure {
    /// A plain value.
    pub fn plain(name: &'static str, value: f64, unit: &'static str) -> Self {
        Self { name, value: rounded(value), unit, reference: None, ratio: None }
    }

    /// A value beside what it is held against.
    pub fn against(name: &'static str, value: f64, unit: &'static str, reference: f64) -> Self {
        Self {
            reference: Some(rounded(reference)),
            ratio: Some(rounded(value / reference)),
            ..Self::plain(name, value, unit)
        }
    }
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

/// Writes the report.
pub fn write(figures: &[Figure], path: &Path) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    }
    std::fs::write(path, serde_json::to_vec_pretty(figures)?).with_context(|| format!("can't write {}", path.display()))
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
    fn a_ratio_is_ours_over_the_reference() {
        let figure = Figure::against("x", 3.0, "ms", 2.0);
        assert_eq!((figure.ratio, figure.reference), (Some(1.5), Some(2.0)));
        let line = serde_json::to_string(&Figure::plain("y", 12_345.678, "MiB")).unwrap();
        assert_eq!(line, r#"{"name":"y","value":12350.0,"unit":"MiB","reference":null,"ratio":null}"#);
    }
}

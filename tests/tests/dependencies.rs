//! Holds deny.toml against what is really built in: licences, banned crates, sources, and crates in more than one version.
//!
//! `cargo deny` reads the same file where it is installed; this test needs nothing but cargo. Advisories need a database
//! from the network and are not looked at here; only that the file lets none of them pass.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// As cargo names the one registry that crates may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What of deny.toml is tried here; `cargo deny` would refuse keys that it does not know.
#[derive(Deserialize)]
struct Rules {
    graph: Graph,
    advisories: Advisories,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Advisories {
    yanked: String,
    unmaintained: String,
    /// Each with its reason.
    ignore: Vec<Ignored>,
}

#[derive(Deserialize)]
struct Ignored {
    id: String,
    reason: String,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Bans {
    multiple_versions: String,
    deny: Vec<Banned>,
    skip: Vec<Skipped>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
struct Skipped {
    #[serde(rename = "crate")]
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    unknown_registry: String,
    unknown_git: String,
}

/// A crate that is built in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// None for the workspace's own.
    source: Option<String>,
}

#[test]
fn what_is_built_in_is_allowed() -> Outcome {
    let rules = rules()?;
    assert_eq!([&*rules.advisories.yanked, &*rules.advisories.unmaintained], ["deny", "all"]);
    let unexplained = |ignored: &&Ignored| ignored.reason.trim().is_empty() || !ignored.id.starts_with("RUSTSEC-");
    assert_eq!(rules.advisories.ignore.iter().filter(unexplained).count(), 0);
    assert_eq!(rules.bans.multiple_versions, "deny");
    assert_eq!([&*rules.sources.unknown_registry, &*rules.sources.unknown_git], ["deny", "deny"]);
    let packages = packages(&rules.graph.targets)?;
    assert!(packages.len() > 100, "the lock file was read");
    assert_eq!(broken(&rules, &packages), Vec::<String>::new());
    Ok(())
}

/// The programs that ours is measured beside are not fetched for a test, so of them only what the lock file tells is known.
#[test]
fn what_is_measured_beside_comes_from_the_registry_and_is_not_banned() -> Outcome {
    let locked: LockFile = toml::from_str(&std::fs::read_to_string(root().join("bench/Cargo.lock"))?)?;
    let names: BTreeSet<&str> = locked.package.iter().map(|package| package.name.as_str()).collect();
    assert!(["cedar-policy", "casbin", "regorus"].iter().all(|peer| names.contains(peer)), "the lock file was read");
    assert_eq!(broken_sources(&rules()?, &locked), Vec::<String>::new());
    Ok(())
}

/// What a lock file tells.
#[derive(Deserialize)]
struct LockFile {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// None for our own.
    source: Option<String>,
}

fn broken_sources(rules: &Rules, locked: &LockFile) -> Vec<String> {
    let packages = locked.package.iter();
    packages
        .flat_map(|Locked { name, version, source }| broken_source(rules, name, version, source.as_deref()))
        .collect()
}

/// What can be wrong with a crate whatever its licence.
fn broken_source(rules: &Rules, name: &str, version: &str, source: Option<&str>) -> Vec<String> {
    let is_banned = rules.bans.deny.iter().any(|banned| banned.name == name);
    let is_elsewhere = source.is_some_and(|source| source != REGISTRY);
    let banned = is_banned.then(|| format!("{name} is banned"));
    banned.into_iter().chain(is_elsewhere.then(|| format!("{name} {version} comes from elsewhere"))).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rules() -> Result<Rules, Box<dyn std::error::Error>> {
    Ok(toml::from_str(&std::fs::read_to_string(root().join("deny.toml"))?)?)
}

/// Every crate that is built for the machine that runs this, which must be one of the targets.
fn packages(targets: &[String]) -> Result<BTreeSet<Package>, Box<dyn std::error::Error>> {
    let here = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    assert!(targets.contains(&here), "deny.toml knows {here}");
    let mut command = cargo_metadata::MetadataCommand::new();
    // Building this test fetched what this machine needs; nothing is fetched here.
    command.manifest_path(root().join("Cargo.toml"));
    command.other_options(["--locked", "--offline", "--filter-platform", &here].map(str::to_owned));
    let metadata = command.exec()?;
    let all = metadata.packages.into_iter().map(|package| Package {
        name: package.name.to_string(),
        version: package.version.to_string(),
        licence: package.license,
        source: package.source.map(|source| source.repr),
    });
    Ok(all.collect())
}

fn broken(rules: &Rules, packages: &BTreeSet<Package>) -> Vec<String> {
    let mut broken = Vec::new();
    for Package { name, version, licence, source } in packages {
        match licence.as_deref() {
            None => broken.push(format!("{name} {version} names no licence")),
            Some(text) => match may_be_used(text, &rules.licenses.allow) {
                Some(true) => {}
                Some(false) => broken.push(format!("{name} {version}: its licence is {text}")),
                None => broken.push(format!("{name} {version}: {text} can't be read as a licence")),
            },
        }
        broken.extend(broken_source(rules, name, version, source.as_deref()));
    }
    let skipped: BTreeSet<String> = rules.bans.skip.iter().map(|skip| skip.version.clone()).collect();
    let older = older_versions(packages);
    broken.extend(older.difference(&skipped).map(|which| format!("{which} stands beside a newer version")));
    broken.extend(skipped.difference(&older).map(|which| format!("{which} is skipped and not needed")));
    broken
}

/// Each version of a crate but its newest, as `name@version`.
fn older_versions(packages: &BTreeSet<Package>) -> BTreeSet<String> {
    let mut versions: BTreeMap<&str, Vec<(Vec<u64>, &str)>> = BTreeMap::new();
    for Package { name, version, .. } in packages {
        let numbers = version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect();
        versions.entry(name).or_default().push((numbers, version));
    }
    let mut older = BTreeSet::new();
    for (name, mut all) in versions {
        all.sort();
        all.pop();
        older.extend(all.into_iter().map(|(_, version)| format!("{name}@{version}")));
    }
    older
}

/// Whether an SPDX expression is fulfilled by allowed licences alone; none if it is no expression. The old `A/B` means
/// `A OR B`.
fn may_be_used(expression: &str, allow: &BTreeSet<String>) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let answer = either(&mut words, allow)?;
    words.next().is_none().then_some(answer)
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allow: &BTreeSet<String>) -> Option<bool> {
    let mut answer = both(words, allow)?;
    while words.next_if_eq(&"OR").is_some() {
        answer |= both(words, allow)?;
    }
    Some(answer)
}

fn both(words: &mut Words<'_>, allow: &BTreeSet<String>) -> Option<bool> {
    let mut answer = single(words, allow)?;
    while words.next_if_eq(&"AND").is_some() {
        answer &= single(words, allow)?;
    }
    Some(answer)
}

fn single(words: &mut Words<'_>, allow: &BTreeSet<String>) -> Option<bool> {
    match words.next()? {
        "(" => {
            let answer = either(words, allow)?;
            (words.next()? == ")").then_some(answer)
        }
        ")" | "AND" | "OR" | "WITH" => None,
        licence => match words.next_if_eq(&"WITH") {
            Some(_) => Some(allow.contains(&format!("{licence} WITH {}", words.next()?))),
            None => Some(allow.contains(licence)),
        },
    }
}

mod tests {
    use super::*;

    fn package(name: &str, version: &str, licence: &str) -> Package {
        let source = Some(REGISTRY.to_owned());
        Package { name: name.to_owned(), version: version.to_owned(), licence: Some(licence.to_owned()), source }
    }

    #[test]
    fn expressions_are_read() {
        let allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        for (expression, answer) in [
            ("MIT", Some(true)),
            ("GPL-3.0", Some(false)),
            ("GPL-3.0 OR MIT", Some(true)),
            ("MIT/GPL-3.0", Some(true)),
            ("MIT AND GPL-3.0", Some(false)),
            ("(MIT OR GPL-3.0) AND Apache-2.0", Some(true)),
            ("MIT OR GPL-3.0 AND GPL-2.0", Some(true)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("MIT WITH LLVM-exception", Some(false)),
            ("", None),
            ("MIT OR", None),
            ("(MIT", None),
            ("MIT MIT", None),
        ] {
            assert_eq!(may_be_used(expression, &allow), answer, "{expression}");
        }
    }

    #[test]
    fn each_rule_can_be_broken() -> Outcome {
        let rules: Rules = toml::from_str(
            r#"
            graph.targets = []
            licenses.allow = ["MIT"]
            advisories = { yanked = "deny", unmaintained = "all", ignore = [] }
            bans.multiple-versions = "deny"
            bans.deny = [{ crate = "openssl" }]
            bans.skip = [{ crate = "old@1.9.0" }, { crate = "gone@1.0.0" }]
            sources.unknown-registry = "deny"
            sources.unknown-git = "deny"
            "#,
        )?;
        let elsewhere =
            Package { source: Some("git+https://example.org/x".to_owned()), ..package("far", "1.0.0", "MIT") };
        let unlicensed = Package { licence: None, ..package("bare", "1.0.0", "") };
        let packages = [
            package("copyleft", "1.0.0", "GPL-3.0"),
            package("openssl", "1.0.0", "MIT"),
            package("old", "1.9.0", "MIT"),
            package("old", "1.10.0", "MIT"),
            package("twice", "0.1.0", "MIT"),
            package("twice", "0.2.0", "MIT"),
            elsewhere,
            unlicensed,
        ];
        let expected = [
            "bare 1.0.0 names no licence",
            "copyleft 1.0.0: its licence is GPL-3.0",
            "far 1.0.0 comes from elsewhere",
            "openssl is banned",
            "twice@0.1.0 stands beside a newer version",
            "gone@1.0.0 is skipped and not needed",
        ];
        assert_eq!(broken(&rules, &packages.into()), expected);
        let locked: LockFile = toml::from_str(
            r#"
            package = [
                { name = "ours", version = "1.0.0" },
                { name = "openssl", version = "1.0.0", source = "registry+https://github.com/rust-lang/crates.io-index" },
                { name = "far", version = "1.0.0", source = "git+https://example.org/x" },
            ]
            "#,
        )?;
        assert_eq!(broken_sources(&rules, &locked), ["openssl is banned", "far 1.0.0 comes from elsewhere"]);
        Ok(())
    }
}

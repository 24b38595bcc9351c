//! Holds the code against the directions that ARCHITECTURE.md writes down: which crate may use which, which layer of the
//! server may name which, and what the pure crate must never name.
//!
//! The blocks ```` ```crates ````, ```` ```pure ````, ```` ```server ```` and ```` ```files ```` of that document are the rules; here is only
//! how they are read and tried. What is seen are names: `use` trees, paths in code and types, and the paths inside macros'
//! arguments; `state.agents` counts as naming the module of that field's type. What a method of another value does is not
//! seen. Code under `#[cfg(test)]` may do as it likes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{Dependency, DependencyKind};

mod source;
use source::{Module, Modules};

type Names = Vec<String>;
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[test]
fn crates_depend_only_as_the_map_says() -> Outcome {
    let allowed = crate_rules(&block("crates")?)?;
    let metadata = cargo_metadata::MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec()?;
    let mut found = BTreeMap::new();
    for package in metadata.workspace_packages() {
        let ours = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
        let name = |dependency: &Dependency| match dependency.kind {
            DependencyKind::Development => format!("({})", dependency.name),
            _ => dependency.name.clone(),
        };
        found.insert(package.name.to_string(), ours.map(name).collect());
    }
    assert_eq!(broken_crates(&allowed, &found), Vec::<String>::new());
    Ok(())
}

#[test]
fn the_pure_crate_names_nothing_impure() -> Outcome {
    let rules = pure_rules(&block("pure")?)?;
    for (folder, forbidden) in rules {
        let modules = Modules::read(&root().join(&folder).join("src/lib.rs"), "crate", &from_disk)?;
        assert!(modules.0.len() > 3, "{folder} was read");
        assert_eq!(broken_purity(&modules, &forbidden), Vec::<String>::new());
    }
    Ok(())
}

#[test]
fn the_server_imports_downwards_only() -> Outcome {
    let modules = server_modules()?;
    let layers = Layers::parse(&block("server")?, &modules)?;
    assert_eq!(layers.broken(&modules), Vec::<String>::new());
    Ok(())
}

#[test]
fn what_serves_requests_touches_no_files() -> Outcome {
    let rules = crate_rules(&block("files")?)?;
    let may = rules.get("server").ok_or("the server's modules that touch files")?;
    assert_eq!(broken_files(&server_modules()?, may), Vec::<String>::new());
    Ok(())
}

#[test]
fn a_feature_keeps_its_routes_to_itself_and_its_store_knows_none() -> Outcome {
    let modules = server_modules()?;
    assert!(modules.0.iter().any(|module| module.path.last().is_some_and(|name| name == "store")), "stores were read");
    assert_eq!(broken_routes(&modules), Vec::<String>::new());
    Ok(())
}

#[test]
fn what_staff_change_is_committed_with_its_act_alone() -> Outcome {
    let modules = server_modules()?;
    assert!(modules.0.iter().filter(|module| has_staffs_routes(module)).count() > 10, "routes were read");
    assert_eq!(broken_changes(&modules), Vec::<String>::new());
    Ok(())
}

/// The server's library, and its `main.rs` as the module `main`.
fn server_modules() -> Outcome<Modules> {
    let source = root().join("server/src");
    let mut modules = Modules::read(&source.join("lib.rs"), "crate", &from_disk)?;
    modules.0.extend(Modules::read(&source.join("main.rs"), "server", &from_disk)?.0.into_iter().map(|mut module| {
        module.path.insert(0, "main".to_owned());
        module
    }));
    Ok(modules)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn from_disk(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// The lines of the fenced block of that language in ARCHITECTURE.md.
fn block(language: &str) -> Outcome<Vec<String>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md"))?;
    fenced(&text, language).ok_or_else(|| format!("ARCHITECTURE.md has no block ```{language}").into())
}

fn fenced(text: &str, language: &str) -> Option<Vec<String>> {
    let fence = format!("```{language}");
    let mut lines = text.lines().skip_while(|line| line.trim_end() != fence);
    lines.next()?;
    let lines = lines.take_while(|line| !line.starts_with("```"));
    Some(
        lines
            .map(|line| line.split('#').next().unwrap_or("").trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect(),
    )
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split_whitespace().map(str::to_owned)
}

// What the rules say.

/// `name: what it may depend on`; in brackets what its tests may.
fn crate_rules(lines: &[String]) -> Outcome<BTreeMap<String, BTreeSet<String>>> {
    let rule = |line: &String| {
        let (name, may) = line.split_once(':').ok_or_else(|| format!("a rule without a colon: {line}"))?;
        Ok((name.trim().to_owned(), words(may).collect()))
    };
    lines.iter().map(rule).collect()
}

/// `crate: paths that it must not name`.
fn pure_rules(lines: &[String]) -> Outcome<BTreeMap<String, Vec<Names>>> {
    let rules = crate_rules(lines)?;
    let split = |path: &String| path.split("::").map(str::to_owned).collect();
    Ok(rules.into_iter().map(|(name, paths)| (name, paths.iter().map(split).collect())).collect())
}

fn broken_crates(
    allowed: &BTreeMap<String, BTreeSet<String>>,
    found: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, dependencies) in found {
        let Some(may) = allowed.get(name) else {
            broken.push(format!("{name} is not in the map"));
            continue;
        };
        // In brackets: for its tests alone, as whatever it may depend on it may use in its tests.
        let is_allowed = |other: &str| may.contains(other) || may.contains(other.trim_matches(['(', ')']));
        let others = dependencies.iter().filter(|other| !is_allowed(other));
        broken.extend(others.map(|other| format!("{name} depends on {other}")));
    }
    broken.extend(allowed.keys().filter(|name| !found.contains_key(*name)).map(|name| format!("there is no {name}")));
    broken
}

fn broken_purity(modules: &Modules, forbidden: &[Names]) -> Vec<String> {
    let mut broken = Vec::new();
    for module in &modules.0 {
        for name in &module.names {
            // A last part alone (`now_v7`) is forbidden wherever it stands.
            let is_forbidden = forbidden.iter().any(|rule| match rule.as_slice() {
                [only] => name.first() == Some(only) || (name.len() > 1 && name.last() == Some(only)),
                _ => name.starts_with(rule),
            });
            if is_forbidden {
                broken.push(format!("{} names {}", module.path.join("::"), name.join("::")));
            }
        }
    }
    broken
}

/// Modules that name `std::fs`, which blocks its thread, though they are not listed; and listed ones that do not.
fn broken_files(modules: &Modules, may: &BTreeSet<String>) -> Vec<String> {
    let blocks = |name: &Names| name.starts_with(&["std".to_owned(), "fs".to_owned()]);
    let naming = modules.0.iter().filter(|module| module.names.iter().any(blocks));
    let naming: BTreeSet<String> = naming.filter_map(|module| module.path.first().cloned()).collect();
    let unlisted = naming.difference(may).map(|name| format!("{name} touches files"));
    unlisted.chain(may.difference(&naming).map(|name| format!("{name} touches none"))).collect()
}

/// A module's name, its layer's number from below, and what may name it although it stands above them.
struct Layers {
    layer_of: BTreeMap<String, usize>,
    /// The one type that lower layers may name in a higher one, and from which layer on.
    shared: Option<(String, String, usize)>,
}

impl Layers {
    /// One line a layer, the lowest first. `*` stands for every module not named elsewhere. `state::AppState from LAYER`
    /// is the exception that lets the layer of that module and those above it name one type of a higher layer.
    fn parse(lines: &[String], modules: &Modules) -> Outcome<Self> {
        let mut layer_of = BTreeMap::new();
        let mut shared = None;
        let mut rest = None;
        for (number, line) in lines.iter().enumerate() {
            if let Some((typed, from)) = line.split_once(" from ") {
                let (module, name) = typed.trim().split_once("::").ok_or("the shared type is module::Type")?;
                let from = layer_of.get(from.trim()).copied().ok_or("the shared type's layer stands above it")?;
                shared = Some((module.to_owned(), name.to_owned(), from));
                continue;
            }
            for name in words(line) {
                if name == "*" {
                    rest = Some(number);
                } else if layer_of.insert(name.clone(), number).is_some() {
                    return Err(format!("{name} stands in two layers").into());
                }
            }
        }
        let tops = modules.tops();
        if let Some(gone) = layer_of.keys().find(|name| !tops.contains(*name)) {
            return Err(format!("there is no module {gone}").into());
        }
        for name in tops {
            let fallback = rest.ok_or_else(|| format!("{name} stands in no layer"));
            if let Entry::Vacant(entry) = layer_of.entry(name) {
                entry.insert(fallback?);
            }
        }
        Ok(Self { layer_of, shared })
    }

    /// What names a higher layer, and what goes round in circles within one.
    fn broken(&self, modules: &Modules) -> Vec<String> {
        let mut broken = BTreeSet::new();
        let mut within: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (from, name) in modules.across() {
            let (Some(low), Some(high)) = (self.layer_of.get(from), self.layer_of.get(&name[0])) else { continue };
            if self.shares(name, *low) {
                continue;
            }
            if high > low {
                broken.insert(format!("{from} names {}, which stands above it", name.join("::")));
            } else if high == low {
                within.entry(from).or_default().insert(&name[0]);
            }
        }
        broken.extend(circle(&within).map(|names| format!("in a circle: {}", names.join(" → "))));
        broken.into_iter().collect()
    }

    fn shares(&self, name: &[String], low: usize) -> bool {
        let Some((module, typed, from)) = &self.shared else { return false };
        low >= *from && name.len() >= 2 && name[0] == *module && name[1] == *typed
    }
}

/// One way round, if there is one.
fn circle<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<Vec<&'a str>> {
    fn walk<'a>(
        at: &'a str,
        edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> bool {
        if let Some(start) = way.iter().position(|name| *name == at) {
            way.drain(..start);
            way.push(at);
            return true;
        }
        if !done.insert(at) {
            return false;
        }
        way.push(at);
        if edges.get(at).into_iter().flatten().any(|next| walk(next, edges, way, done)) {
            return true;
        }
        way.pop();
        false
    }
    let mut done = BTreeSet::new();
    edges.keys().find_map(|start| {
        let mut way = Vec::new();
        walk(start, edges, &mut way, &mut done).then_some(way)
    })
}

fn broken_routes(modules: &Modules) -> Vec<String> {
    let mut broken = BTreeSet::new();
    for (from, name) in modules.across() {
        if from != "api" && name.get(1).is_some_and(|part| part == "routes") {
            broken.insert(format!("{from} names {}", name.join("::")));
        }
    }
    for module in modules.0.iter().filter(|module| module.path.iter().any(|part| part == "store")) {
        for name in module.names.iter().filter(|name| name.starts_with(&["crate".to_owned()])) {
            if name.iter().any(|part| part == "routes") {
                broken.insert(format!("{} names {}", module.path.join("::"), name[1..].join("::")));
            }
        }
    }
    broken.into_iter().collect()
}

/// Whether it is a table of routes that somebody who is signed in calls.
fn has_staffs_routes(module: &Module) -> bool {
    let names =
        |path: &[&str]| module.names.iter().any(|name| name.iter().map(String::as_str).eq(path.iter().copied()));
    names(&["utoipa_axum", "routes"]) && names(&["crate", "auth", "Actor"])
}

/// Routes of staff that open a transaction or write an act on their own, instead of by `AppState::change`.
fn broken_changes(modules: &Modules) -> Vec<String> {
    let mut broken = Vec::new();
    for module in modules.0.iter().filter(|module| has_staffs_routes(module)) {
        let path = module.path.join("::");
        if module.reached.contains("db") {
            broken.push(format!("{path} opens transactions itself"));
        }
        if module.names.iter().any(|name| name.starts_with(&["crate", "audit", "Entry"].map(str::to_owned))) {
            broken.push(format!("{path} writes acts itself"));
        }
    }
    broken
}

// That these tests can fail.

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(files: &[(&str, &str)]) -> Modules {
        let load = |path: &Path| {
            let name = path.to_str().unwrap();
            files.iter().find(|(file, _)| *file == name).map(|(_, text)| (*text).to_owned())
        };
        Modules::read(Path::new("lib.rs"), "crate", &load).unwrap()
    }

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    /// Two features over `http`, with the state above them.
    fn broken_with(doors: &str, people: &str, http: &str) -> Vec<String> {
        let root = "pub mod http; pub mod doors; pub mod people; pub mod state; pub mod api; #[cfg(test)] mod testing;";
        let state = "use crate::doors::Links; pub struct AppState { links: Links }";
        let files = [("lib.rs", root), ("http.rs", http), ("doors/mod.rs", doors), ("people/mod.rs", people)];
        let files = [&files[..], &[("state.rs", state), ("api.rs", "use crate::{doors, people};")]].concat();
        let modules = modules(&files);
        let rules = ["http", "*", "state", "api", "state::AppState from doors"];
        let rules = lines(&rules).into_iter().map(|line| line.replace("*", "doors people")).collect::<Vec<_>>();
        Layers::parse(&rules, &modules).unwrap().broken(&modules)
    }

    #[test]
    fn what_goes_down_passes() {
        let doors = "use crate::http::X; use crate::state::AppState; #[cfg(test)] mod tests { use crate::api; }";
        assert_eq!(broken_with(doors, "use crate::doors;", ""), Vec::<String>::new());
    }

    #[test]
    fn whatever_form_a_name_has_upwards_is_found() {
        let upwards = "http names doors::Door, which stands above it";
        for http in [
            "use crate::doors::Door;",
            "use crate::{doors::{Door as D}};",
            "fn f() { crate::doors::Door::open(); }",
            "use super::doors; fn f(door: doors::Door) {}",
            "use crate::doors as d; struct X { door: Vec<d::Door> }",
            "fn f() { tokio::select! { _ = crate::doors::Door => {} } }",
            "#[response(body = crate::doors::Door)] fn f() {}",
        ] {
            let broken = broken_with("", "", http);
            assert!(
                broken.iter().any(|line| line.starts_with(upwards.split(',').next().unwrap())),
                "{http}: {broken:?}"
            );
        }
        assert_eq!(broken_with("use crate::state::Other;", "", "").len(), 1, "of the state only the one type");
        assert_eq!(broken_with("", "", "use crate::state::AppState;").len(), 1, "and not from below");
    }

    #[test]
    fn a_circle_of_features_is_found() {
        let broken = broken_with("use crate::people::Name;", "mod store { fn f() { crate::doors::g() } }", "");
        assert_eq!(broken, ["in a circle: doors → people → doors"]);
        let through_state = "use crate::state::AppState; fn f(state: AppState) { state.links.send() }";
        let broken = broken_with("use crate::people::Name;", through_state, "");
        assert_eq!(broken, ["in a circle: doors → people → doors"]);
    }

    #[test]
    fn another_features_routes_are_found() {
        let found = modules(&[
            ("lib.rs", "mod doors; mod sites; mod api;"),
            ("doors.rs", "use crate::sites::routes::checked_name;"),
            ("sites/mod.rs", "pub mod routes; mod store;"),
            ("sites/routes.rs", ""),
            ("sites/store.rs", "use super::routes::Body;"),
            ("api.rs", "use crate::sites; fn f() { sites::routes::routes() }"),
        ]);
        let broken = ["doors names sites::routes::checked_name", "sites::store names sites::routes::Body"];
        assert_eq!(broken_routes(&found), broken);
    }

    #[test]
    fn a_change_past_its_act_is_found() {
        let table = "use crate::auth::Actor; use utoipa_axum::routes;";
        for (code, broken) in [
            ("async fn f(state: S, actor: Actor) { state.change(&actor).await?.act(Deleted).commit().await }", &[][..]),
            (
                "async fn f(state: S, actor: Actor) { state.db.begin(actor.tenant) }",
                &["doors opens transactions itself"],
            ),
            ("use crate::audit; fn f() { audit::Entry::new() }", &["doors writes acts itself"]),
        ] {
            let files = [("lib.rs", "mod doors; mod auth; mod audit;"), ("auth.rs", ""), ("audit.rs", "")];
            let doors = format!("{table} {code}");
            let found = modules(&[&files[..], &[("doors.rs", doors.as_str())]].concat());
            assert_eq!(broken_changes(&found), broken, "{code}");
        }
        let library =
            [("lib.rs", "mod link;"), ("link.rs", "use crate::auth::Actor; fn f(state: S) { state.db.begin() }")];
        assert_eq!(broken_changes(&modules(&library)), Vec::<String>::new(), "only tables of routes are held to it");
    }

    #[test]
    fn impurity_is_found() {
        let forbidden = pure_rules(&lines(&["core: std::fs std::time tokio now_v7"])).unwrap().remove("core").unwrap();
        for (text, count) in [
            ("use std::fmt; use std::collections::BTreeMap; use uuid::Uuid; fn f() { Uuid::from_u128(1); }", 0),
            ("use std::{fmt, fs::File};", 1),
            ("use std::time::Instant;", 1),
            ("fn f() { tokio::spawn(g()); }", 1),
            ("use uuid::Uuid; fn f() { Uuid::now_v7(); }", 1),
            ("#[cfg(test)] mod tests { use std::fs; }", 0),
        ] {
            assert_eq!(broken_purity(&modules(&[("lib.rs", text)]), &forbidden).len(), count, "{text}");
        }
    }

    #[test]
    fn a_feature_that_touches_files_is_found() {
        let files = [
            ("lib.rs", "mod doors; mod keys; mod sites;"),
            ("doors.rs", "mod store { async fn f() { std::fs::read(\"/x\"); } }"),
            ("keys.rs", "use std::fs::File;"),
            ("sites.rs", "#[cfg(test)] mod tests { use std::fs; }"),
        ];
        let may = ["keys", "config"].map(str::to_owned).into();
        assert_eq!(broken_files(&modules(&files), &may), ["doors touches files", "config touches none"]);
    }

    #[test]
    fn a_crate_that_depends_otherwise_is_found() {
        let allowed = crate_rules(&lines(&["core:", "agent: core"])).unwrap();
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let found = BTreeMap::from([("core".to_owned(), set(&["agent"])), ("other".to_owned(), set(&[]))]);
        let broken = ["core depends on agent", "other is not in the map", "there is no agent"];
        assert_eq!(broken_crates(&allowed, &found), broken);

        let allowed = crate_rules(&lines(&["core:", "agent: core (oracle)", "oracle: core"])).unwrap();
        let found = |agents: &[&str]| {
            let core = ("core".to_owned(), set(&["(core)"]));
            BTreeMap::from([core, ("agent".to_owned(), set(agents)), ("oracle".to_owned(), set(&[]))])
        };
        assert_eq!(broken_crates(&allowed, &found(&["(core)", "(oracle)"])), ["core depends on (core)"]);
        let broken = ["agent depends on oracle", "core depends on (core)"];
        assert_eq!(broken_crates(&allowed, &found(&["core", "oracle"])), broken, "for its tests alone");
    }
}

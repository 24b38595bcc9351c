//! Links in the documents lead somewhere: every relative link of every Markdown file names a file or folder that is there,
//! and a heading if it names one.

use std::path::{Path, PathBuf};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Folders that hold what others wrote or what was built.
const NOT_OURS: [&str; 5] = ["target", "node_modules", "dist", ".git", "demo-data"];

#[test]
fn links_lead_somewhere() -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let mut documents = Vec::new();
    collect(&root, &mut documents)?;
    assert!(documents.len() > 5, "the documents were found: {documents:?}");
    let mut broken = Vec::new();
    for document in documents {
        let text = std::fs::read_to_string(&document)?;
        for link in links(&text) {
            if let Some(why) = trouble(&document, &text, link) {
                broken.push(format!("{}: ({link}) {why}", document.strip_prefix(&root)?.display()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
    Ok(())
}

fn collect(folder: &Path, documents: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && !path.is_symlink() && !NOT_OURS.iter().any(|other| name == *other) {
            collect(&path, documents)?;
        } else if path.extension().is_some_and(|kind| kind == "md") {
            documents.push(path);
        }
    }
    Ok(())
}

/// Targets of `[text](target)`, outside fenced blocks.
fn links(text: &str) -> Vec<&str> {
    let mut links = Vec::new();
    let mut is_fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        }
        if !is_fenced {
            let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            links.extend(targets.map(|(target, _)| target));
        }
    }
    links
}

/// Why a link leads nowhere.
fn trouble(document: &Path, text: &str, link: &str) -> Option<&'static str> {
    if ["https:", "http:", "mailto:"].iter().any(|scheme| link.starts_with(scheme)) {
        return None;
    }
    let (path, heading) = link.split_once('#').map_or((link, None), |(path, heading)| (path, Some(heading)));
    let target = document.parent()?.join(path);
    if !path.is_empty() && !target.exists() {
        return Some("is not there");
    }
    let heading = heading?;
    let has_heading = match path {
        "" => headings(text).any(|slug| slug == heading),
        _ => std::fs::read_to_string(&target).is_ok_and(|text| headings(&text).any(|slug| slug == heading)),
    };
    (!has_heading).then_some("has no such heading")
}

/// What headings are called in links.
fn headings(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
        kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    })
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = "# What Is, here\n[a](Cargo.toml) [b](https://example.org) [c](#what-is-here)\n```\n[no](link)\n```\n";
    assert_eq!(links(text), ["Cargo.toml", "https://example.org", "#what-is-here"]);
    for (link, is_broken) in [
        ("Cargo.toml", false),
        ("https://example.org", false),
        ("#what-is-here", false),
        ("#elsewhere", true),
        ("no.md", true),
        ("Cargo.toml#heading", true),
    ] {
        assert_eq!(trouble(&here, text, link).is_some(), is_broken, "{link}");
    }
}

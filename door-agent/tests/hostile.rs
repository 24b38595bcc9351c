//! What strangers can write, thrown at whoever reads it: every seed of the fuzz targets, then seeds that were changed and
//! bytes that never were anything. Nothing may panic, and whatever is accepted must read back.
//!
//! `PFORTE_SEED` repeats a run. It stands with the agent, since no other crate reaches everything that reads here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

#[expect(unreachable_pub, reason = "a library of its own to the fuzz targets")]
#[path = "../../fuzz/src/lib.rs"]
mod readers;
use readers::{TARGETS, Target};

/// Inputs for each reader, beside the seeds.
const INPUTS: usize = 12_000;
/// Longest input that never was anything, in bytes.
const NOISE_BYTES_MAX: usize = 600;
/// Most changes to a seed.
const CHANGES_MAX: usize = 6;
/// Bytes that lie on edges.
const EDGES: [u8; 8] = [0, 1, 0x7F, 0x80, 0xFF, 0xEF, b'"', b'.'];

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Seeds of a target: its folder, and for messages and records the bytes that are frozen for the wire.
fn seeds(target: &str) -> Outcome<Vec<(String, Vec<u8>)>> {
    let own = (format!("fuzz/seeds/{target}"), "");
    let frozen = |word| ("access-core/tests/wire".to_owned(), word);
    let folders = match target {
        "from_agent" => vec![frozen("_agent_"), own],
        "from_server" => vec![frozen("_server_"), own],
        "record" => vec![frozen("_record_"), own],
        _ => vec![own],
    };
    let mut seeds = Vec::new();
    for (folder, word) in folders {
        for entry in std::fs::read_dir(root().join(&folder)).map_err(|error| format!("{folder}: {error}"))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if !name.contains(word) {
                continue;
            }
            let bytes = std::fs::read(&path)?;
            seeds.push((name.clone(), if name.ends_with(".hex") { from_hex(&bytes) } else { bytes }));
        }
    }
    seeds.sort();
    Ok(seeds)
}

fn from_hex(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> =
        text.iter().filter_map(|&letter| char::from(letter).to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether these bytes were accepted; an error if the reader broke on them.
fn check(name: &str, target: Target, bytes: &[u8]) -> Outcome<bool> {
    catch_unwind(AssertUnwindSafe(|| target(bytes)))
        .map_err(|_| format!("{name} breaks on {} bytes: {}", bytes.len(), hex(bytes)).into())
}

fn changed(random: &mut StdRng, seeds: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = seeds[random.random_range(0..seeds.len())].1.clone();
    for _ in 0..random.random_range(1..=CHANGES_MAX) {
        let at = random.random_range(0..=bytes.len());
        let edge = EDGES[random.random_range(0..EDGES.len())];
        match random.random_range(0..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
            1 if at < bytes.len() => bytes[at] = edge,
            2 => bytes.insert(at, random.random()),
            3 => bytes.truncate(at),
            4 if at < bytes.len() => drop(bytes.remove(at)),
            // A number that is as large as it can be.
            5 => bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = edge),
            _ => {
                let other = &seeds[random.random_range(0..seeds.len())].1;
                bytes.truncate(at);
                bytes.extend(other.iter().skip(random.random_range(0..=other.len())));
            }
        }
    }
    bytes
}

fn noise(random: &mut StdRng) -> Vec<u8> {
    (0..random.random_range(0..NOISE_BYTES_MAX)).map(|_| random.random()).collect()
}

#[test]
fn nothing_that_strangers_write_breaks_who_reads_it() -> Outcome {
    let seed = match std::env::var("PFORTE_SEED") {
        Ok(seed) => seed.parse()?,
        Err(_) => rand::random(),
    };
    println!("PFORTE_SEED={seed}");
    for (name, target) in TARGETS {
        let seeds = seeds(name)?;
        let mut accepted = 0;
        for (_, bytes) in &seeds {
            accepted += usize::from(check(name, target, bytes)?);
        }
        // Seeds that are all refused at the door would lead nowhere further.
        assert!(accepted > 0, "{name}: none of {} seeds is accepted", seeds.len());
        let mut random = StdRng::seed_from_u64(seed);
        for number in 0..INPUTS {
            let bytes = if number % 4 == 0 { noise(&mut random) } else { changed(&mut random, &seeds) };
            check(name, target, &bytes)?;
        }
    }
    Ok(())
}

#[test]
fn a_reader_that_breaks_is_found() -> Outcome {
    fn breaks(bytes: &[u8]) -> bool {
        assert!(bytes.first() != Some(&7), "planted");
        true
    }
    assert!(check("planted", breaks, &[6])?);
    let found = check("planted", breaks, &[7, 8]).unwrap_err().to_string();
    assert_eq!(found, "planted breaks on 2 bytes: 0708");
    Ok(())
}

#[test]
fn every_target_can_be_fuzzed_and_every_seed_has_a_target() -> Outcome {
    let named: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml"))?;
    for name in &named {
        assert!(manifest.contains(&format!("fuzz_targets/{name}.rs")), "{name} is no target in fuzz/Cargo.toml");
        let calls = std::fs::read_to_string(root().join(format!("fuzz/fuzz_targets/{name}.rs")))?;
        assert!(calls.contains(&format!("pforte_fuzz::{name}(")), "fuzz_targets/{name}.rs calls something else");
    }
    for folder in std::fs::read_dir(root().join("fuzz/seeds"))? {
        let folder = folder?.file_name();
        assert!(named.iter().any(|name| folder == **name), "{} is no target", folder.display());
    }
    Ok(())
}

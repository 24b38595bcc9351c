//! Takes the built user interface into the binary. Without one, a page that says how to build it.
#![expect(clippy::expect_used, reason = "a build script ends where it fails")]

use std::path::{Path, PathBuf};

fn main() {
    let dist = Path::new("web/dist");
    println!("cargo::rerun-if-changed=web/dist");
    println!("cargo::rerun-if-changed=../migrations");
    let folder = if dist.join("index.html").exists() { dist.to_path_buf() } else { placeholder() };
    memory_serve::load_directory(folder.to_str().expect("the path of the build is UTF-8"));
}

fn placeholder() -> PathBuf {
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names the folder for output")).join("no-ui");
    std::fs::create_dir_all(&folder).expect("the folder for output can be written");
    let page = "<!doctype html><title>Pforte</title><p>The user interface was not built: run <code>make web</code>.\n";
    std::fs::write(folder.join("index.html"), page).expect("the folder for output can be written");
    folder
}

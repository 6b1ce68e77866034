//! Links the unwinder into the programs, where the C compiler has it as an archive.
//!
//! A shared library is five mappings. fork(2) copies each of them, and the child's end takes each apart again: without
//! those of libgcc a process of the model `fork` costs some 3% less. Only for release builds: a sanitizer looks for the
//! shared one.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let glibc = env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|it| it == "gnu");
    let native = env::var("HOST") == env::var("TARGET"); // `cc` is the compiler for this machine
    let release = env::var("PROFILE").is_ok_and(|it| it == "release");
    if !(glibc && native && release) {
        return;
    }
    // cc says the bare name back if it does not know the file.
    let Ok(said) = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output() else { return };
    let file = String::from_utf8_lossy(&said.stdout);
    if let Some(directory) = Path::new(file.trim()).parent().filter(|it| it.is_absolute()) {
        println!("cargo:rustc-link-search=native={}", directory.display());
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}

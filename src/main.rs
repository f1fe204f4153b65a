//! The binary: parse, run, exit code.

use std::panic;
use std::process::ExitCode;

/// Bytes of stack. Only what is used of them is ever taken from the machine.
const STACK: usize = 64 << 20;

fn main() -> ExitCode {
    // A panic ends the run here. Nothing is unwound, and what is released holds no code for it (`Cargo.toml`).
    panic::set_hook(Box::new(|info| {
        driftgate::cli::panicked(&info.to_string());
        std::process::exit(2);
    }));
    // A stack of one size everywhere: what may nest is bounded, and the bounds are measured against this.
    let run = std::thread::Builder::new().name("driftgate".to_owned()).stack_size(STACK);
    let started = run.spawn(|| driftgate::cli::run(std::env::args_os()));
    match started.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => ExitCode::from(2),
        Err(error) => driftgate::cli::panicked(&error.to_string()),
    }
}

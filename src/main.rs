//! The binary: parse, run, exit code.

use std::panic;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// Bytes of stack. Only what is used of them is ever taken from the machine.
const STACK: usize = 64 << 20;

/// What the last panic said: the hook is told where, the one who catches it is not.
static PANIC: Mutex<String> = Mutex::new(String::new());

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string();
    }));
    // A stack of one size everywhere: what may nest is bounded, and the bounds are measured against this.
    let run = std::thread::Builder::new().name("driftgate".to_owned()).stack_size(STACK);
    let ended = run.spawn(|| driftgate::cli::run(std::env::args_os())).map(std::thread::JoinHandle::join);
    match ended {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => driftgate::cli::panicked(&PANIC.lock().unwrap_or_else(PoisonError::into_inner)),
        Err(error) => driftgate::cli::panicked(&error.to_string()),
    }
}

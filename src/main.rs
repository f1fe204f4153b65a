//! The binary: parse, run, exit code.

use std::panic;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// What the last panic said: the hook is told where, the one who catches it is not.
static PANIC: Mutex<String> = Mutex::new(String::new());

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string();
    }));
    panic::catch_unwind(|| driftgate::cli::run(std::env::args_os()))
        .unwrap_or_else(|_| driftgate::cli::panicked(&PANIC.lock().unwrap_or_else(PoisonError::into_inner)))
}

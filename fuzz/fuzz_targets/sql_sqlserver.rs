#![no_main]

use driftgate::catalog::Dialect;

libfuzzer_sys::fuzz_target!(|data: &[u8]| driftgate::fuzzing::sql(data, Dialect::SqlServer));

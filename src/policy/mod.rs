//! `driftgate.toml`: file structs, the validated policy, allowances.

//! Findings that every format is tested on.

//! Reports: one file per output format, all fed by the same findings.

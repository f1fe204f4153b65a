//! Every format on the same findings.

//! SQL text to operations, per dialect; shared by both ecosystems.

use std::sync::Arc;

use crate::catalog::Dialect;
use crate::catalog::operation::Operation;
use crate::source::{Place, Source};

/// A script that was read.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// What its statements do, in order.
    pub operations: Vec<Operation>,
    /// Reasons why the database would refuse it whatever the catalog holds, with their places.
    pub refusals: Vec<(Place, String)>,
    /// Why it cannot be read at all (conflict markers, an unterminated string), with the place; operations are those before it.
    pub error: Option<(Place, String)>,
}

/// Reads a script.
pub fn read(source: &Arc<Source>, dialect: Dialect) -> Script {
    let _ = (source, dialect);
    Script::default()
}

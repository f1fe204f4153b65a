//! Faults planted on purpose: who noticed which, counted for each kind.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::random::Random;

/// No fault at all: what shows that the engine tells a whole history from a faulty one.
pub(crate) const CONTROL: &str = "(none: control)";

/// What became of the faults of one kind.
#[derive(Default)]
struct Row {
    planted: usize,
    noticed_by_engine: usize,
    refused_by_engine: usize,
    noticed_by_both: usize,
    alarms: usize,
}

/// The counts of a run, and each fault on which the two disagree.
#[derive(Default)]
pub(crate) struct Score {
    rows: BTreeMap<&'static str, Row>,
    pub(crate) disagreements: Vec<String>,
}

impl Score {
    /// Counts one fault, which the engine noticed (or even refused to run) or not; whether the two agree on it.
    pub(crate) fn record(&mut self, kind: &'static str, engine: bool, refused: bool, driftgate: bool) -> bool {
        let row = self.rows.entry(kind).or_default();
        row.planted += 1;
        row.noticed_by_engine += usize::from(engine);
        row.refused_by_engine += usize::from(refused);
        row.noticed_by_both += usize::from(engine && driftgate);
        row.alarms += usize::from(driftgate && !engine);
        engine == driftgate
    }

    /// The share for each kind.
    pub(crate) fn table(&self) -> String {
        let mut text = String::from(
            "fault | planted | the engine notices | of these refused to run | driftgate too | alarms beyond the engine\n",
        );
        text.push_str("--- | ---: | ---: | ---: | ---: | ---:\n");
        for (kind, row) in &self.rows {
            let share = (row.noticed_by_both * 100).checked_div(row.noticed_by_engine);
            let share = share.map_or_else(|| "-".to_owned(), |share| format!("{share}%"));
            let _ = writeln!(
                text,
                "{kind} | {} | {} | {} | {} ({share}) | {}",
                row.planted, row.noticed_by_engine, row.refused_by_engine, row.noticed_by_both, row.alarms
            );
        }
        text
    }

    /// Prints the table; any disagreement fails the test.
    pub(crate) fn finish(self, against: &str) {
        eprintln!("faults planted, against {against}\n{}", self.table());
        let control = self.rows.get(CONTROL);
        assert!(
            control.is_some_and(|row| row.planted > 0 && row.noticed_by_engine == 0),
            "without a fault the engine must be content: otherwise the agreement above says nothing"
        );
        let count = self.disagreements.len();
        assert!(count == 0, "{count} disagreements\n\n{}", self.disagreements.join("\n\n"));
    }
}

/// How many generated schemas get every kind of fault: `DRIFTGATE_FAULTS`, or a number that suits a test run.
pub(crate) fn schemas(default: u64) -> u64 {
    std::env::var("DRIFTGATE_FAULTS").ok().and_then(|number| number.parse().ok()).unwrap_or(default)
}

/// One of the places that fit; none where there is none.
pub(crate) fn place(random: &mut Random, count: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    let places: Vec<usize> = (0..count).filter(|&at| fits(at)).collect();
    if places.is_empty() { None } else { Some(places[random.below(places.len())]) }
}

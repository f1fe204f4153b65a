//! Faults planted on purpose: who noticed which, counted for each kind.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::random::Random;

/// No fault at all: what shows that the engine tells a whole history from a faulty one.
pub(crate) const CONTROL: &str = "(none: control)";

/// What driftgate says of a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It claims that something is wrong.
    Noticed,
    /// It says of more places than without the fault that it cannot judge them, and claims nothing.
    #[allow(dead_code, reason = "not every harness tells claims from doubts")]
    NotJudged,
    Nothing,
}

/// What became of the faults of one kind.
#[derive(Default)]
struct Row {
    planted: usize,
    noticed_by_engine: usize,
    refused_by_engine: usize,
    noticed_by_both: usize,
    not_judged: usize,
    alarms: usize,
}

impl Row {
    fn add(&mut self, other: &Row) {
        self.planted += other.planted;
        self.noticed_by_engine += other.noticed_by_engine;
        self.refused_by_engine += other.refused_by_engine;
        self.noticed_by_both += other.noticed_by_both;
        self.not_judged += other.not_judged;
        self.alarms += other.alarms;
    }
}

/// The counts of a run, and each fault on which the two disagree.
#[derive(Default)]
pub(crate) struct Score {
    rows: BTreeMap<&'static str, Row>,
    pub(crate) disagreements: Vec<String>,
}

impl Score {
    /// Counts one fault, which the engine noticed (or even refused to run) or not; whether the two agree on it. Doubt
    /// that is stated is no silent pass, but no agreement either.
    pub(crate) fn record(&mut self, kind: &'static str, engine: bool, refused: bool, said: Said) -> bool {
        let noticed = said == Said::Noticed;
        let row = self.rows.entry(kind).or_default();
        row.planted += 1;
        row.noticed_by_engine += usize::from(engine);
        row.refused_by_engine += usize::from(refused);
        row.noticed_by_both += usize::from(engine && noticed);
        row.not_judged += usize::from(engine && said == Said::NotJudged);
        row.alarms += usize::from(noticed && !engine);
        engine == noticed
    }

    /// The share for each kind.
    pub(crate) fn table(&self) -> String {
        let mut text = String::from(
            "| fault | planted | the engine notices | of these refused to run | driftgate too | said not to be judged | \
             alarms beyond the engine |\n",
        );
        text.push_str("|---|---:|---:|---:|---:|---:|---:|\n");
        let mut all = Row::default();
        for row in self.rows.values() {
            all.add(row);
        }
        for (kind, row) in self.rows.iter().map(|(kind, row)| (*kind, row)).chain([("**all**", &all)]) {
            let share = (row.noticed_by_both * 100).checked_div(row.noticed_by_engine);
            let share = share.map_or_else(|| "-".to_owned(), |share| format!("{share}%"));
            let _ = writeln!(
                text,
                "| {kind} | {} | {} | {} | {} ({share}) | {} | {} |",
                row.planted,
                row.noticed_by_engine,
                row.refused_by_engine,
                row.noticed_by_both,
                row.not_judged,
                row.alarms
            );
        }
        text
    }

    /// How many were asked about so far, controls and all.
    #[allow(dead_code, reason = "not every harness counts by the source")]
    pub(crate) fn planted(&self) -> usize {
        self.rows.values().map(|row| row.planted).sum()
    }

    /// Prints the table; any disagreement fails the test.
    pub(crate) fn finish(self, where_to: &str) {
        eprintln!("faults planted in {where_to}\n{}", self.table());
        let control = self.rows.get(CONTROL);
        assert!(
            control.is_some_and(|row| row.planted > 0 && row.noticed_by_engine == 0),
            "without a fault the engine must be content: otherwise the agreement above says nothing"
        );
        let count = self.disagreements.len();
        assert!(count == 0, "{count} disagreements\n\n{}", self.disagreements.join("\n\n"));
    }
}

/// How many schemas or cases get every kind of fault, or how many faults of a kind a repository gets:
/// `DRIFTGATE_FAULTS`, or a number that suits a test run.
pub(crate) fn sample(default: u64) -> u64 {
    std::env::var("DRIFTGATE_FAULTS").ok().and_then(|number| number.parse().ok()).unwrap_or(default)
}

/// One of the places that fit; none where there is none.
pub(crate) fn place(random: &mut Random, count: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    let places: Vec<usize> = (0..count).filter(|&at| fits(at)).collect();
    if places.is_empty() { None } else { Some(places[random.below(places.len())]) }
}

//! What is left out where code stops: statements behind an exception, or behind a bound that is reached. Whoever reads
//! modules for what they declare has to know of it, for what stands there is seen on neither side of a change.

use std::sync::Arc;

use ruff_python_ast::Stmt;
use ruff_text_size::Ranged as _;

use super::exec::Frame;
use super::interpreter::{Imports, Interpreter, Stop};
use super::parse::span;
use crate::source::{Place, Source, Span};

/// Places that are kept.
const MOST: usize = 300;

/// Statements that did not come to their end.
#[derive(Debug, Clone)]
pub struct Skipped {
    /// They, from the one that stopped to the last one of its block.
    pub place: Place,
    /// Why.
    pub reason: String,
}

/// Whether a place lies in another.
fn is_within(place: &Place, outer: &Place) -> bool {
    Arc::ptr_eq(&place.source, &outer.source)
        && outer.span.start <= place.span.start
        && place.span.end <= outer.span.end
}

/// From the first of some statements to the last.
fn extent(body: &[Stmt]) -> Option<Span> {
    let (first, last) = (body.first()?, body.last()?);
    Some(Span { start: span(first.range()).start, end: span(last.range()).end })
}

impl Interpreter<'_> {
    /// Notes the statements of a block that are left out; what was noted inside of them is of no further interest. Revisions
    /// stop where Python would: for them nothing is noted.
    pub(super) fn skip(&mut self, frame: &Frame, rest: &[Stmt], stop: &Stop) {
        let Some(span) = extent(rest).filter(|_| self.imports == Imports::Eager) else { return };
        let place = Place::new(frame.file.source(), span);
        if self.skipped.iter().rev().any(|known| is_within(&place, &known.place)) {
            return;
        }
        self.skipped.retain(|known| !is_within(&known.place, &place));
        if self.skipped.len() < MOST {
            let reason = match stop {
                Stop::Raise(raised) => format!("it stands behind {}", super::format::repr(&raised.value)),
                Stop::Exhausted(what) => (*what).to_owned(),
            };
            self.skipped.push(Skipped { place, reason });
        }
    }

    /// What was left out of a block, for whoever tells of it: it is noted no more.
    pub(super) fn take_skipped(&mut self, source: &Arc<Source>, body: &[Stmt]) -> Option<Place> {
        let whole = Place::new(source, extent(body)?);
        let is_end = |known: &Skipped| is_within(&known.place, &whole) && known.place.span.end == whole.span.end;
        let at = self.skipped.iter().rposition(is_end)?;
        Some(self.skipped.remove(at).place)
    }

    /// Code that was not run although what stands around it was, in the order in which it was met: the rest of a `try` of
    /// which an exception was caught, a branch that ended early.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

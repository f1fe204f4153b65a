//! Tables that are copied into another metadata: `for table in other.tables.values(): table.to_metadata(metadata)`.
//!
//! Which tables a metadata has is known once every model is read, so a loop over them is run once, with an item that stands for
//! each; what it copies is settled by the end. A table has a place in one metadata here: where its own is not compared and one
//! that it is copied into is, it is taken for a table of that one.

use std::cell::RefCell;
use std::rc::Rc;

use super::host::Recorder;
use super::registry::{Meta, MetaKey, address, metadata, symbol_address};
use super::resolve::References;
use super::table::TableSpec;
use super::target::Target;
use crate::alembic::python::{Args, Interpreter, SymbolKind, Unknown, Value};
use crate::catalog::{Opaque, Reach};
use crate::source::Place;

/// How deep a table is looked for in what `to_metadata` is called on.
const MAX_DEPTH: usize = 10;

/// What was copied, in order.
#[derive(Default)]
pub(super) struct Copies(RefCell<Vec<Copy>>);

struct Copy {
    of: Value,
    args: Args,
    place: Place,
    /// Why it may not have been.
    maybe: Option<Rc<Unknown>>,
    /// How many classes and how many tables there were.
    before: (usize, usize),
}

/// What is copied.
enum Subject {
    /// Each table of a metadata.
    Each(Meta),
    /// One of them, by its key.
    Named(Meta, String),
    /// What another value stands for.
    Other,
}

/// What `metadata.tables.values()`, `metadata.sorted_tables`, an item of them or `metadata.tables["name"]` stands for; the places
/// of the loops that it went through are put into a list.
fn subject(value: &Value, loops: &mut Vec<Place>, depth: usize) -> Subject {
    let Value::Symbol(symbol) = value else { return Subject::Other };
    if depth > MAX_DEPTH {
        return Subject::Other;
    }
    match &symbol.kind {
        SymbolKind::Attribute { base, name } if matches!(&**name, "tables" | "sorted_tables") => {
            metadata(base).map_or(Subject::Other, Subject::Each)
        }
        SymbolKind::Subscript { base, index } => {
            loops.extend(symbol.place.clone().filter(|_| matches!(index, Value::Ellipsis)));
            match (subject(base, loops, depth + 1), index) {
                (Subject::Each(meta), Value::Str(key)) => Subject::Named(meta, key.to_string()),
                // `for name in metadata.tables: metadata.tables[name]`.
                (Subject::Each(meta), Value::Symbol(_)) => {
                    let mut inner = Vec::new();
                    match subject(index, &mut inner, depth + 1) {
                        Subject::Each(other) if other.key == meta.key => {
                            loops.extend(inner);
                            Subject::Each(meta)
                        }
                        _ => Subject::Other,
                    }
                }
                (Subject::Each(meta), Value::Ellipsis) => Subject::Each(meta),
                _ => Subject::Other,
            }
        }
        SymbolKind::Call { callee, args } => match (value.method_call(), callee.path().as_deref()) {
            (Some((base, "values" | "items" | "keys", _)), _) => subject(base, loops, depth + 1),
            (_, Some("builtins.list" | "builtins.sorted" | "builtins.tuple" | "builtins.reversed")) => {
                args.positional.first().map_or(Subject::Other, |inner| subject(inner, loops, depth + 1))
            }
            _ => Subject::Other,
        },
        _ => Subject::Other,
    }
}

impl Copies {
    /// Hears `of.to_metadata(…)`, at a time when there were so many tables, where a table is what is copied.
    pub(super) fn hear(&self, interpreter: &Interpreter<'_>, tables: usize, of: &Value, args: &Args, place: &Place) {
        let mut loops = Vec::new();
        let is_table = !matches!(subject(of, &mut loops, 0), Subject::Other);
        if !is_table && into(args).is_none() {
            return;
        }
        let is_loop = |unknown: &Unknown| {
            loops.iter().any(|at| at.span == unknown.place.span && at.path() == unknown.place.path())
        };
        let maybe = interpreter.maybes().iter().rev().find(|unknown| !is_loop(unknown)).cloned();
        let before = (interpreter.classes().len(), tables);
        let copy = Copy { of: of.clone(), args: args.clone(), place: place.clone(), maybe, before };
        self.0.borrow_mut().push(copy);
    }

    /// Hears the same of something that is not known.
    pub(super) fn hear_lost(&self, args: &Args, place: &Place) {
        if into(args).is_some() {
            let of = Value::unknown("a table that is not known", place.clone());
            self.0.borrow_mut().push(Copy {
                of,
                args: args.clone(),
                place: place.clone(),
                maybe: None,
                before: (0, 0),
            });
        }
    }

    /// Every metadata whose tables are copied into one of those that are named.
    pub(super) fn sources(&self, keys: &[MetaKey]) -> Vec<MetaKey> {
        let mut known: Vec<MetaKey> = keys.to_vec();
        for copy in self.0.borrow().iter().rev() {
            let goes = into(&copy.args).is_some_and(|meta| known.contains(&meta.key));
            if let (true, Subject::Each(meta) | Subject::Named(meta, _)) = (goes, subject(&copy.of, &mut Vec::new(), 0))
            {
                known.push(meta.key);
            }
        }
        known
    }

    /// Puts what is copied into a metadata that is compared there; what is not known of the copies is told.
    pub(super) fn settle(
        &self,
        interpreter: &Interpreter<'_>,
        recorder: &Recorder<'_>,
        target: &Target,
        tables: &mut [TableSpec],
        classes: &[(usize, String, usize)],
    ) -> Vec<Opaque> {
        let copies = self.0.borrow();
        let mut doubts = Vec::new();
        let Target::Keys(keys) = target else { return doubts };
        if copies.is_empty() {
            return doubts;
        }
        let born: Vec<(usize, usize)> =
            (0..tables.len()).map(|at| born(interpreter, recorder, tables, classes, at)).collect();
        let mut copied: Vec<Vec<Copied>> = tables.iter().map(|_| Vec::new()).collect();
        let sources = self.sources(keys);
        for copy in copies.iter() {
            let goes_to = into(&copy.args);
            if goes_to.as_ref().is_some_and(|meta| !target.compares(meta) && !sources.contains(&meta.key)) {
                continue;
            }
            let subject = subject(&copy.of, &mut Vec::new(), 0);
            let one = match &subject {
                Subject::Other => References::new(tables, classes).table(&copy.of),
                _ => None,
            };
            let renamed =
                copy.args.positional.len() > 1 || !copy.args.keyword.iter().all(|(name, _)| &**name == "metadata");
            if renamed || copy.args.more.is_some() || (one.is_none() && matches!(subject, Subject::Other)) {
                let what = if renamed {
                    "a copy of a table in another schema, or of another name"
                } else {
                    "a copy of a table that is not known"
                };
                doubts.push(Opaque { place: copy.place.clone(), reason: what.to_owned(), reach: Reach::Everything });
                continue;
            }
            for (at, table) in tables.iter().enumerate() {
                let (class, made) = born.get(at).copied().unwrap_or_default();
                let Some(held) = copied.get_mut(at).filter(|_| class < copy.before.0 || made < copy.before.1) else {
                    continue;
                };
                let from = match &subject {
                    Subject::Each(meta) => held_in(table, held, meta),
                    Subject::Named(meta, key) => held_in(table, held, meta).filter(|_| table.full_name() == *key),
                    Subject::Other => table.meta.clone().filter(|_| one == Some(at)),
                };
                if let Some(from) = from {
                    held.push(Copied::of(&from, goes_to.as_ref(), copy));
                }
            }
        }
        for (table, copied) in tables.iter_mut().zip(copied) {
            if table.meta.as_ref().is_none_or(|meta| target.compares(meta)) {
                continue;
            }
            // A copy that is sure to be there is what counts.
            let is_seen = |copy: &Copied| copy.meta.as_ref().is_none_or(|meta| target.compares(meta));
            let (sure, unsure): (Vec<_>, Vec<_>) =
                copied.into_iter().filter(is_seen).partition(|copy| copy.doubt.is_none());
            if let Some(copy) = sure.into_iter().chain(unsure).next() {
                table.meta = copy.meta;
                table.doubt = table.doubt.take().or(copy.doubt);
            }
        }
        doubts
    }
}

/// The metadata that a table is copied into; none where that is not known.
fn into(args: &Args) -> Option<Meta> {
    args.get(0, "metadata").and_then(metadata)
}

/// A copy of a table.
struct Copied {
    /// The metadata that has it; none where that is not known.
    meta: Option<Meta>,
    doubt: Option<(String, Place)>,
}

impl Copied {
    /// The copy keeps its schema and the names that its constraints have by a convention; what has none gets that of its new
    /// metadata (`Table.to_metadata`).
    fn of(from: &Meta, to: Option<&Meta>, copy: &Copy) -> Self {
        let doubted = |reason: &str, place: &Place| Some((reason.to_owned(), place.clone()));
        let mut doubt = copy.maybe.as_ref().and_then(|unknown| doubted(&unknown.reason, &unknown.place));
        let Some(to) = to else {
            return Self { meta: None, doubt: doubted("it is copied into a metadata that is not known", &copy.place) };
        };
        let prescribes = |meta: &Meta| meta.naming_convention().is_some() || meta.schema().is_some();
        let made_by = if prescribes(from) { from.made_by.clone() } else { to.made_by.clone() };
        if doubt.is_none() && prescribes(from) && prescribes(to) {
            doubt = doubted("it is copied between two metadata that both prescribe names or a schema", &copy.place);
        }
        Self { meta: Some(Meta { made_by, key: to.key.clone(), shared: None }), doubt }
    }
}

/// The metadata of a table, or of one of its copies, that is the one which is asked for.
fn held_in(table: &TableSpec, copied: &[Copied], meta: &Meta) -> Option<Meta> {
    let own = table.meta.iter().chain(copied.iter().filter_map(|copy| copy.meta.as_ref()));
    own.into_iter().find(|known| known.key == meta.key).cloned()
}

/// The first class and the first `Table(…)` that made a table, counted; as many as there are where none did.
fn born(
    interpreter: &Interpreter<'_>,
    recorder: &Recorder<'_>,
    tables: &[TableSpec],
    classes: &[(usize, String, usize)],
    at: usize,
) -> (usize, usize) {
    let of_table = |known: usize| classes.iter().any(|(class, _, table)| *class == known && *table == at);
    let class = interpreter.classes().iter().position(|class| of_table(address(class)));
    let origin = tables.get(at).and_then(|table| table.origin);
    let made = recorder.tables.borrow();
    let made = made.iter().position(|made| origin.is_some() && symbol_address(&made.value) == origin);
    (class.unwrap_or(usize::MAX), made.unwrap_or(usize::MAX))
}

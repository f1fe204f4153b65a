//! SQL text to operations, per dialect; shared by both ecosystems.
//!
//! A text is cut into tokens ([`lexer`]), tokens into statements ([`split`]), and each statement is read by itself
//! ([`statement`], [`table`], [`alter`], [`index`], [`block`]): one that cannot be read becomes opaque and takes nothing
//! else with it. Statements that cannot touch a catalog are known as such.

mod alter;
mod block;
mod cursor;
pub mod expression;
mod index;
mod lexer;
mod split;
mod statement;
mod syntax;
mod table;
mod transaction;
pub mod types;

use std::sync::Arc;

use crate::catalog::operation::{Guard, Operation, OperationKind};
use crate::catalog::{Dialect, Reach};
use crate::source::{Place, Source};
use cursor::{Cursor, Origin, Read, Unread};

pub use transaction::{LabelUse, postgres_label_uses, postgres_transaction_refusals};

/// The most statements that one script is read to.
const MAX_STATEMENTS: usize = 1_000_000;

/// A script that was read.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// What its statements do, in order.
    pub operations: Vec<Operation>,
    /// Why it cannot be read at all (conflict markers, an unterminated string), with the place; operations are those before it.
    pub error: Option<(Place, String)>,
}

/// Reads a script that is a file.
pub fn read(source: &Arc<Source>, dialect: Dialect) -> Script {
    script(source.text(), dialect, &Origin::File(Arc::clone(source)))
}

/// Reads a script that was found inside a file; every place in it is the one given.
pub fn read_text(text: &str, place: &Place, dialect: Dialect) -> Script {
    script(text, dialect, &Origin::Inside(place.clone()))
}

fn script(text: &str, dialect: Dialect, origin: &Origin) -> Script {
    let (tokens, error) = lexer::tokenize(text, dialect);
    let mut script = Script {
        operations: Vec::new(),
        error: error.map(|error| (origin.place(error.span), error.message.to_owned())),
    };
    for statement in split::statements(text, &tokens, dialect).into_iter().take(MAX_STATEMENTS) {
        let mut cursor = Cursor::new(text, statement, dialect, origin);
        let place = cursor.place();
        for (kind, guard) in statement::read(&mut cursor, 0).0 {
            script.operations.push(Operation { kind, place: place.clone(), guard });
        }
    }
    script
}

/// Reads the statements of a text that stood in a string of another statement.
fn read_statements(text: &str, dialect: Dialect, origin: &Origin, depth: usize) -> Read<Actions> {
    let (tokens, error) = lexer::tokenize(text, dialect);
    if let Some(error) = error {
        return Err(Unread(error.message.to_owned()));
    }
    let mut actions = Actions::default();
    for statement in split::statements(text, &tokens, dialect) {
        actions.extend(statement::read(&mut Cursor::new(text, statement, dialect, origin), depth));
    }
    Ok(actions)
}

/// What a statement does, in order.
#[derive(Default)]
struct Actions(Vec<(OperationKind, Guard)>);

impl Actions {
    fn push(&mut self, kind: OperationKind) {
        self.0.push((kind, Guard::None));
    }

    /// Adds one with a guard if it is `guarded`.
    fn guarded(&mut self, kind: OperationKind, guarded: bool, guard: Guard) {
        self.0.push((kind, if guarded { guard } else { Guard::None }));
    }

    fn extend(&mut self, other: Actions) {
        self.0.extend(other.0);
    }

    fn guard_last(&mut self, guard: Guard) {
        if let Some((_, last)) = self.0.last_mut() {
            *last = guard;
        }
    }

    /// Guards all that are not guarded more loosely already.
    fn guard_all(&mut self, guard: Guard) {
        for (_, own) in &mut self.0 {
            if *own == Guard::None || guard == Guard::Tolerant {
                *own = guard;
            }
        }
    }

    /// Whether any of them may change a catalog.
    fn changes(&self) -> bool {
        self.0.iter().any(|(kind, _)| changes(kind))
    }

    /// Makes what may change a catalog opaque: it is not known whether, or how often, it is done.
    fn doubt(&mut self, why: &str) {
        for (kind, guard) in &mut self.0 {
            if !changes(kind) || matches!(kind, OperationKind::Opaque { .. }) {
                continue;
            }
            let reach = match &*kind {
                OperationKind::CreateEnum { name, .. }
                | OperationKind::AddEnumValue { name, .. }
                | OperationKind::RenameEnumValue { name, .. }
                | OperationKind::DropEnumValue { name, .. }
                | OperationKind::CreateType { name, .. }
                | OperationKind::DropType { name, .. }
                | OperationKind::MoveType { name, .. } => Reach::Type(name.clone()),
                OperationKind::RenameType { from, .. } => Reach::Type(from.clone()),
                OperationKind::CreateView { .. }
                | OperationKind::DropView { .. }
                | OperationKind::CreateSequence { .. }
                | OperationKind::DropSequence { .. } => Reach::Nothing,
                other => table_of(other).map_or(Reach::Everything, Reach::Table),
            };
            *kind = OperationKind::Opaque { reason: why.to_owned(), reach };
            *guard = Guard::None;
        }
    }
}

/// Whether an operation may change a catalog.
fn changes(kind: &OperationKind) -> bool {
    !matches!(
        kind,
        OperationKind::Harmless(_)
            | OperationKind::Data { .. }
            | OperationKind::Transaction(_)
            | OperationKind::Environment(_)
    )
}

fn table_of(kind: &OperationKind) -> Option<crate::catalog::ObjectName> {
    let source = Source::new(crate::source::RepoPath::root(), "");
    Operation::new(kind.clone(), Place::start_of(&source)).table().cloned()
}

#[cfg(test)]
mod tests;

//! What PostgreSQL refuses because a script is one transaction.

use crate::catalog::ObjectName;
use crate::catalog::operation::{Operation, OperationKind as K, TransactionKind};
use crate::source::Place;

/// Reasons why PostgreSQL refuses a script that is sent as one text, as Prisma does: all its statements are then one
/// transaction, up to a COMMIT of its own, and CONCURRENTLY cannot run in one.
pub fn postgres_transaction_refusals(operations: &[Operation]) -> Vec<(Place, String)> {
    let mut refusals = Vec::new();
    let several = are_several(operations);
    let (mut committed, mut block) = (false, false);
    for operation in operations {
        match &operation.kind {
            K::Transaction(TransactionKind::Commit) => (committed, block) = (true, false),
            K::Transaction(TransactionKind::Begin) => (committed, block) = (false, true),
            K::Transaction(TransactionKind::Rollback) => block = false,
            K::Savepoint { .. } if !block => {
                let reason = "a savepoint needs a BEGIN before it in the same file";
                refusals.push((operation.place.clone(), reason.to_owned()));
            }
            K::CreateIndex { concurrently: true, .. } | K::DropIndex { concurrently: true, .. }
                if several && !committed && !runs_outside(&operation.place) =>
            {
                let reason = "CONCURRENTLY cannot run beside other statements: a migration file is one transaction";
                refusals.push((operation.place.clone(), reason.to_owned()));
            }
            _ => {}
        }
    }
    refusals
}

/// The statements of a script that a word above them takes out of its transaction: the project has a runner of its own that
/// reads such words, and what it makes of them is not known.
pub fn postgres_statements_outside(operations: &[Operation]) -> Vec<Place> {
    let is_concurrent = |operation: &&Operation| {
        matches!(&operation.kind, K::CreateIndex { concurrently: true, .. } | K::DropIndex { concurrently: true, .. })
    };
    if !are_several(operations) {
        return Vec::new();
    }
    let places = operations.iter().filter(is_concurrent).map(|operation| &operation.place);
    places.filter(|place| runs_outside(place)).cloned().collect()
}

/// Whether operations come from more than one statement.
fn are_several(operations: &[Operation]) -> bool {
    let mut spans = operations.iter().map(|operation| operation.place.span);
    let first = spans.next();
    spans.any(|span| Some(span) != first)
}

/// Whether a comment right above a statement is one word, and says that it runs outside a transaction:
/// `-- RUN_OUTSIDE_TRANSACTION`, `-- disable-transaction`. A sentence is said to people.
fn runs_outside(place: &Place) -> bool {
    let above = place.source.text().get(..place.span.start as usize).unwrap_or_default();
    let comments = above.lines().rev().map(str::trim).take_while(|line| line.is_empty() || line.starts_with("--"));
    comments.filter_map(|line| line.strip_prefix("--")).any(|comment| {
        let word = comment.trim().to_ascii_lowercase();
        let mut parts = word.split(|c: char| !c.is_alphanumeric());
        !word.contains(char::is_whitespace)
            && word.contains("transaction")
            && parts.any(|part| matches!(part, "outside" | "without" | "no" | "disable" | "none"))
    })
}

/// A label that a script adds to an enum, and what looks like its use before the transaction ends. PostgreSQL refuses
/// that: <https://www.postgresql.org/docs/current/sql-altertype.html>, "Notes".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelUse {
    /// The statement.
    pub place: Place,
    /// The enum, as written.
    pub enumeration: ObjectName,
    /// The label.
    pub value: String,
    /// The table that the statement works on. The text is a use of the label only where it has a column of the enum;
    /// none where a cast says so.
    pub table: Option<ObjectName>,
}

/// The uses of labels that were added in the same transaction. Bodies of functions and triggers are no uses.
pub fn postgres_label_uses(operations: &[Operation]) -> Vec<LabelUse> {
    let mut uses = Vec::new();
    let mut created: Vec<&str> = Vec::new();
    let mut added: Vec<(&ObjectName, &str)> = Vec::new();
    for operation in operations {
        match &operation.kind {
            K::Transaction(TransactionKind::Commit) => added.clear(),
            K::CreateEnum { name, .. } => created.push(&name.name),
            K::AddEnumValue { name, value, .. } if !created.contains(&name.name.as_str()) => added.push((name, value)),
            K::AddEnumValue { .. } | K::Comment { .. } | K::Opaque { .. } | K::CreateView { .. } => {}
            K::Harmless(what) if *what != "a query" => {}
            _ => {
                let text = operation.place.text();
                for (name, value) in &added {
                    let literal = format!("'{}'", value.replace('\'', "''"));
                    let cast = [format!("{literal}::\"{}\"", name.name), format!("{literal}::{}", name.name)];
                    let is_cast = cast.iter().any(|cast| text.contains(cast.as_str()));
                    let table = operation.table().filter(|_| !is_cast).cloned();
                    if is_cast || (table.is_some() && text.contains(&literal)) {
                        let (enumeration, value) = ((*name).clone(), (*value).to_owned());
                        let used = LabelUse { place: operation.place.clone(), enumeration, value, table };
                        // What a statement reads and what it writes are two operations of one place.
                        if uses.last() != Some(&used) {
                            uses.push(used);
                        }
                        break;
                    }
                }
            }
        }
    }
    uses
}

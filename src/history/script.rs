//! A script that was read into operations before it runs, with the transactions and savepoints that stand in it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Run, Script};
use crate::catalog::operation::{Operation, OperationKind, TransactionKind};
use crate::catalog::{Catalog, Dialect, ObjectName};
use crate::source::Place;

/// A script that is a list of operations.
#[derive(Debug, Clone)]
pub struct Operations {
    /// The operations, in order.
    pub operations: Vec<Operation>,
    /// Reasons why the database would refuse the script whatever the catalog holds, with their places.
    pub refusals: Vec<(Place, String)>,
    /// See [`Script::fingerprint`].
    pub fingerprint: u64,
}

impl Script for Operations {
    fn run(&self, run: &mut Run<'_>) {
        let mut undone = None;
        // The state of each name that was set last: an older one of the same name is never gone back to.
        let mut savepoints: BTreeMap<&str, Catalog> = BTreeMap::new();
        let last_returns = last_returns(&self.operations);
        let rolled_back = rolled_back(&self.operations);
        let mut dropped_until = 0;
        for (at, operation) in self.operations.iter().enumerate() {
            if let OperationKind::Transaction(kind) = &operation.kind {
                match kind {
                    // MySQL commits before every statement that changes a schema.
                    TransactionKind::Begin if run.catalog.dialect == Dialect::MySql => {}
                    TransactionKind::Begin if rolled_back.contains(&at) => {
                        undone = run.copy_of(None, &operation.place);
                    }
                    TransactionKind::Rollback => {
                        if let Some(before) = undone.take() {
                            *run.catalog = before;
                        }
                    }
                    _ => {}
                }
            }
            if let OperationKind::Savepoint { name, back } = &operation.kind {
                if *back && let Some(kept) = savepoints.get(name.as_str()) {
                    if let Some(before) = run.copy_of(Some(kept), &operation.place) {
                        *run.catalog = before;
                    }
                } else if last_returns.get(name.as_str()).is_some_and(|last| *last > at)
                    && let Some(copy) = run.copy_of(None, &operation.place)
                {
                    savepoints.insert(name, copy);
                }
            }
            if at >= dropped_until {
                let together = dropped_with(&self.operations, at);
                run.catalog.drop_together(&together);
                dropped_until = at + together.len().max(1);
            }
            run.apply(operation.clone());
        }
        run.catalog.drop_together(&[]);
        for (place, reason) in &self.refusals {
            run.refuse(place.clone(), reason.clone());
        }
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

/// Where each savepoint is gone back to for the last time.
fn last_returns(operations: &[Operation]) -> BTreeMap<&str, usize> {
    let returns = operations.iter().enumerate().filter_map(|(at, operation)| match &operation.kind {
        OperationKind::Savepoint { name, back: true } => Some((name.as_str(), at)),
        _ => None,
    });
    returns.collect()
}

/// The tables or views that the first of some operations drop.
pub(crate) fn dropped(operations: &[Operation]) -> Vec<&ObjectName> {
    let names = operations.iter().map_while(|operation| match &operation.kind {
        OperationKind::DropTable { name, .. } | OperationKind::DropView { name, .. } => Some(name),
        _ => None,
    });
    names.collect()
}

/// The beginnings of transactions that end in a ROLLBACK.
fn rolled_back(operations: &[Operation]) -> BTreeSet<usize> {
    let mut begun = Vec::new();
    let mut found = BTreeSet::new();
    for (at, operation) in operations.iter().enumerate() {
        match &operation.kind {
            OperationKind::Transaction(TransactionKind::Begin) => begun.push(at),
            OperationKind::Transaction(TransactionKind::Rollback) => found.extend(begun.drain(..)),
            OperationKind::Transaction(_) => begun.clear(),
            _ => {}
        }
    }
    found
}

/// The tables or views that one `DROP TABLE a, b` drops together, from its first operation on: they may refer to each other.
fn dropped_with(operations: &[Operation], at: usize) -> Vec<&ObjectName> {
    let mut names = Vec::new();
    let mut last: Option<&Operation> = None;
    for operation in &operations[at..] {
        let (OperationKind::DropTable { name, .. } | OperationKind::DropView { name, .. }) = &operation.kind else {
            break;
        };
        if last.is_some_and(|last| !is_one_statement(last, operation)) {
            break;
        }
        names.push(name);
        last = Some(operation);
    }
    names
}

/// Whether two operations that follow each other are of one statement: no `;` stands between them.
fn is_one_statement(one: &Operation, next: &Operation) -> bool {
    if one.place.path() == next.place.path() && one.place.span == next.place.span {
        return true;
    }
    let (start, end) = (one.place.span.start.min(next.place.span.start), one.place.span.end.max(next.place.span.end));
    let between = one.place.source.text().get(start as usize..end as usize).unwrap_or(";");
    one.place.path() == next.place.path() && !between.trim_end().trim_end_matches(';').contains(';')
}

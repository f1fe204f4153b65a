//! What a statement does, as it is being read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cursor::{Cursor, Origin};
use crate::catalog::ObjectName;
use crate::catalog::condition::Condition;
use crate::catalog::operation::{Caught, Guard, Operation, OperationKind};
use crate::source::Place;

/// What a statement does, in order.
pub(super) struct Actions {
    place: Place,
    /// The statement, where the place shows another text.
    text: Option<Arc<str>>,
    operations: Vec<Operation>,
}

impl Actions {
    /// Nothing yet; what is added stands at the statement of the cursor.
    pub(super) fn of(cursor: &Cursor<'_>) -> Self {
        let text = matches!(cursor.origin, Origin::Inside(_)).then(|| cursor.whole().into());
        Self { place: cursor.place(), text, operations: Vec::new() }
    }

    /// Nothing yet, at the same place.
    pub(super) fn like(&self) -> Self {
        Self { place: self.place.clone(), text: self.text.clone(), operations: Vec::new() }
    }

    /// The statement, where the place shows another text.
    pub(super) fn text(&self) -> Option<Arc<str>> {
        self.text.clone()
    }

    /// Adds one that must succeed.
    pub(super) fn push(&mut self, kind: OperationKind) {
        self.operations.push(Operation::new(kind, self.place.clone()));
    }

    /// Adds one with a guard if it is `guarded`.
    pub(super) fn guarded(&mut self, kind: OperationKind, guarded: bool, guard: Guard) {
        let guard = if guarded { guard } else { Guard::None };
        self.operations.push(Operation::new(kind, self.place.clone()).guarded(guard));
    }

    /// Adds all of another statement.
    pub(super) fn extend(&mut self, other: Actions) {
        self.operations.extend(other.operations);
    }

    /// Adds operations that were read before.
    pub(super) fn extend_with(&mut self, operations: &[Operation]) {
        self.operations.extend_from_slice(operations);
    }

    /// Adds what is done under a condition. What changes no catalog is added without it; what depends on something that
    /// no catalog can answer is in doubt.
    pub(super) fn when(&mut self, condition: Condition, then: Actions, otherwise: Actions, why: &str) {
        match condition {
            Condition::Known(true) => self.extend(then),
            Condition::Known(false) => self.extend(otherwise),
            _ if then.operations.is_empty() && otherwise.operations.is_empty() => {}
            _ if condition.is_unknown() => {
                for mut branch in [then, otherwise] {
                    branch.doubt(why);
                    self.extend(branch);
                }
            }
            _ => self.push(OperationKind::When { condition, then: then.operations, otherwise: otherwise.operations }),
        }
    }

    /// Guards all that are not guarded yet; [`Guard::Tolerant`] is looser than any other guard.
    pub(super) fn guard_all(&mut self, guard: Guard) {
        fn all(operations: &mut [Operation], guard: Guard) {
            for operation in operations {
                if operation.guard == Guard::None || matches!(guard, Guard::Tolerant | Guard::Catches(_)) {
                    operation.guard = guard;
                }
                if let OperationKind::Attempt { body, handler, .. } = &mut operation.kind {
                    all(body, guard);
                    all(handler, guard);
                }
                if let OperationKind::When { then, otherwise, .. } = &mut operation.kind {
                    all(then, guard);
                    all(otherwise, guard);
                }
            }
        }
        all(&mut self.operations, guard);
    }

    /// Makes one block of all that was added so far, which is taken back where the handler catches a failure.
    pub(super) fn attempt(&mut self, caught: Caught, handler: Actions) {
        let body = std::mem::take(&mut self.operations);
        self.push(OperationKind::Attempt { body, caught, handler: handler.operations });
    }

    /// How many of them may change a catalog.
    pub(super) fn changing(&self) -> usize {
        self.operations.iter().filter(|operation| operation.changes_catalog()).count()
    }

    /// Changes or orders what was added so far.
    pub(super) fn arrange(&mut self, change: impl FnOnce(&mut Vec<Operation>)) {
        change(&mut self.operations);
    }

    /// Whether any of them may change a catalog.
    pub(super) fn changes(&self) -> bool {
        self.operations.iter().any(Operation::changes_catalog)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.operations.len()
    }

    /// Makes what may change a catalog opaque: it is not known whether, or how often, it is done.
    pub(super) fn doubt(&mut self, why: &str) {
        let mut operations = std::mem::take(&mut self.operations);
        // An index that is made here as well tells the table of the one that is dropped.
        let made: BTreeMap<String, ObjectName> = operations
            .iter()
            .filter_map(|operation| match &operation.kind {
                OperationKind::CreateIndex { table, index, .. } => Some((index.name.clone()?, table.clone())),
                _ => None,
            })
            .collect();
        for operation in &mut operations {
            if let OperationKind::DropIndex { name, table: table @ None, .. } = &mut operation.kind {
                *table = made.get(&name.name).cloned();
            }
        }
        self.operations = operations.into_iter().flat_map(|operation| operation.doubted(why)).collect();
        self.operations.dedup_by(|a, b| match (a.as_opaque(), b.as_opaque()) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        });
    }

    /// The operations.
    pub(super) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }
}

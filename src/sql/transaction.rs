//! What PostgreSQL refuses because a script is one transaction.

use crate::catalog::operation::{Operation, OperationKind as K, TransactionKind};
use crate::source::Place;

/// Reasons why PostgreSQL refuses a script that is sent as one text, as Prisma does: all its statements are then one
/// transaction, up to a COMMIT of its own. CONCURRENTLY cannot run in one, and a label that was added to an enum cannot be
/// used in it: <https://www.postgresql.org/docs/current/sql-altertype.html>, "Notes".
pub fn postgres_transaction_refusals(operations: &[Operation]) -> Vec<(Place, String)> {
    let mut refusals = Vec::new();
    let several =
        operations.iter().map(|operation| operation.place.span).collect::<std::collections::BTreeSet<_>>().len() > 1;
    let mut committed = false;
    let mut created: Vec<&str> = Vec::new();
    let mut added: Vec<(&str, &str)> = Vec::new();
    for operation in operations {
        match &operation.kind {
            K::Transaction(TransactionKind::Commit) => {
                committed = true;
                added.clear();
            }
            K::Transaction(TransactionKind::Begin) => committed = false,
            K::CreateIndex { concurrently: true, .. } | K::DropIndex { concurrently: true, .. }
                if several && !committed =>
            {
                let reason = "CONCURRENTLY cannot run beside other statements: a migration file is one transaction";
                refusals.push((operation.place.clone(), reason.to_owned()));
            }
            K::CreateEnum { name, .. } => created.push(&name.name),
            K::AddEnumValue { name, value, .. } if !created.contains(&name.name.as_str()) => {
                added.push((&name.name, value))
            }
            K::AddEnumValue { .. } => {}
            _ => {
                let text = operation.place.text();
                if let Some((name, value)) =
                    added.iter().find(|(_, value)| text.contains(&format!("'{}'", value.replace('\'', "''"))))
                {
                    let reason =
                        format!("the value {value} of the enum {name} cannot be used in the transaction that adds it");
                    refusals.push((operation.place.clone(), reason));
                }
            }
        }
    }
    refusals
}

//! Naming conventions that are assigned: `SQLModel.metadata.naming_convention = {…}`.

use std::cell::RefCell;

use super::registry::{Meta, MetaKey, metadata};
use crate::alembic::items::Convention;
use crate::alembic::python::{Args, Interpreter, SymbolKind, Value};

/// What was assigned, in order.
#[derive(Default)]
pub(crate) struct Conventions(RefCell<Vec<Assigned>>);

struct Assigned {
    to: MetaKey,
    value: Value,
    /// How many classes and how many tables there were.
    since: (usize, usize),
}

impl Conventions {
    /// Hears an assignment, at a time when there were so many tables.
    pub(crate) fn hear(
        &self,
        interpreter: &Interpreter<'_>,
        tables: usize,
        (base, name, value): (&Value, &str, &Value),
    ) {
        if name == "naming_convention"
            && let Some(meta) = metadata(base)
        {
            let since = (interpreter.classes().len(), tables);
            self.0.borrow_mut().push(Assigned { to: meta.key, value: value.clone(), since });
        }
    }

    /// The naming convention of a metadata, or of the first of several that has one, by the end.
    pub(crate) fn of(&self, target: &Value) -> Option<Convention> {
        match target {
            Value::List(_) | Value::Tuple(_) => target.items()?.iter().find_map(|one| self.of(one)),
            other => {
                let meta = metadata(other)?;
                let assigned = self.0.borrow().iter().rfind(|one| one.to == meta.key).map(|one| one.value.clone());
                Convention::of(&assigned.or_else(|| meta.naming_convention())?)
            }
        }
    }

    /// Gives a metadata that a base makes by itself the convention which it had when a class was made (the first number) or a
    /// table (the second): SQLAlchemy names constraints as they are attached (`sqlalchemy/sql/naming.py`, `_constraint_name`).
    pub(super) fn settle(&self, meta: Option<&mut Meta>, class: Option<usize>, table: Option<usize>) {
        let Some(meta) = meta.filter(|meta| meta.made_by.is_none()) else { return };
        let was_there =
            |one: &&Assigned| class.is_some_and(|at| one.since.0 <= at) || table.is_some_and(|at| one.since.1 <= at);
        if let Some(one) = self.0.borrow().iter().filter(was_there).rfind(|one| one.to == meta.key) {
            let args = Args { keyword: vec![("naming_convention".into(), one.value.clone())], ..Args::default() };
            let kind = SymbolKind::Call { callee: Value::external("sqlalchemy.MetaData"), args };
            meta.made_by = Some(Value::symbol(kind, None));
        }
    }
}

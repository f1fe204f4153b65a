//! Relationships between models that no foreign key carries: none links the two tables.
//!
//! `sqlalchemy.orm.relationships.JoinCondition` raises when mappers are configured, which the first query does and the metadata
//! never asks for. Only relationships that leave the condition to the foreign keys are looked at, between tables that are fully known.

use std::rc::Rc;

use super::annotations::{Annotated, mapped, subscript};
use super::registry::{address, class_of};
use super::resolve::References;
use super::table::TableSpec;
use crate::alembic::python::{Class, Interpreter, Value};
use crate::source::Place;

/// Keywords that say by themselves how the tables are joined.
const JOINS: [&str; 9] = [
    "primaryjoin",
    "secondaryjoin",
    "secondary",
    "foreign_keys",
    "remote_side",
    "viewonly",
    "link_model",
    "sa_relationship",
    "sa_relationship_kwargs",
];

/// Relationships with which the first query fails, with their places.
pub(super) fn unlinked(
    interpreter: &mut Interpreter<'_>,
    classes: &[(Rc<Class>, usize)],
    tables: &[TableSpec],
    references: &References,
) -> Vec<(String, Place)> {
    let mut found = Vec::new();
    for (class, _) in classes {
        let attributes = class.attributes.borrow().clone();
        for attribute in &attributes {
            let Some(("sqlalchemy.orm.relationship" | "sqlmodel.Relationship", args)) =
                attribute.value.as_ref().and_then(Value::call_of)
            else {
                continue;
            };
            if args.more.is_some() || JOINS.iter().any(|key| args.keyword(key).is_some()) || args.positional.len() > 1 {
                continue;
            }
            let argument = args.get(0, "argument").cloned().or_else(|| {
                let annotation = attribute.annotation.as_ref()?;
                Some(interpreter.annotation(class, annotation))
            });
            let Some(target) = argument.and_then(|argument| target(classes, &argument, 0)) else { continue };
            let (own, other) = (lineage(classes, class), lineage(classes, &target));
            let linked = own.iter().any(|a| {
                other.iter().any(|b| {
                    links(tables, references, *a, *b) != Some(false) || links(tables, references, *b, *a) != Some(false)
                })
            });
            if !linked && !own.is_empty() && !other.is_empty() {
                found.push((
                    format!(
                        "no foreign key links the tables of the relationship {}.{}, so the first query fails",
                        class.name, attribute.name
                    ),
                    attribute.place.clone(),
                ));
            }
        }
    }
    found
}

/// Classes with a table of their own that no foreign key links to that of the class they inherit from
/// (`Mapper._configure_inheritance`).
pub(super) fn unjoined(
    classes: &[(Rc<Class>, usize)],
    tables: &[TableSpec],
    references: &References,
) -> Vec<(String, Place)> {
    let mut found = Vec::new();
    for (class, own) in classes {
        let concrete = class.external_bases().iter().any(|base| {
            base.path().is_some_and(|path| path.ends_with("ConcreteBase") || path.ends_with("DeferredReflection"))
        });
        let stated = class.mro().iter().any(|ancestor| {
            ancestor.own("__mapper_args__").and_then(|attribute| attribute.value).is_some_and(|value| match &value {
                Value::Dict(entries) => {
                    let entries = entries.borrow();
                    entries.more.is_some()
                        || ["concrete", "inherit_condition", "inherits"]
                            .iter()
                            .any(|key| entries.get_str(key).is_some())
                }
                _ => true,
            })
        });
        if concrete || stated {
            continue;
        }
        let parent = class.mro().iter().skip(1).find_map(|ancestor| {
            classes.iter().find(|(known, _)| address(known) == address(ancestor)).map(|(_, table)| *table)
        });
        let Some(parent) = parent.filter(|parent| parent != own) else { continue };
        if links(tables, references, *own, parent) == Some(false)
            && links(tables, references, parent, *own) == Some(false)
        {
            let name = tables.get(parent).map_or("", |table| table.name.as_str());
            found.push((
                format!("no foreign key links the table of {} to {name}, which it inherits from", class.name),
                class.place.clone(),
            ));
        }
    }
    found
}

/// The class that a relationship is with: a name that one class has, the class itself, or what an annotation holds.
fn target(classes: &[(Rc<Class>, usize)], argument: &Value, depth: usize) -> Option<Rc<Class>> {
    if depth > 10 {
        return None;
    }
    if let Some(name) = argument.as_str() {
        let name = name.rsplit('.').next().unwrap_or(&name).trim().to_owned();
        let mut named = classes.iter().filter(|(class, _)| *class.name == *name);
        let first = named.next()?;
        return named.next().is_none().then(|| Rc::clone(&first.0));
    }
    if let Some(class) = class_of(argument) {
        return classes.iter().any(|(known, _)| Rc::ptr_eq(known, &class)).then_some(class);
    }
    if let Some(inner) = mapped(argument) {
        return target(classes, &inner, depth + 1);
    }
    if let Some((base, items)) = subscript(argument) {
        let collects = matches!(
            base.as_str(),
            "builtins.list"
                | "builtins.set"
                | "typing.List"
                | "typing.Set"
                | "collections.abc.Sequence"
                | "sqlalchemy.orm.WriteOnlyMapped"
                | "sqlalchemy.orm.DynamicMapped"
        );
        if collects {
            return target(classes, items.first()?, depth + 1);
        }
    }
    let annotated = Annotated::of(argument);
    let inner = annotated.ty.as_ref().filter(|inner| !inner.same(argument))?;
    target(classes, inner, depth + 1)
}

/// The tables of a class and of the mapped classes it inherits from.
fn lineage(classes: &[(Rc<Class>, usize)], class: &Rc<Class>) -> Vec<usize> {
    class
        .mro()
        .iter()
        .filter_map(|ancestor| {
            classes.iter().find(|(known, _)| address(known) == address(ancestor)).map(|(_, table)| *table)
        })
        .collect()
}

/// Whether a foreign key of one table refers to the other; none where that is not known.
fn links(tables: &[TableSpec], references: &References, from: usize, to: usize) -> Option<bool> {
    let table = tables.get(from)?;
    if table.doubt.is_some() || !table.column_doubts.is_empty() {
        return None;
    }
    let targets = references.foreign_tables(tables, table)?;
    Some(targets.contains(&to))
}

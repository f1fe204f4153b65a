//! Classes whose table is named by a base of another package: that they are models is seen by their columns, and what their
//! tables are called is that base's affair.

use std::rc::Rc;

use super::catalog::whole;
use super::columns;
use super::mapping::{HARMLESS, snake_case};
use super::registry::{is_made_elsewhere, remade_elsewhere, root};
use crate::alembic::python::{Class, SymbolKind, Value};
use crate::catalog::{ObjectName, Opaque, Reach};

/// A base whose class is not the repository's.
const MADE: &str = "a base that another package makes";

/// What is not known of the table of a class that has a primary key, a base of another package, and no table that is known:
/// one doubt for each name that such bases make of that of the class, or for the one that it says itself.
pub(super) fn tables(class: &Rc<Class>) -> Vec<Opaque> {
    let lineage = class.mro();
    // The key may be that of a mixin, or of the class that is the base of all.
    if !lineage.iter().any(|ancestor| has_key(ancestor)) || root(class).is_some() {
        return Vec::new();
    }
    let of_base = lineage.iter().flat_map(|ancestor| &ancestor.bases).find_map(named);
    // What a decorator makes a base of has no table itself.
    let remade = || lineage.iter().skip(1).any(|ancestor| remade_elsewhere(ancestor).is_some());
    let Some(base) = of_base.or_else(|| remade().then(|| MADE.to_owned())) else { return Vec::new() };
    let reason = format!("the table of the class {}, which {base} names", class.name);
    match class.lookup("__tablename__").as_ref().and_then(Value::as_str) {
        Some(name) => {
            vec![Opaque { place: whole(&class.place), reason, reach: Reach::Table(ObjectName::bare(&*name)) }]
        }
        None => doubts(class, &reason),
    }
}

/// Whether a column in the body of a class is a primary key.
fn has_key(class: &Class) -> bool {
    class.attributes.borrow().iter().any(|attribute| {
        let call = attribute.value.as_ref().and_then(Value::call_of);
        call.is_some_and(|(path, args)| {
            matches!(path, columns::COLUMN | columns::MAPPED_COLUMN)
                && args.keyword("primary_key").and_then(Value::as_bool) == Some(true)
        })
    })
}

/// One doubt for each name that a base may make of that of a class.
pub(super) fn doubts(class: &Class, reason: &str) -> Vec<Opaque> {
    let snake = snake_case(&class.name);
    // `users_groups` for `UserGroup`.
    let plural = snake.replace('_', "s_");
    let mut names = vec![snake, plural, class.name.to_lowercase(), class.name.to_string()];
    names.extend(names.clone().iter().map(|name| format!("{name}s")));
    names.sort();
    names.dedup();
    let doubt = |name: String| Opaque {
        place: whole(&class.place),
        reason: reason.to_owned(),
        reach: Reach::Table(ObjectName::bare(&name)),
    };
    names.into_iter().map(doubt).collect()
}

/// A base that may name tables, in words.
fn named(base: &Value) -> Option<String> {
    if is_made_elsewhere(base) {
        return Some(MADE.to_owned());
    }
    let Value::Symbol(symbol) = base else { return None };
    let SymbolKind::External(path) = &symbol.kind else { return None };
    let package = path.split('.').next().unwrap_or(path);
    let is_base = path.ends_with("Base") || path.ends_with("Model");
    (is_base && !HARMLESS.contains(&package)).then(|| format!("`{path}` of another package"))
}

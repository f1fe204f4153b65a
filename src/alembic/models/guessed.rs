//! Classes whose table is named by a base of another package: that they are models is seen by their columns, and what their
//! tables are called is that base's affair.

use std::rc::Rc;

use super::catalog::whole;
use super::columns;
use super::mapping::{HARMLESS, snake_case};
use super::registry::{is_made_elsewhere, root};
use crate::alembic::python::{Class, SymbolKind, Value};
use crate::catalog::{ObjectName, Opaque, Reach};

/// What is not known of the table of a class that has a primary key, a base of another package, and no name for its table:
/// one doubt for each name that such bases make of that of the class.
pub(super) fn tables(class: &Rc<Class>) -> Vec<Opaque> {
    let has_key = || {
        let attributes = class.attributes.borrow();
        attributes.iter().any(|attribute| {
            let call = attribute.value.as_ref().and_then(Value::call_of);
            call.is_some_and(|(path, args)| {
                matches!(path, columns::COLUMN | columns::MAPPED_COLUMN)
                    && args.keyword("primary_key").and_then(Value::as_bool) == Some(true)
            })
        })
    };
    if !has_key() || root(class).is_some() {
        return Vec::new();
    }
    let lineage = class.mro();
    let Some(base) = lineage.iter().flat_map(|ancestor| &ancestor.bases).find_map(named) else { return Vec::new() };
    let reason = format!("the table of the class {}, which {base} names", class.name);
    doubts(class, &reason)
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
        return Some("a base that another package makes".to_owned());
    }
    let Value::Symbol(symbol) = base else { return None };
    let SymbolKind::External(path) = &symbol.kind else { return None };
    let package = path.split('.').next().unwrap_or(path);
    let is_base = path.ends_with("Base") || path.ends_with("Model");
    (is_base && !HARMLESS.contains(&package)).then(|| format!("`{path}` of another package"))
}

//! `sa.DDL`, a statement with gaps.

use crate::alembic::python::{Args, Value};

/// The text of `DDL(statement, context={…})`: what stands in it as `%(name)s` is the context's (`DDLCompiler.visit_ddl`). None
/// where one of those is not known; a `%` that is none of them stays as it is.
pub(super) fn text(args: &Args) -> Option<String> {
    let statement = args.get(0, "statement").and_then(Value::as_str)?;
    let context = args.keyword("context").or_else(|| args.positional.iter().skip(1).find(|arg| !arg.is_none()));
    let mut text = String::with_capacity(statement.len());
    let mut rest = &*statement;
    while let Some((before, behind)) = rest.split_once('%') {
        text.push_str(before);
        rest = behind;
        if let Some(behind) = behind.strip_prefix('%') {
            text.push('%');
            rest = behind;
        } else if let Some((name, behind)) = behind.strip_prefix('(').and_then(|name| name.split_once(")s")) {
            let Some(Value::Dict(entries)) = context else { return None };
            let value = entries.borrow().get_str(name).cloned()?;
            text.push_str(
                &value.as_str().map(|text| text.to_string()).or_else(|| value.as_int().map(|n| n.to_string()))?,
            );
            rest = behind;
        } else {
            text.push('%');
        }
    }
    text.push_str(rest);
    Some(text)
}

//! Queries that are built of the ORM's objects.

use crate::alembic::python::{SymbolKind, Value};

/// Whether a statement is a query of the ORM's, `Query(…)` or `Model.query` with nothing but methods that go on building
/// it: it reads rows, and makes nothing.
pub(super) fn is_orm_query(statement: &Value) -> bool {
    const BUILDS: &[&str] = &[
        "add_columns",
        "correlate",
        "distinct",
        "enable_eagerloads",
        "except_",
        "except_all",
        "execution_options",
        "filter",
        "filter_by",
        "group_by",
        "having",
        "intersect",
        "intersect_all",
        "join",
        "limit",
        "offset",
        "options",
        "order_by",
        "outerjoin",
        "params",
        "populate_existing",
        "select_from",
        "slice",
        "union",
        "union_all",
        "where",
        "with_entities",
        "with_for_update",
        "yield_per",
    ];
    let is_query = |value: &Value| match value {
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Attribute { name, .. } => &**name == "query",
            _ => false,
        },
        _ => false,
    };
    let mut current = statement.clone();
    for _ in 0..50 {
        if let Some((path, _)) = current.call_of() {
            // A model of another package goes by its path.
            let of_model =
                path.rsplit_once('.').is_some_and(|(base, name)| base.ends_with(".query") && BUILDS.contains(&name));
            if of_model || path == "sqlalchemy.orm.Query" {
                return true;
            }
        }
        let Some((base, name, _)) = current.method_call() else { return false };
        if !BUILDS.contains(&name) {
            return false;
        }
        if is_query(base) {
            return true;
        }
        let base = base.clone();
        current = base;
    }
    false
}

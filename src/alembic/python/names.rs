//! One spelling for every name of a library, whichever module it is imported from.

/// Modules of SQLAlchemy whose names are also names of another, shorter module: longest prefix first.
const REEXPORTS: &[(&str, &str)] = &[
    ("sqlalchemy.sql.functions.", "sqlalchemy.func."),
    ("sqlalchemy.sql.expression.", "sqlalchemy."),
    ("sqlalchemy.sql.selectable.", "sqlalchemy."),
    ("sqlalchemy.sql.elements.", "sqlalchemy."),
    ("sqlalchemy.sql.sqltypes.", "sqlalchemy."),
    ("sqlalchemy.sql.type_api.", "sqlalchemy."),
    ("sqlalchemy.sql.operators.", "sqlalchemy."),
    ("sqlalchemy.sql.naming.", "sqlalchemy."),
    ("sqlalchemy.sql.schema.", "sqlalchemy."),
    ("sqlalchemy.sql.base.", "sqlalchemy."),
    ("sqlalchemy.sql.ddl.", "sqlalchemy."),
    ("sqlalchemy.sql.dml.", "sqlalchemy."),
    ("sqlalchemy.sql.func.", "sqlalchemy.func."),
    ("sqlalchemy.sql.", "sqlalchemy."),
    ("sqlalchemy.schema.", "sqlalchemy."),
    ("sqlalchemy.types.", "sqlalchemy."),
    ("sqlalchemy.engine.reflection.", "sqlalchemy.engine."),
    ("sqlalchemy.ext.declarative.api.", "sqlalchemy.orm."),
    ("sqlalchemy.ext.declarative.base.", "sqlalchemy.orm."),
    ("sqlalchemy.ext.declarative.extensions.", "sqlalchemy.orm."),
    ("sqlalchemy.ext.declarative.", "sqlalchemy.orm."),
    ("sqlalchemy.orm.decl_api.", "sqlalchemy.orm."),
    ("sqlalchemy.orm.properties.", "sqlalchemy.orm."),
    ("sqlalchemy.orm.relationships.", "sqlalchemy.orm."),
    ("sqlalchemy.orm.session.", "sqlalchemy.orm."),
    ("sqlalchemy.orm.base.", "sqlalchemy.orm."),
    ("sqlmodel.main.", "sqlmodel."),
    ("sqlmodel.sql.sqltypes.", "sqlmodel."),
    ("sqlmodel.sql.expression.", "sqlmodel."),
    ("flask_sqlalchemy.extension.", "flask_sqlalchemy."),
    ("flask_sqlalchemy.model.", "flask_sqlalchemy."),
    ("flask.ext.sqlalchemy.", "flask_sqlalchemy."),
    ("geoalchemy2.types.", "geoalchemy2."),
    ("alembic.operations.base.", "alembic.operations."),
    ("typing_extensions.", "typing."),
    ("backports.strenum.", "enum."),
    ("sqlalchemy_utils.types.", "sqlalchemy_utils."),
];

/// Names of SQLModel that are its own; every other one it hands on from SQLAlchemy.
const SQLMODEL: &[&str] = &[
    "SQLModel",
    "Field",
    "Relationship",
    "AutoString",
    "GUID",
    "UTCDateTime",
    "Session",
    "select",
    "create_engine",
    "main",
    "sql",
    "ext",
    "pool",
    "default",
    "col",
    "all_",
    "_compat",
];

/// The canonical path of a dotted name: `sqlalchemy.types.String` is `sqlalchemy.String`.
///
/// SQLAlchemy: the `__init__` modules of `sqlalchemy`, `sqlalchemy.sql`, `sqlalchemy.orm` and of each dialect list what
/// they hand on; SQLModel: `sqlmodel/__init__.py`.
pub(crate) fn canonical(path: &str) -> String {
    for (prefix, short) in REEXPORTS {
        if let Some(rest) = path.strip_prefix(prefix)
            && !rest.is_empty()
        {
            // A module below is not a name: `sqlalchemy.sql.expression` stays what it is until a name follows.
            let is_module = *prefix == "sqlalchemy.sql."
                && matches!(
                    rest.split('.').next(),
                    Some(
                        "expression"
                            | "elements"
                            | "sqltypes"
                            | "schema"
                            | "functions"
                            | "selectable"
                            | "ddl"
                            | "dml"
                            | "naming"
                            | "base"
                            | "operators"
                            | "type_api"
                    )
                );
            if is_module {
                return path.to_owned();
            }
            return canonical(&format!("{short}{rest}"));
        }
    }
    if let Some(rest) = path.strip_prefix("sqlalchemy.dialects.") {
        // `postgresql.base.UUID`, `postgresql.json.JSONB`, `mysql.types.TINYINT`: the dialect hands them on.
        let parts: Vec<&str> = rest.split('.').collect();
        if let [dialect, module, name] = parts[..]
            && module.starts_with(|c: char| c.is_ascii_lowercase())
            && name.starts_with(|c: char| c.is_ascii_uppercase())
        {
            return format!("sqlalchemy.dialects.{dialect}.{name}");
        }
    }
    if let Some(rest) = path.strip_prefix("sqlalchemy_utils.") {
        let last = rest.rsplit('.').next().unwrap_or(rest);
        if rest.contains('.') && last.starts_with(|c: char| c.is_ascii_uppercase()) {
            return format!("sqlalchemy_utils.{last}");
        }
    }
    if let Some(name) = path.strip_prefix("sqlmodel.") {
        let head = name.split('.').next().unwrap_or(name);
        if !SQLMODEL.contains(&head) {
            return format!("sqlalchemy.{name}");
        }
    }
    path.to_owned()
}

/// What `db.<name>` is for Flask-SQLAlchemy's `db = SQLAlchemy()`: names of `sqlalchemy` and `sqlalchemy.orm`, but for
/// those the extension makes itself (`flask_sqlalchemy/extension.py`, `__getattr__`).
pub(crate) fn of_flask_sqlalchemy(name: &str) -> Option<String> {
    if matches!(
        name,
        "Model"
            | "Table"
            | "metadata"
            | "metadatas"
            | "session"
            | "engine"
            | "engines"
            | "Query"
            | "init_app"
            | "create_all"
            | "drop_all"
            | "reflect"
            | "get_or_404"
            | "first_or_404"
            | "one_or_404"
            | "paginate"
            | "get_engine"
            | "get_app"
            | "app"
            | "get_tables_for_bind"
            | "get_binds"
            | "make_declarative_base"
            | "create_session"
            | "create_scoped_session"
            | "apply_driver_hacks"
            | "event"
    ) || name.starts_with('_')
    {
        return None;
    }
    let orm = matches!(
        name,
        "relationship"
            | "backref"
            | "relation"
            | "dynamic_loader"
            | "deferred"
            | "column_property"
            | "mapped_column"
            | "synonym"
            | "validates"
            | "aliased"
            | "joinedload"
            | "subqueryload"
            | "selectinload"
            | "contains_eager"
            | "Mapped"
            | "declared_attr"
            | "composite"
            | "query_expression"
            | "object_session"
            | "mapper"
            | "undefer"
            | "load_only"
            | "lazyload"
            | "noload"
            | "raiseload"
            | "configure_mappers"
            | "registry"
            | "declarative_mixin"
            | "DeclarativeBase"
            | "declarative_base"
            | "MappedAsDataclass"
            | "foreign"
            | "remote"
            | "defer"
            | "with_polymorphic"
            | "Session"
            | "sessionmaker"
            | "scoped_session"
            | "make_transient"
    );
    Some(if orm { format!("sqlalchemy.orm.{name}") } else { canonical(&format!("sqlalchemy.{name}")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_path() {
        let table = [
            ("sqlalchemy.types.String", "sqlalchemy.String"),
            ("sqlalchemy.sql.sqltypes.String", "sqlalchemy.String"),
            ("sqlalchemy.sql.expression.text", "sqlalchemy.text"),
            ("sqlalchemy.sql.expression.func.now", "sqlalchemy.func.now"),
            ("sqlalchemy.sql.func.now", "sqlalchemy.func.now"),
            ("sqlalchemy.sql.expression", "sqlalchemy.sql.expression"),
            ("sqlalchemy.ext.declarative.declarative_base", "sqlalchemy.orm.declarative_base"),
            ("sqlalchemy.dialects.postgresql.base.UUID", "sqlalchemy.dialects.postgresql.UUID"),
            ("sqlalchemy.dialects.postgresql.UUID", "sqlalchemy.dialects.postgresql.UUID"),
            ("sqlmodel.Column", "sqlalchemy.Column"),
            ("sqlmodel.Field", "sqlmodel.Field"),
            ("sqlmodel.sql.sqltypes.AutoString", "sqlmodel.AutoString"),
            ("sqlalchemy_utils.types.uuid.UUIDType", "sqlalchemy_utils.UUIDType"),
            ("sqlalchemy.types", "sqlalchemy.types"),
        ];
        for (written, wanted) in table {
            assert_eq!(canonical(written), wanted, "{written}");
        }
    }
}

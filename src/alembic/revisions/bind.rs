//! What a revision asks the connection, its dialect and its inspector.

use crate::alembic::python::{Args, CallSite, Eval, Interpreter, SymbolKind, Value};
use crate::catalog::types::TypeKind;
use crate::catalog::{Catalog, Column, ColumnDefault, ColumnType, Dialect, Index, Object, ObjectName, Table};
use crate::history::foundation::is_foundation;
use crate::source::Place;

use super::answers::{answer_value, rows_value};
use super::host::{Database, external};
use crate::catalog::apply::ApplyError;

impl Database<'_, '_> {
    /// An attribute of one of the context's objects.
    pub(super) fn context_attribute(
        &self,
        interpreter: &mut Interpreter<'_>,
        path: &str,
        name: &str,
        place: &Place,
    ) -> Option<Value> {
        let _ = interpreter;
        Some(match (path, name) {
            ("alembic.migration_context", "bind" | "connection")
            | ("alembic.bind", "engine" | "connection" | "bind")
            | ("alembic.inspector", "bind" | "engine")
            | ("alembic.session", "bind" | "connection") => external("alembic.bind"),
            (
                "alembic.migration_context" | "alembic.bind" | "alembic.inspector" | "alembic.op.impl" | "alembic.op",
                "dialect",
            ) => external("alembic.dialect"),
            ("alembic.op", "impl") | ("alembic.migration_context", "impl") => external("alembic.op.impl"),
            ("alembic.op", "context" | "migration_context") => external("alembic.migration_context"),
            ("alembic.op", "_proxy") => external("alembic.op"),
            ("alembic.migration_context", "version_table") => Value::str(&self.settings.version_table),
            ("alembic.migration_context", "version_table_schema") if self.settings.version_table_computed => {
                Value::unknown("the schema of Alembic's own table, which env.py computes", place.clone())
            }
            ("alembic.migration_context", "version_table_schema") => {
                name_or_none(self.settings.version_table_schema.as_ref())
            }
            ("alembic.dialect", feature) if supports(self.settings.dialect, feature).is_some() => {
                Value::Bool(supports(self.settings.dialect, feature)?)
            }
            ("alembic.op.impl", "connection" | "bind") => external("alembic.bind"),
            // An engine goes by the name of its dialect.
            ("alembic.dialect" | "alembic.bind", "name") => Value::str(match self.settings.dialect {
                Dialect::SqlServer => "mssql",
                other => other.as_str(),
            }),
            ("alembic.migration_context", "opts" | "environment_context" | "config") => {
                Value::unknown("the settings that env.py gives Alembic", place.clone())
            }
            ("alembic.context", "config") => Value::unknown("the settings of Alembic's command", place.clone()),
            // `upgrade` runs against a database: the SQL is not written out (`--sql`).
            ("alembic.migration_context", "as_sql") => Value::Bool(false),
            ("alembic.bind", "url") => external("alembic.url"),
            ("alembic.dialect", "server_version_info" | "driver" | "identifier_preparer" | "default_schema_name")
            | ("alembic.url", "host" | "port" | "database" | "username" | "password" | "query") => {
                Value::unknown("what the database says of itself", place.clone())
            }
            ("alembic.inspector", "default_schema_name") => Value::str(self.settings.dialect.default_schema()),
            _ => return None,
        })
    }

    /// A method of one of the context's objects.
    pub(super) fn context_call(
        &self,
        interpreter: &mut Interpreter<'_>,
        path: &str,
        site: &CallSite<'_>,
    ) -> Option<Eval<Value>> {
        let (object, name) = path.rsplit_once('.')?;
        let place = site.place;
        let first = site.args.positional.first();
        Some(match (object, name) {
            ("alembic.bind" | "alembic.session", "execute" | "exec_driver_sql" | "scalar" | "scalars" | "exec") => {
                let answer = match self.execute(interpreter, site.args, place) {
                    Ok(answer) => answer_value(answer, place),
                    Err(stop) => return Some(Err(stop)),
                };
                if name == "scalar" && answer.call_of().is_some() {
                    let method = match interpreter.attribute(&answer, "scalar", place) {
                        Ok(method) => method,
                        Err(stop) => return Some(Err(stop)),
                    };
                    return Some(interpreter.call(&method, Args::default(), place));
                }
                Ok(answer)
            }
            ("alembic.bind", "connect" | "execution_options" | "get_bind" | "engine") => Ok(external("alembic.bind")),
            ("alembic.session", "get_bind" | "connection" | "bind") => Ok(external("alembic.bind")),
            (
                "alembic.bind" | "alembic.session" | "alembic.migration_context",
                "begin" | "begin_nested" | "begin_transaction",
            ) => Ok(external("alembic.transaction")),
            // `connection.run_sync(f)`.
            ("alembic.bind", "run_sync" | "run_callable") => {
                let mut args = site.args.clone();
                if args.positional.is_empty() {
                    return None;
                }
                let function = std::mem::replace(&mut args.positional[0], external("alembic.bind"));
                return Some(interpreter.call(&function, args, place));
            }
            ("alembic.migration_context", "autocommit_block") => Ok(external("alembic.transaction")),
            ("alembic.migration_context", "execute") => {
                self.execute(interpreter, site.args, place).map(|_| Value::None)
            }
            (
                "alembic.bind" | "alembic.session" | "alembic.transaction",
                "commit"
                | "rollback"
                | "close"
                | "flush"
                | "add"
                | "add_all"
                | "delete"
                | "merge"
                | "refresh"
                | "expunge_all"
                | "bulk_save_objects"
                | "bulk_insert_mappings"
                | "bulk_update_mappings"
                | "expire_all"
                | "invalidate"
                | "detach",
            ) => Ok(Value::None),
            ("alembic.bind" | "alembic.session", "query" | "get") => Ok(rows_value(place)),
            ("alembic.bind" | "alembic.dialect", "has_table") => {
                let at = usize::from(object == "alembic.dialect" || first.and_then(Value::path).is_some());
                Ok(self.has_table(&shifted(site.args, at), place))
            }
            ("alembic.dialect", "has_index" | "has_sequence" | "get_columns" | "get_indexes") => {
                self.inspect(name, &shifted(site.args, 1), place)
            }
            ("alembic.inspector", _) => self.inspect(name, site.args, place),
            _ => return None,
        })
    }

    fn has_table(&self, args: &Args, place: &Place) -> Value {
        let Some(name) = args.get(0, "table_name").and_then(Value::as_str) else {
            return unknown_question(args, place);
        };
        let name = ObjectName { schema: schema_of(args), name: name.to_string() };
        if name.name == self.settings.version_table {
            return Value::Bool(true);
        }
        self.with_catalog(|catalog| match doubt_about_table(catalog, &name) {
            Some(reason) => Value::unknown(reason, place.clone()),
            None => Value::Bool(catalog.table(&name).is_some() || catalog.resolve(&catalog.views, &name).is_some()),
        })
    }

    /// A method of the inspector.
    fn inspect(&self, name: &str, args: &Args, place: &Place) -> Eval<Value> {
        let schema = schema_of(args);
        match name {
            "has_table" => return Ok(self.has_table(args, place)),
            "get_table_names" | "get_sorted_table_and_fkc_names" | "get_view_names" | "get_sequence_names" => {
                let schema = args.get(0, "schema").and_then(Value::as_str).map(|text| text.to_string());
                return Ok(self.with_catalog(|catalog| {
                    let home = match &schema {
                        Some(schema) if catalog.dialect.has_schemas() => schema.clone(),
                        _ => catalog.dialect.default_schema().to_owned(),
                    };
                    let everything =
                        catalog.doubts.iter().any(|doubt| doubt.reach == crate::catalog::Reach::Everything);
                    let mut names: Vec<Value> = match name {
                        "get_view_names" => catalog
                            .views
                            .keys()
                            .filter(|own| own.schema == home)
                            .map(|own| Value::str(&own.name))
                            .collect(),
                        "get_sequence_names" => catalog
                            .sequences
                            .keys()
                            .filter(|own| own.schema == home)
                            .map(|own| Value::str(&own.name))
                            .collect(),
                        _ => {
                            let own = catalog.tables.keys().filter(|own| own.schema == home);
                            let mut names: Vec<Value> = own.map(|own| Value::str(&own.name)).collect();
                            names.push(Value::str(&self.settings.version_table));
                            names
                        }
                    };
                    // Tables that may be there, or not be there any more.
                    if everything {
                        names.push(Value::unknown("tables that an earlier statement may have made", place.clone()));
                    }
                    Value::list(names)
                }));
            }
            "get_schema_names" => {
                return Ok(self.with_catalog(|catalog| {
                    let mut names: Vec<Value> = catalog.schemas.iter().map(Value::str).collect();
                    if catalog.dialect.is_postgres_like() {
                        names.push(Value::str("information_schema"));
                    }
                    Value::list(names)
                }));
            }
            "has_schema" => {
                let name = args.get(0, "schema_name").and_then(Value::as_str);
                return Ok(match name {
                    Some(name) => Value::Bool(self.with_catalog(|catalog| catalog.schemas.contains(&*name))),
                    None => unknown_question(args, place),
                });
            }
            "has_sequence" => {
                let Some(name) = args.get(0, "sequence_name").and_then(Value::as_str) else {
                    return Ok(unknown_question(args, place));
                };
                let name = ObjectName { schema, name: name.to_string() };
                return Ok(Value::Bool(
                    self.with_catalog(|catalog| catalog.resolve(&catalog.sequences, &name).is_some()),
                ));
            }
            "get_enums" => {
                return Ok(self.with_catalog(|catalog| {
                    let enums = catalog
                        .enums
                        .values()
                        .map(|one| {
                            entries([
                                ("name", Value::str(&one.name.name)),
                                ("schema", Value::str(&one.name.schema)),
                                ("visible", Value::Bool(true)),
                                ("labels", Value::list(one.labels.iter().map(Value::str).collect())),
                            ])
                        })
                        .collect();
                    Value::list(enums)
                }));
            }
            "clear_cache" | "reflect_table" | "info_cache" => return Ok(Value::None),
            _ => {}
        }
        let Some(table) = args.get(0, "table_name").and_then(Value::as_str) else {
            return Ok(unknown_question(args, place));
        };
        let schema = schema.or_else(|| {
            args.positional.get(1).and_then(Value::as_str).map(|text| text.to_string()).filter(|_| name != "has_index")
        });
        if *table == *self.settings.version_table {
            return Ok(own_table(name, args, place));
        }
        let table = ObjectName { schema, name: table.to_string() };
        let found = self.with_catalog(|catalog| {
            if let Some(reason) = doubt_about_table(catalog, &table) {
                return Some(Value::unknown(reason, place.clone()));
            }
            let Some(found) = catalog.table(&table) else {
                let founded = catalog.doubts.iter().find(|doubt| is_foundation(doubt))?;
                let reason = format!("what the database holds after {}", founded.reason);
                return Some(Value::unknown(reason, place.clone()));
            };
            Some(describe(catalog, found, name, args, place))
        });
        match found {
            Some(value) => Ok(value),
            // PostgreSQL and SQLite raise for columns and keys of a table that is not there.
            None if name == "has_index" => Ok(Value::Bool(false)),
            None => {
                let missing = ApplyError::Missing { what: "the table", name: table.to_string() };
                Err(self.raise("NoSuchTableError", missing, place.clone()))
            }
        }
    }
}

/// What a dialect of SQLAlchemy says that it can do (`sqlalchemy/dialects/*/base.py`). MariaDB has sequences and MySQL has
/// none; no comparison looks at them.
fn supports(dialect: Dialect, feature: &str) -> Option<bool> {
    let pg = dialect.is_postgres_like();
    Some(match feature {
        "supports_sequences" => pg || matches!(dialect, Dialect::Oracle | Dialect::SqlServer),
        "supports_native_enum" => pg || dialect == Dialect::MySql,
        "supports_native_boolean" | "supports_native_uuid" if pg => true,
        "supports_alter" | "supports_comments" => dialect != Dialect::Sqlite,
        _ => return None,
    })
}

/// Arguments without the first `count`.
fn shifted(args: &Args, count: usize) -> Args {
    Args { positional: args.positional.iter().skip(count).cloned().collect(), ..args.clone() }
}

fn schema_of(args: &Args) -> Option<String> {
    args.keyword("schema").and_then(Value::as_str).map(|schema| schema.to_string())
}

fn unknown_question(args: &Args, place: &Place) -> Value {
    match args.positional.iter().find_map(Value::as_unknown) {
        Some(unknown) => Value::Unknown(std::rc::Rc::clone(unknown)),
        None => Value::unknown("what the database holds", place.clone()),
    }
}

/// Why it cannot be said whether a table is there and what is in it. That other tables were there before the first revision
/// is no reason: one that a revision makes if it is not there yet was not.
pub(super) fn doubt_about_table(catalog: &Catalog, name: &ObjectName) -> Option<String> {
    let resolved = catalog.resolve(&catalog.tables, name).unwrap_or_else(|| catalog.new_name(name));
    let object = Object::Table(&resolved);
    let mut doubts = catalog.doubts_since(&object).filter(|doubt| !is_foundation(doubt));
    let doubt = doubts.find(|doubt| doubt.reach.covers(&object, catalog.dialect))?;
    Some(format!("what the database holds after {}", doubt.reason))
}

fn entries<const N: usize>(items: [(&str, Value); N]) -> Value {
    Value::dict(items.into_iter().map(|(key, value)| (Value::str(key), value)))
}

fn texts<'t>(items: impl IntoIterator<Item = &'t String>) -> Value {
    Value::list(items.into_iter().map(Value::str).collect())
}

fn name_or_none(name: Option<&String>) -> Value {
    name.map_or(Value::None, Value::str)
}

/// What the inspector says of the table in which Alembic keeps its state (`MigrationContext._version`).
fn own_table(question: &str, args: &Args, place: &Place) -> Value {
    let column = || Value::str("version_num");
    match question {
        "get_columns" => {
            let length = Args { keyword: vec![("length".into(), Value::Int(32))], ..Args::default() };
            let ty = SymbolKind::Call { callee: external("sqlalchemy.VARCHAR"), args: length };
            Value::list(vec![entries([
                ("name", column()),
                ("type", Value::symbol(ty, Some(place.clone()))),
                ("nullable", Value::Bool(false)),
                ("default", Value::None),
            ])])
        }
        "get_pk_constraint" => entries([
            ("name", Value::unknown("the name of the key of Alembic's own table", place.clone())),
            ("constrained_columns", Value::list(vec![column()])),
        ]),
        "has_index" => Value::Bool(false),
        "get_indexes" | "get_unique_constraints" | "get_foreign_keys" | "get_check_constraints" => {
            Value::list(Vec::new())
        }
        _ => unknown_question(args, place),
    }
}

/// What the inspector says of a table (`sqlalchemy/engine/reflection.py`, `interfaces.py`).
fn describe(catalog: &Catalog, table: &Table, question: &str, args: &Args, place: &Place) -> Value {
    let dialect = catalog.dialect;
    let columns_of = |index: &Index| {
        Value::list(index.parts.iter().map(|part| part.column().map_or(Value::None, Value::str)).collect())
    };
    match question {
        "get_columns" => {
            let columns = table.columns.iter().map(|column| {
                let doubt = catalog.doubt_about(&Object::Column(&table.name, &column.name));
                match doubt {
                    Some(doubt) => entries([
                        ("name", Value::str(&column.name)),
                        ("type", Value::unknown(doubt.reason.clone(), place.clone())),
                        ("nullable", Value::unknown(doubt.reason.clone(), place.clone())),
                        ("default", Value::unknown(doubt.reason.clone(), place.clone())),
                        ("comment", Value::None),
                    ]),
                    None => column_entry(column, place),
                }
            });
            let mut columns: Vec<Value> = columns.collect();
            // Columns that an earlier statement may have added.
            for doubt in &catalog.doubts {
                if let crate::catalog::Reach::Column(name, column) = &doubt.reach
                    && catalog.resolve(&catalog.tables, name).as_ref() == Some(&table.name)
                    && table.column(dialect, column).is_none()
                {
                    columns.push(entries([("name", Value::unknown(doubt.reason.clone(), place.clone()))]));
                }
            }
            Value::list(columns)
        }
        "get_indexes" => {
            let listed = table.indexes.iter().filter(|index| !(index.constraint && dialect == Dialect::Sqlite));
            let indexes = listed.map(|index| {
                entries([
                    ("name", name_or_none(index.name.as_ref())),
                    ("column_names", columns_of(index)),
                    ("unique", Value::Bool(index.unique)),
                    ("include_columns", texts(&index.include)),
                    ("dialect_options", Value::dict([])),
                    (
                        "duplicates_constraint",
                        if index.constraint { name_or_none(index.name.as_ref()) } else { Value::None },
                    ),
                ])
            });
            Value::list(indexes.collect())
        }
        "has_index" => match args.get(1, "index_name").and_then(Value::as_str) {
            Some(name) => Value::Bool(
                table
                    .indexes
                    .iter()
                    .any(|index| index.name.as_deref().is_some_and(|own| dialect.same_name(own, &name))),
            ),
            None => unknown_question(args, place),
        },
        "get_unique_constraints" => {
            let uniques =
                table.indexes.iter().filter(|index| index.constraint || (dialect == Dialect::MySql && index.unique));
            let uniques = uniques.map(|index| {
                entries([("name", name_or_none(index.name.as_ref())), ("column_names", columns_of(index))])
            });
            Value::list(uniques.collect())
        }
        "get_foreign_keys" => {
            let keys = table.foreign_keys.iter().map(|key| {
                let default = key.target.schema == dialect.default_schema();
                entries([
                    ("name", name_or_none(key.name.as_ref())),
                    ("constrained_columns", texts(&key.columns)),
                    ("referred_schema", if default { Value::None } else { Value::str(&key.target.schema) }),
                    ("referred_table", Value::str(&key.target.name)),
                    ("referred_columns", texts(&key.target_columns)),
                    (
                        "options",
                        match key.on_delete {
                            crate::catalog::ReferentialAction::NoAction => Value::dict([]),
                            action => entries([("ondelete", Value::str(action.as_sql()))]),
                        },
                    ),
                ])
            });
            Value::list(keys.collect())
        }
        "get_pk_constraint" => {
            let key = table.primary_key.as_ref();
            let columns: Vec<Value> =
                key.into_iter().flat_map(|key| &key.columns).filter_map(|part| part.column()).map(Value::str).collect();
            entries([
                ("name", key.map_or(Value::None, |key| name_or_none(key.name.as_ref()))),
                ("constrained_columns", Value::list(columns)),
            ])
        }
        "get_check_constraints" => {
            let checks = table.checks.iter().map(|check| {
                entries([
                    ("name", name_or_none(check.name.as_ref())),
                    (
                        "sqltext",
                        check
                            .expression
                            .as_ref()
                            .map_or_else(|| Value::unknown("the text of a check", place.clone()), Value::str),
                    ),
                ])
            });
            Value::list(checks.collect())
        }
        "get_table_comment" => entries([("text", name_or_none(table.comment.as_ref()))]),
        _ => Value::unknown(format!("what the inspector says to {question}()"), place.clone()),
    }
}

fn column_entry(column: &Column, place: &Place) -> Value {
    let default = match &column.default {
        None | Some(ColumnDefault::Null) => Value::None,
        Some(ColumnDefault::Number(number)) => Value::str(number),
        Some(ColumnDefault::Bool(truth)) => Value::str(truth.to_string()),
        Some(ColumnDefault::Text(text)) => Value::str(crate::alembic::expression::literal(text)),
        Some(_) => Value::unknown("the text of a default", place.clone()),
    };
    entries([
        ("name", Value::str(&column.name)),
        ("type", reflected(&column.ty, place)),
        ("nullable", Value::Bool(column.nullable)),
        ("default", default),
        ("autoincrement", Value::Bool(column.auto_increment.is_some())),
        ("comment", name_or_none(column.comment.as_ref())),
    ])
}

/// The type that reflection gives: the dialect's own names in capitals.
fn reflected(ty: &ColumnType, place: &Place) -> Value {
    let call = |path: &str, positional: Vec<Value>, keyword: Vec<(&str, Value)>| {
        let keyword = keyword.into_iter().map(|(key, value)| (key.into(), value)).collect();
        Value::symbol(
            SymbolKind::Call { callee: external(path), args: Args { positional, keyword, more: None } },
            Some(place.clone()),
        )
    };
    if ty.array {
        let inner = reflected(&ColumnType { array: false, kind: ty.kind.clone() }, place);
        return call("sqlalchemy.ARRAY", vec![inner], Vec::new());
    }
    match &ty.kind {
        TypeKind::Builtin { name, args, .. } => {
            let length = || args.first().map(|&length| ("length", Value::Int(length))).into_iter().collect::<Vec<_>>();
            let path = match name.as_str() {
                "integer" | "int" => "sqlalchemy.INTEGER",
                "bigint" => "sqlalchemy.BIGINT",
                "smallint" => "sqlalchemy.SMALLINT",
                "varchar" | "nvarchar" => return call("sqlalchemy.VARCHAR", Vec::new(), length()),
                "char" => return call("sqlalchemy.CHAR", Vec::new(), length()),
                "text" => "sqlalchemy.TEXT",
                "boolean" => "sqlalchemy.BOOLEAN",
                "numeric" | "decimal" => {
                    let keyword =
                        ["precision", "scale"].into_iter().zip(args.iter().map(|&arg| Value::Int(arg))).collect();
                    return call("sqlalchemy.NUMERIC", Vec::new(), keyword);
                }
                "double precision" | "double" => "sqlalchemy.DOUBLE_PRECISION",
                "real" => "sqlalchemy.REAL",
                "float" => "sqlalchemy.FLOAT",
                "date" => "sqlalchemy.DATE",
                "timestamptz" => {
                    return call("sqlalchemy.TIMESTAMP", Vec::new(), vec![("timezone", Value::Bool(true))]);
                }
                "timestamp" => "sqlalchemy.TIMESTAMP",
                "datetime" => "sqlalchemy.DATETIME",
                "json" => "sqlalchemy.JSON",
                "jsonb" => "sqlalchemy.dialects.postgresql.JSONB",
                "uuid" => "sqlalchemy.UUID",
                "bytea" => "sqlalchemy.dialects.postgresql.BYTEA",
                "blob" => "sqlalchemy.BLOB",
                _ => return Value::unknown(format!("how the type {ty} is reflected"), place.clone()),
            };
            call(path, Vec::new(), Vec::new())
        }
        TypeKind::Named(name) => {
            call("sqlalchemy.dialects.postgresql.ENUM", Vec::new(), vec![("name", Value::str(&name.name))])
        }
        _ => Value::unknown(format!("how the type {ty} is reflected"), place.clone()),
    }
}

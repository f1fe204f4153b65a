//! What is an instance of what: `isinstance`, `except`.

use std::rc::Rc;

use super::value::{SymbolKind, Value};

/// Whether an exception class is another one or descends from it (Python's "Exception hierarchy"; SQLAlchemy's
/// `sqlalchemy/exc.py`).
pub(crate) fn is_exception(class: &str, wanted: &str) -> bool {
    // PyMySQL before 0.10 raised the one for what later ones raise the other for (`errorclass` in `pymysql/err.py`).
    if (class, wanted) == ("sqlalchemy.exc.OperationalError", "sqlalchemy.exc.InternalError") {
        return true;
    }
    let mut class = class;
    for _ in 0..8 {
        if class == wanted || class.rsplit('.').next() == Some(wanted) {
            return true;
        }
        class = match class {
            "builtins.ModuleNotFoundError" => "builtins.ImportError",
            "builtins.KeyError" | "builtins.IndexError" => "builtins.LookupError",
            "builtins.FileNotFoundError"
            | "builtins.PermissionError"
            | "builtins.IOError"
            | "builtins.EnvironmentError"
            | "builtins.TimeoutError" => "builtins.OSError",
            "builtins.NotImplementedError" | "builtins.RecursionError" => "builtins.RuntimeError",
            "builtins.ZeroDivisionError" | "builtins.OverflowError" => "builtins.ArithmeticError",
            "builtins.UnicodeDecodeError" | "builtins.UnicodeError" => "builtins.ValueError",
            "sqlalchemy.exc.ProgrammingError"
            | "sqlalchemy.exc.OperationalError"
            | "sqlalchemy.exc.IntegrityError"
            | "sqlalchemy.exc.InternalError"
            | "sqlalchemy.exc.NotSupportedError"
            | "sqlalchemy.exc.DataError" => "sqlalchemy.exc.DatabaseError",
            "sqlalchemy.exc.DatabaseError" | "sqlalchemy.exc.InterfaceError" => "sqlalchemy.exc.DBAPIError",
            "sqlalchemy.exc.DBAPIError" => "sqlalchemy.exc.StatementError",
            "sqlalchemy.exc.NoSuchTableError" => "sqlalchemy.exc.InvalidRequestError",
            "sqlalchemy.exc.StatementError"
            | "sqlalchemy.exc.InvalidRequestError"
            | "sqlalchemy.exc.ArgumentError"
            | "sqlalchemy.exc.CompileError" => "sqlalchemy.exc.SQLAlchemyError",
            "builtins.BaseException" => return false,
            "builtins.Exception" => "builtins.BaseException",
            "builtins.SystemExit" | "builtins.KeyboardInterrupt" => "builtins.BaseException",
            _ => "builtins.Exception",
        };
    }
    false
}

/// `isinstance` and `issubclass`; none where it cannot be known.
pub(super) fn is_instance(object: &Value, class: &Value, subclass: bool) -> Option<bool> {
    if let Value::Tuple(classes) = class {
        let answers: Vec<Option<bool>> = classes.iter().map(|class| is_instance(object, class, subclass)).collect();
        if answers.contains(&Some(true)) {
            return Some(true);
        }
        return if answers.iter().all(|answer| *answer == Some(false)) { Some(false) } else { None };
    }
    let own = match (object, subclass) {
        (Value::Instance(instance), false) => Some(&instance.class),
        (Value::Class(class), true) => Some(class),
        _ => None,
    };
    if let Value::Class(wanted) = class {
        return match own {
            Some(own) => Some(own.mro().iter().any(|class| Rc::ptr_eq(class, wanted))),
            None if matches!(object, Value::Unknown(_) | Value::Symbol(_)) => object.call_of().map(|_| false),
            None => Some(false),
        };
    }
    let wanted = class.path()?;
    if let Some(own) = own {
        if own.inherits(&wanted) || &*wanted == "builtins.object" {
            return Some(true);
        }
        // A base of a library may itself inherit from the class that is asked for.
        let opaque = own
            .external_bases()
            .iter()
            .any(|base| !base.path().is_some_and(|path| path.starts_with("builtins.") || path.starts_with("enum.")));
        return if opaque && !wanted.starts_with("builtins.") { None } else { Some(false) };
    }
    match object {
        Value::Unknown(_) | Value::Deferred(_) => None,
        Value::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Call { callee, .. } => {
                let made = callee.path()?;
                if made == wanted {
                    return Some(true);
                }
                if wanted.starts_with("builtins.") {
                    return Some(
                        &*wanted == "builtins.object" || (object.as_str().is_some() && &*wanted == "builtins.str"),
                    );
                }
                Some(is_sqlalchemy_subtype(&made, &wanted)?)
            }
            SymbolKind::External(_) if wanted.starts_with("builtins.") => {
                let last = wanted.rsplit('.').next().unwrap_or_default();
                if last == "type" { None } else { Some(false) }
            }
            _ => None,
        },
        Value::Class(_) => Some(matches!(&*wanted, "builtins.type" | "builtins.object" | "inspect.isclass")),
        other => {
            let name = wanted.strip_prefix("builtins.").or_else(|| wanted.strip_prefix("typing."))?;
            let own = other.type_name();
            Some(
                name == own
                    || name == "object"
                    || (name == "int" && own == "bool")
                    || (name.eq_ignore_ascii_case("sequence") && matches!(own, "list" | "tuple" | "str"))
                    || (name == "Iterable" && matches!(own, "list" | "tuple" | "str" | "dict" | "set"))
                    || (name == "Mapping" && own == "dict"),
            )
        }
    }
}

/// Whether a type of SQLAlchemy is, or descends from, another one (`sqlalchemy/sql/sqltypes.py`); none where the two are
/// not in the table.
fn is_sqlalchemy_subtype(made: &str, wanted: &str) -> Option<bool> {
    let mut class = made;
    for _ in 0..6 {
        if class == wanted {
            return Some(true);
        }
        class = match class {
            "sqlalchemy.SmallInteger" | "sqlalchemy.BigInteger" | "sqlalchemy.INTEGER" | "sqlalchemy.INT" => {
                "sqlalchemy.Integer"
            }
            "sqlalchemy.SMALLINT" => "sqlalchemy.SmallInteger",
            "sqlalchemy.BIGINT" => "sqlalchemy.BigInteger",
            "sqlalchemy.Text" | "sqlalchemy.Unicode" | "sqlalchemy.VARCHAR" | "sqlalchemy.CHAR" | "sqlalchemy.Enum" => {
                "sqlalchemy.String"
            }
            "sqlalchemy.UnicodeText" | "sqlalchemy.TEXT" => "sqlalchemy.Text",
            "sqlalchemy.Float" | "sqlalchemy.NUMERIC" | "sqlalchemy.DECIMAL" => "sqlalchemy.Numeric",
            "sqlalchemy.Double" | "sqlalchemy.FLOAT" | "sqlalchemy.REAL" => "sqlalchemy.Float",
            "sqlalchemy.TIMESTAMP" | "sqlalchemy.DATETIME" => "sqlalchemy.DateTime",
            "sqlalchemy.BOOLEAN" => "sqlalchemy.Boolean",
            "sqlalchemy.DATE" => "sqlalchemy.Date",
            "sqlalchemy.dialects.postgresql.ENUM" => "sqlalchemy.Enum",
            "sqlalchemy.dialects.postgresql.JSONB" => "sqlalchemy.dialects.postgresql.JSON",
            "sqlalchemy.dialects.postgresql.JSON" => "sqlalchemy.JSON",
            "sqlalchemy.dialects.postgresql.UUID" | "sqlalchemy.UUID" => "sqlalchemy.Uuid",
            _ => break,
        };
    }
    let known = |path: &str| path.starts_with("sqlalchemy.") && path.matches('.').count() == 1;
    (known(made) && known(wanted)).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_have_their_parents() {
        assert!(is_exception("sqlalchemy.exc.OperationalError", "sqlalchemy.exc.SQLAlchemyError"));
        assert!(is_exception("builtins.KeyError", "builtins.LookupError"));
        assert!(!is_exception("builtins.KeyError", "builtins.ValueError"));
    }
}

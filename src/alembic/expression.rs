//! SQLAlchemy's expressions as the SQL text that a database gets.
//!
//! Only what schemas are made of: defaults, conditions, parts of indexes. The text goes through
//! [`crate::sql::expression`], so that it is the same as one written as SQL.

use crate::alembic::python::{Args, SymbolKind, Value};
use crate::catalog::Dialect;

/// How deep expressions may nest.
const MAX_DEPTH: usize = 40;

/// Finds the table and column that a value of the repository's own stands for (`User.email`).
pub(crate) type ColumnFinder<'a> = &'a dyn Fn(&Value) -> Option<(crate::catalog::ObjectName, String)>;

/// Renders expressions for one dialect.
#[derive(Clone, Copy)]
pub(crate) struct Renderer<'a> {
    /// The dialect.
    pub(crate) dialect: Dialect,
    /// What finds columns that no symbol names.
    pub(crate) columns: Option<ColumnFinder<'a>>,
}

impl Renderer<'_> {
    /// The SQL text of an expression; none where it cannot be told. A plain string is a literal.
    pub(crate) fn render(&self, value: &Value) -> Option<String> {
        self.expression(value, 0)
    }

    /// The column that a value names: `sa.column("x")`, `table.c.x`, `sa.Column("x", …)`, an attribute of a model.
    pub(crate) fn column(&self, value: &Value) -> Option<String> {
        if let Some((path, args)) = value.call_of() {
            return match path {
                "sqlalchemy.column" | "sqlalchemy.Column" | "sqlalchemy.orm.mapped_column" => {
                    args.get(0, "name").and_then(Value::as_str).map(|name| name.to_string())
                }
                _ => None,
            };
        }
        if let Some((_, name)) = self.columns.and_then(|find| find(value)) {
            return Some(name);
        }
        let Value::Symbol(symbol) = value else { return None };
        match &symbol.kind {
            SymbolKind::Attribute { base, name } => match base {
                Value::Symbol(inner) => match &inner.kind {
                    SymbolKind::Attribute { name: collection, .. } if matches!(&**collection, "c" | "columns") => {
                        Some(name.to_string())
                    }
                    _ => None,
                },
                _ => None,
            },
            SymbolKind::Subscript { base: Value::Symbol(inner), index } => match &inner.kind {
                SymbolKind::Attribute { name, .. } if matches!(&**name, "c" | "columns") => {
                    index.as_str().map(|name| name.to_string())
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn expression(&self, value: &Value, depth: usize) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        match value {
            Value::None => Some("NULL".to_owned()),
            Value::Bool(truth) => Some(self.boolean(*truth)),
            Value::Int(number) => Some(number.to_string()),
            Value::Float(number) => Some(number.to_string()),
            Value::Str(text) => Some(literal(text)),
            Value::Instance(_) => {
                value.as_str().map(|text| literal(&text)).or_else(|| value.as_int().map(|n| n.to_string()))
            }
            Value::Symbol(symbol) => {
                if let Some(column) = self.column(value) {
                    return Some(identifier(&column));
                }
                match &symbol.kind {
                    SymbolKind::External(path) => match &**path {
                        "sqlalchemy.true" => Some(self.boolean(true)),
                        "sqlalchemy.false" => Some(self.boolean(false)),
                        "sqlalchemy.null" => Some("NULL".to_owned()),
                        _ => None,
                    },
                    SymbolKind::Call { callee, args } => match callee.path() {
                        Some(path) => self.call(&path, args, depth),
                        None => self.method(value, depth),
                    },
                    SymbolKind::Binary { operator, left, right } => self.binary(operator, left, right, depth),
                    SymbolKind::Unary { operator, operand } => {
                        let operand = self.expression(operand, depth + 1)?;
                        match *operator {
                            "~" | "not" => Some(format!("NOT ({operand})")),
                            "-" => Some(format!("-{operand}")),
                            _ => None,
                        }
                    }
                    SymbolKind::Subscript { base, index } => {
                        // A field of a JSON column.
                        let base = self.expression(base, depth + 1)?;
                        let index = self.expression(index, depth + 1)?;
                        Some(format!("({base} -> {index})"))
                    }
                    SymbolKind::Attribute { base, name } if &**name == "astext" => match base {
                        Value::Symbol(inner) => match &inner.kind {
                            SymbolKind::Subscript { base, index } => {
                                let base = self.expression(base, depth + 1)?;
                                let index = self.expression(index, depth + 1)?;
                                Some(format!("({base} ->> {index})"))
                            }
                            _ => None,
                        },
                        _ => None,
                    },
                    SymbolKind::Attribute { .. } | SymbolKind::Decorated { .. } => None,
                }
            }
            _ => None,
        }
    }

    fn boolean(&self, truth: bool) -> String {
        // SQLAlchemy's `supports_native_boolean`.
        let native = matches!(self.dialect, Dialect::PostgreSql | Dialect::CockroachDb | Dialect::MySql);
        match (native, truth) {
            (true, true) => "true",
            (true, false) => "false",
            (false, true) => "1",
            (false, false) => "0",
        }
        .to_owned()
    }

    fn list(&self, values: &[Value], depth: usize) -> Option<Vec<String>> {
        values.iter().map(|value| self.expression(value, depth + 1)).collect()
    }

    fn call(&self, path: &str, args: &Args, depth: usize) -> Option<String> {
        if args.more.is_some() {
            return None;
        }
        let first = args.positional.first();
        if let Some(function) = path.strip_prefix("sqlalchemy.func.") {
            return self.function(function, args, depth);
        }
        let name = path.strip_prefix("sqlalchemy.").unwrap_or(path);
        Some(match name {
            "text" | "literal_column" | "DDL" | "TextClause" => match first? {
                Value::Str(text) => text.to_string(),
                inner @ Value::Symbol(_) => self.expression(inner, depth + 1)?,
                _ => return None,
            },
            "true" | "True_" => self.boolean(true),
            "false" | "False_" => self.boolean(false),
            "null" => "NULL".to_owned(),
            "literal" | "bindparam" => self.expression(first?, depth + 1)?,
            "now" | "current_timestamp" => return self.function(name, args, depth),
            "and_" | "or_" => {
                let joiner = if name == "and_" { " AND " } else { " OR " };
                self.list(&args.positional, depth)?.join(joiner)
            }
            "not_" => format!("NOT ({})", self.expression(first?, depth + 1)?),
            "desc" | "asc" => format!("{} {}", self.expression(first?, depth + 1)?, name.to_uppercase()),
            "nullsfirst" | "nulls_first" => format!("{} NULLS FIRST", self.expression(first?, depth + 1)?),
            "nullslast" | "nulls_last" => format!("{} NULLS LAST", self.expression(first?, depth + 1)?),
            "cast" | "type_coerce" | "Cast" => {
                let inner = self.expression(first?, depth + 1)?;
                let ty = cast_type(args.positional.get(1)?)?;
                if name == "type_coerce" { inner } else { format!("CAST({inner} AS {ty})") }
            }
            "extract" => {
                let field = first?.as_str()?;
                format!("EXTRACT({field} FROM {})", self.expression(args.positional.get(1)?, depth + 1)?)
            }
            "dialects.postgresql.array" => {
                let items = first?.items()?;
                format!("ARRAY[{}]", self.list(&items, depth)?.join(", "))
            }
            "coalesce" => return self.function(name, args, depth),
            _ => return None,
        })
    }

    /// `func.name(…)`: a few functions have a name of their own in each dialect.
    fn function(&self, name: &str, args: &Args, depth: usize) -> Option<String> {
        let postgres = self.dialect.is_postgres_like();
        match name {
            "now" if args.positional.is_empty() => {
                return Some(
                    if postgres || self.dialect == Dialect::MySql { "now()" } else { "CURRENT_TIMESTAMP" }.to_owned(),
                );
            }
            "current_timestamp" | "current_date" | "current_time" | "localtimestamp" | "localtime" | "current_user"
            | "session_user"
                if args.positional.is_empty() =>
            {
                return Some(name.to_uppercase());
            }
            _ => {}
        }
        Some(format!("{name}({})", self.list(&args.positional, depth)?.join(", ")))
    }

    fn binary(&self, operator: &str, left: &Value, right: &Value, depth: usize) -> Option<String> {
        let null = right.is_none()
            || right.path().as_deref() == Some("sqlalchemy.null")
            || matches!(right.call_of(), Some(("sqlalchemy.null", _)));
        let truth = match right {
            Value::Bool(truth) => Some(*truth),
            _ => match right.call_of() {
                Some(("sqlalchemy.true", _)) => Some(true),
                Some(("sqlalchemy.false", _)) => Some(false),
                _ => None,
            },
        };
        let l = self.operand(left, depth)?;
        if null {
            return match operator {
                "==" | "is" => Some(format!("{l} IS NULL")),
                "!=" | "is not" => Some(format!("{l} IS NOT NULL")),
                _ => None,
            };
        }
        if let (Some(truth), "==" | "!=") = (truth, operator) {
            let operator = if operator == "==" { "=" } else { "!=" };
            return Some(format!("{l} {operator} {}", self.boolean(truth)));
        }
        let r = self.operand(right, depth)?;
        let operator = match operator {
            "==" => "=",
            "&" => "AND",
            "|" => "OR",
            // Text that is added is concatenated.
            "+" if matches!(left, Value::Str(_)) || matches!(right, Value::Str(_)) => "||",
            "and" | "or" | "is" | "is not" | "in" | "not in" => return None,
            other => other,
        };
        Some(format!("{l} {operator} {r}"))
    }

    /// An operand, in parentheses where it is made of others.
    fn operand(&self, value: &Value, depth: usize) -> Option<String> {
        let text = self.expression(value, depth + 1)?;
        let compound = matches!(value, Value::Symbol(symbol) if matches!(symbol.kind, SymbolKind::Binary { .. }));
        Some(if compound { format!("({text})") } else { text })
    }

    /// `column.is_(None)`, `column.desc()`, `column.in_([…])`, `text("…").bindparams(…)`.
    fn method(&self, value: &Value, depth: usize) -> Option<String> {
        let (base, name, args) = value.method_call()?;
        if let (Some(("sqlalchemy.Sequence", sequence)), "next_value") = (base.call_of(), name) {
            let name = sequence.get(0, "name")?.as_str()?;
            let schema = sequence.keyword("schema").and_then(Value::as_str);
            let name = schema
                .map_or_else(|| identifier(&name), |schema| format!("{}.{}", identifier(&schema), identifier(&name)));
            return Some(format!("nextval({})", literal(&name)));
        }
        let first = args.positional.first();
        let null =
            first.is_some_and(|value| value.is_none() || matches!(value.call_of(), Some(("sqlalchemy.null", _))));
        if let Value::Symbol(symbol) = value
            && let SymbolKind::Call { callee: Value::Symbol(callee), args } = &symbol.kind
            && let SymbolKind::Call { .. } = &callee.kind
        {
            // `column.op("||")(other)`.
            let (left, "op" | "bool_op", operator) = Value::Symbol(std::rc::Rc::clone(callee))
                .method_call()
                .map(|(b, n, a)| (b.clone(), if n == "op" { "op" } else { "bool_op" }, a.clone()))?
            else {
                return None;
            };
            let operator = operator.positional.first()?.as_str()?;
            let right = self.operand(args.positional.first()?, depth)?;
            return Some(format!("{} {operator} {right}", self.operand(&left, depth)?));
        }
        let text = self.operand(base, depth)?;
        Some(match name {
            "is_" if null => format!("{text} IS NULL"),
            "is_not" | "isnot" if null => format!("{text} IS NOT NULL"),
            "is_" => format!("{text} IS {}", self.expression(first?, depth + 1)?),
            "is_not" | "isnot" => format!("{text} IS NOT {}", self.expression(first?, depth + 1)?),
            "desc" | "asc" => format!("{text} {}", name.to_uppercase()),
            "nullsfirst" | "nulls_first" => format!("{text} NULLS FIRST"),
            "nullslast" | "nulls_last" => format!("{text} NULLS LAST"),
            "in_" | "not_in" | "notin_" => {
                let items = first?.items()?;
                let operator = if name == "in_" { "IN" } else { "NOT IN" };
                format!("{text} {operator} ({})", self.list(&items, depth)?.join(", "))
            }
            "like" => format!("{text} LIKE {}", self.expression(first?, depth + 1)?),
            "between" => format!(
                "{text} BETWEEN {} AND {}",
                self.expression(first?, depth + 1)?,
                self.expression(args.positional.get(1)?, depth + 1)?
            ),
            "cast" => format!("CAST({text} AS {})", cast_type(first?)?),
            "bindparams" | "label" | "self_group" | "columns" | "scalar_subquery" | "execution_options" => text,
            "collate" => format!("{text} COLLATE \"{}\"", first?.as_str()?),
            "op" => return None,
            "any" | "any_" => format!("{} = ANY ({text})", self.expression(first?, depth + 1)?),
            "concat" => format!("{text} || {}", self.expression(first?, depth + 1)?),
            _ => return None,
        })
    }
}

/// The words of a type in a cast: the few that expressions of schemas use.
fn cast_type(value: &Value) -> Option<String> {
    let path =
        value.path().map(|path| path.to_string()).or_else(|| value.call_of().map(|(path, _)| path.to_owned()))?;
    let args: Vec<String> = value
        .call_of()
        .map(|(_, args)| {
            let named = args.keyword.iter().filter(|(key, _)| matches!(&**key, "length" | "precision" | "scale"));
            args.positional
                .iter()
                .chain(named.map(|(_, value)| value))
                .filter_map(Value::as_int)
                .map(|n| n.to_string())
                .collect()
        })
        .unwrap_or_default();
    let name = path.rsplit('.').next()?.to_uppercase();
    let name =
        match name.as_str() {
            "STRING" | "UNICODE" => "VARCHAR".to_owned(),
            "UNICODETEXT" => "TEXT".to_owned(),
            "DATETIME" => "TIMESTAMP".to_owned(),
            "INTEGER" | "TEXT" | "BIGINTEGER" | "DATE" | "BOOLEAN" | "NUMERIC" | "FLOAT" | "UUID" | "JSONB"
            | "JSON" | "VARCHAR" | "TSVECTOR" | "REGCONFIG" | "INET" | "BIGINT" | "TIMESTAMP" => {
                if name == "BIGINTEGER" { "BIGINT".to_owned() } else { name }
            }
            _ => return None,
        };
    Some(if args.is_empty() { name } else { format!("{name}({})", args.join(", ")) })
}

/// A string in SQL's quotes.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name as SQLAlchemy writes it: in quotes where it needs them.
pub(crate) fn identifier(name: &str) -> String {
    let plain = name.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '$');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

//! SQLAlchemy's types as a database gets them: what the DDL compiler of each dialect writes, in canonical form.
//!
//! Sources: `sqlalchemy/sql/compiler.py` (`GenericTypeCompiler`) and `sqlalchemy/dialects/*/base.py` (2.0, 2.1).

mod custom;
mod enums;
mod generic;
mod libraries;

pub(crate) use enums::{enum_name, literal};
pub(crate) use libraries::is_spatial_index;

use crate::alembic::python::{Args, Interpreter, Value};
use crate::catalog::types::{TypeKind, canonical};
use crate::catalog::{ColumnType, Dialect, ObjectName};
use crate::source::Place;

/// How deep types may wrap each other: variants, decorators, arrays.
const MAX_DEPTH: usize = 20;

/// A type as one column has it.
#[derive(Debug, Clone)]
pub(crate) struct SqlType {
    /// The type that the database gets; unknown where it could not be evaluated.
    pub(crate) ty: ColumnType,
    /// Whether its affinity is that of integers: then a primary key may count by itself.
    pub(crate) integer: bool,
    /// The collation that the type names.
    pub(crate) collation: Option<String>,
    /// Whether its length is that of the longest label of an enum, which is not written.
    pub(crate) length_of_labels: bool,
    /// The native enum that is created along with the table.
    pub(crate) enumeration: Option<Enumeration>,
    /// The CHECK that the type puts on its column.
    pub(crate) check: Option<TypeCheck>,
    /// Why it could not be evaluated.
    pub(crate) unknown: Option<Doubt>,
}

/// Why a type is not known.
#[derive(Debug, Clone)]
pub(crate) struct Doubt {
    /// As a phrase (`the type GUID of another package`).
    pub(crate) reason: String,
    /// Where, where that is known.
    pub(crate) place: Option<Place>,
}

/// A native enum of PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) struct Enumeration {
    /// Its name.
    pub(crate) name: ObjectName,
    /// Its labels.
    pub(crate) labels: Vec<String>,
    /// Whether creating the table creates it (`create_type=False` leaves it to others).
    pub(crate) create: bool,
    /// Where the labels stand.
    pub(crate) place: Option<Place>,
}

/// The CHECK of `Boolean(create_constraint=True)` and `Enum(create_constraint=True)`, where the dialect has no such type.
#[derive(Debug, Clone)]
pub(crate) struct TypeCheck {
    /// Its name before naming conventions.
    pub(crate) name: Option<String>,
    /// The labels; none for a boolean, whose values are 0 and 1.
    pub(crate) labels: Option<Vec<String>>,
}

impl TypeCheck {
    /// The condition on a column, as SQLAlchemy renders it.
    pub(crate) fn expression(&self, column: &str) -> String {
        match &self.labels {
            None => format!("{column} IN (0, 1)"),
            Some(labels) => {
                let labels: Vec<String> =
                    labels.iter().map(|label| format!("'{}'", label.replace('\'', "''"))).collect();
                format!("{column} IN ({})", labels.join(", "))
            }
        }
    }
}

impl SqlType {
    /// A known type and nothing else.
    pub(crate) fn plain(ty: ColumnType) -> Self {
        Self {
            ty,
            integer: false,
            collation: None,
            length_of_labels: false,
            enumeration: None,
            check: None,
            unknown: None,
        }
    }

    /// A type that could not be evaluated.
    pub(crate) fn doubt(reason: impl Into<String>, place: Option<Place>) -> Self {
        Self { unknown: Some(Doubt { reason: reason.into(), place }), ..Self::plain(ColumnType::unknown()) }
    }

    /// `NullType`: no type is given (a foreign key takes that of its target).
    pub(crate) fn null() -> Self {
        Self::plain(ColumnType::unknown())
    }
}

/// The type that a value passed as a column's type gives: a class or an instance of SQLAlchemy's or of the repository's.
pub(crate) fn column_type(interpreter: &mut Interpreter<'_>, value: &Value, dialect: Dialect) -> SqlType {
    Reader { interpreter, dialect, depth: 0 }.read(value)
}

/// Whether a value can be a column's type: what tells the second argument of `Column("name", X)` from a constraint.
pub(crate) fn is_type(value: &Value) -> bool {
    match value {
        Value::Class(class) => custom::is_type_class(class),
        Value::Instance(instance) => custom::is_type_class(&instance.class),
        Value::Symbol(_) => {
            if let Some((_, name, _)) = value.method_call() {
                return matches!(name, "with_variant" | "as_mutable" | "copy" | "type_descriptor");
            }
            let path = value.path();
            let path = match (&path, value.call_of()) {
                (Some(path), _) => path,
                (None, Some((path, _))) => path,
                _ => return false,
            };
            path.ends_with(".as_mutable") || generic::is_known(path) || libraries::is_known(path)
        }
        _ => false,
    }
}

/// One evaluation.
struct Reader<'i, 'h> {
    interpreter: &'i mut Interpreter<'h>,
    dialect: Dialect,
    depth: usize,
}

/// The name by which `with_variant` and `dialect.name` know a dialect.
fn dialect_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::SqlServer => "mssql",
        other => other.as_str(),
    }
}

impl Reader<'_, '_> {
    fn read(&mut self, value: &Value) -> SqlType {
        if self.depth >= MAX_DEPTH {
            return SqlType::doubt("types nested deeper than is evaluated", value.place());
        }
        self.depth += 1;
        let ty = self.read_inner(value);
        self.depth -= 1;
        ty
    }

    fn read_inner(&mut self, value: &Value) -> SqlType {
        match value {
            Value::None => SqlType::null(),
            Value::Unknown(unknown) => SqlType::doubt(unknown.reason.clone(), Some(unknown.place.clone())),
            Value::Class(class) => self.custom(class, &Args::default(), None, value.place()),
            Value::Instance(instance) => {
                self.custom(&instance.class, &instance.args, Some(instance), instance.place.clone())
            }
            Value::Symbol(_) => self.symbol(value),
            _ => SqlType::doubt(format!("{value:?} is no type"), value.place()),
        }
    }

    fn symbol(&mut self, value: &Value) -> SqlType {
        let place = value.place();
        if let Some((base, name, args)) = value.method_call() {
            return match name {
                "with_variant" => self.variant(base, args),
                "as_mutable" | "type_descriptor" => match args.get(0, "sqltype") {
                    Some(inner) => self.read(inner),
                    None => SqlType::doubt("a type without arguments", place),
                },
                "copy" | "adapt" | "evolve" | "dialect_impl" => self.read(base),
                // What `super().load_dialect_impl(dialect)` gives is the type's own `impl`: the caller knows it.
                "load_dialect_impl" => SqlType::null(),
                other => SqlType::doubt(format!("a type made by `.{other}()`"), place),
            };
        }
        let empty = Args::default();
        let path = value.path();
        let (path, args) = match (&path, value.call_of()) {
            (Some(path), _) => (&**path, &empty),
            (None, Some((path, args))) => (path, args),
            _ => return SqlType::doubt(format!("the type {value:?}"), place),
        };
        if let Some(unknown) = &args.more {
            return SqlType::doubt(unknown.reason.clone(), Some(unknown.place.clone()));
        }
        if path.ends_with(".as_mutable") || path.ends_with(".type_descriptor") {
            return match args.positional.first() {
                Some(inner) => self.read(inner),
                None => SqlType::doubt("a type without arguments", place),
            };
        }
        if let Some(ty) = self.generic(path, args, place.as_ref()) {
            return ty;
        }
        if let Some(ty) = self.library(path, args, place.as_ref()) {
            return ty;
        }
        SqlType::doubt(format!("the type `{path}` of another package"), place)
    }

    /// `base.with_variant(type, "postgresql", …)`.
    fn variant(&mut self, base: &Value, args: &Args) -> SqlType {
        let name = dialect_name(self.dialect);
        let asked = |name: &str| {
            args.positional.iter().skip(1).chain(args.keyword("dialect_name")).any(|value| {
                value.as_str().is_some_and(|word| &*word == name || (name == "mysql" && &*word == "mariadb"))
            })
        };
        // The last call wins in SQLAlchemy only for another dialect: one dialect cannot be given twice.
        if asked(name)
            && let Some(inner) = args.get(0, "type_")
        {
            let mut ty = self.read(inner);
            ty.integer = ty.integer || self.read(base).integer;
            return ty;
        }
        self.read(base)
    }

    /// A type by the words of its DDL.
    fn words(&self, words: &str, args: &[i64]) -> SqlType {
        SqlType::plain(self.canonical(words, args))
    }

    fn canonical(&self, words: &str, args: &[i64]) -> ColumnType {
        canonical(self.dialect, words, args).unwrap_or_else(|| ColumnType {
            kind: if args.is_empty() {
                TypeKind::Named(ObjectName::bare(words))
            } else {
                let args: Vec<String> = args.iter().map(i64::to_string).collect();
                TypeKind::Other(format!("{words}({})", args.join(",")))
            },
            array: false,
        })
    }

    /// A type by the text that `get_col_spec` gives.
    fn spec(&self, text: &str) -> SqlType {
        let text = text.trim().to_lowercase();
        let (words, rest) = text.split_once('(').unwrap_or((&text, ""));
        let args: Option<Vec<i64>> = rest.strip_suffix(')').map_or_else(
            || rest.is_empty().then(Vec::new),
            |list| list.split(',').map(|item| item.trim().parse().ok()).collect(),
        );
        match args {
            Some(args) => self.words(words.trim(), &args),
            None => SqlType::plain(ColumnType { kind: TypeKind::Other(text), array: false }),
        }
    }
}

/// An integer argument: none where it is absent or `None`.
///
/// # Errors
/// The reason where it is there and not known.
fn int_arg(args: &Args, position: usize, name: &str) -> Result<Option<i64>, Doubt> {
    match args.get(position, name) {
        None | Some(Value::None) => Ok(None),
        Some(value) => match value.as_int() {
            Some(number) => Ok(Some(number)),
            None => Err(Doubt {
                reason: match value.as_unknown() {
                    Some(unknown) => unknown.reason.clone(),
                    None => format!("the argument {value:?} of a type"),
                },
                place: value.place(),
            }),
        },
    }
}

/// A flag; its default where it is absent.
///
/// # Errors
/// The reason where it is there and not known.
fn flag_arg(args: &Args, position: Option<usize>, name: &str, default: bool) -> Result<bool, Doubt> {
    let value = match position {
        Some(position) => args.get(position, name),
        None => args.keyword(name),
    };
    match value {
        None => Ok(default),
        Some(Value::None) => Ok(false),
        Some(value) => value
            .as_bool()
            .or_else(|| value.as_int().map(|number| number != 0))
            .ok_or_else(|| Doubt { reason: format!("the argument {value:?} of a type"), place: value.place() }),
    }
}

/// A text argument.
fn text_arg(args: &Args, name: &str) -> Option<String> {
    args.keyword(name).and_then(Value::as_str).map(|text| text.to_string())
}

#[cfg(test)]
mod tests;

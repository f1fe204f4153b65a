//! Expressions as trees: read by precedence, written in one form.

use crate::catalog::types::array_literal;
use crate::catalog::{ColumnDefault, ColumnType, Dialect, TypeKind};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    /// A string, by value.
    Text(String),
    /// A bit or hexadecimal string, as written in lower case.
    Bits(String),
    /// A number, as written, with its sign.
    Number(String),
    /// TRUE or FALSE.
    Bool(bool),
    /// NULL.
    Null,
    /// A column, a variable or a word like CURRENT_DATE, in canonical text.
    Name(String),
    /// A call, with canonical name.
    Call(String, Vec<Expr>),
    /// An operator in front: `-`, `not`, `~`.
    Prefix(String, Box<Expr>),
    /// An operator between.
    Infix(Box<Expr>, Infix, Box<Expr>),
    /// `IS [NOT] NULL` and its kin behind an expression.
    Postfix(Box<Expr>, String),
    /// `::type`.
    Cast(Box<Expr>, ColumnType),
    /// `[NOT] IN (list)`.
    In { of: Box<Expr>, list: Vec<Expr>, not: bool },
    /// `ARRAY[…]`.
    Array(Vec<Expr>),
    /// `(a, b)`.
    Row(Vec<Expr>),
    /// What has a grammar of its own (a subquery, `EXTRACT(… FROM …)`), as joined words.
    Raw(String),
}

/// An operator between two expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Infix {
    /// Its canonical text.
    pub(super) text: String,
    /// How tightly it binds.
    pub(super) power: u8,
}

/// Powers of operators: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>, table 4.2.
pub(super) mod power {
    pub(crate) const OR: u8 = 1;
    pub(crate) const AND: u8 = 2;
    pub(crate) const NOT: u8 = 3;
    pub(crate) const IS: u8 = 4;
    pub(crate) const COMPARISON: u8 = 5;
    pub(crate) const LIKE: u8 = 6;
    pub(crate) const OTHER: u8 = 7;
    pub(crate) const SUM: u8 = 8;
    pub(crate) const PRODUCT: u8 = 9;
    pub(crate) const POWER: u8 = 10;
    pub(crate) const SIGN: u8 = 12;
    pub(crate) const CAST: u8 = 14;
    pub(crate) const ATOM: u8 = 15;
}

impl Infix {
    pub(super) fn new(text: impl Into<String>, power: u8) -> Self {
        Self { text: text.into(), power }
    }

    /// Whether grouping does not matter.
    fn is_associative(&self) -> bool {
        matches!(self.text.as_str(), "and" | "or")
    }
}

impl Expr {
    /// The canonical text.
    pub(super) fn canonical(self, dialect: Dialect) -> String {
        let mut out = String::new();
        self.simplified(dialect).write(&mut out);
        out
    }

    /// The same with what PostgreSQL adds or rewrites when it stores an expression taken away or rewritten likewise.
    pub(super) fn simplified(self, dialect: Dialect) -> Self {
        let all = |list: Vec<Self>| list.into_iter().map(|one| one.simplified(dialect)).collect::<Vec<_>>();
        match self {
            Self::Cast(inner, ty) => {
                let inner = inner.simplified(dialect);
                if let (Self::Text(digits), TypeKind::Builtin { name, .. }) = (&inner, &ty.kind)
                    && matches!(
                        name.as_str(),
                        "integer" | "bigint" | "smallint" | "numeric" | "double precision" | "real"
                    )
                    && digits.parse::<f64>().is_ok_and(f64::is_finite)
                {
                    return Self::Number(digits.clone());
                }
                if drops_cast(&inner, &ty) { inner } else { Self::Cast(Box::new(inner), ty) }
            }
            Self::Call(name, args) => {
                let mut args = all(args);
                match (name.as_str(), args.len()) {
                    ("now" | "current_timestamp", 0) if dialect != Dialect::Sqlite || name == "current_timestamp" => {
                        Self::Name("current_timestamp".to_owned())
                    }
                    ("getdate", 0) if dialect == Dialect::SqlServer => Self::Name("current_timestamp".to_owned()),
                    ("localtime" | "localtimestamp", 0) if dialect == Dialect::MySql => {
                        Self::Name("current_timestamp".to_owned())
                    }
                    ("now", 1) if dialect == Dialect::MySql => Self::Call("current_timestamp".to_owned(), args),
                    ("any" | "some", 1) => Self::Call("any".to_owned(), vec![args.remove(0)]),
                    _ => Self::Call(name, args),
                }
            }
            Self::Infix(left, operator, right) => {
                let (left, right) = (left.simplified(dialect), right.simplified(dialect));
                if let ("=" | "<>", Self::Call(name, args)) = (operator.text.as_str(), &right)
                    && let Some(list) = listed(args)
                    && (operator.text == "=") == (name == "any")
                    && matches!(name.as_str(), "any" | "all")
                {
                    return Self::In { of: Box::new(left), list, not: name == "all" }.single();
                }
                if operator.text == "is not distinct from" {
                    let distinct = Infix::new("is distinct from", operator.power);
                    let inner = Self::Infix(Box::new(left), distinct, Box::new(right));
                    return Self::Prefix("not".to_owned(), Box::new(inner));
                }
                Self::Infix(Box::new(left), operator, Box::new(right))
            }
            Self::Prefix(operator, inner) => match inner.simplified(dialect) {
                Self::Number(digits) if operator == "-" && !digits.starts_with('-') => {
                    Self::Number(format!("-{digits}"))
                }
                Self::Number(digits) if operator == "+" && !super::keeps_plus(dialect) => Self::Number(digits),
                Self::Postfix(of, test) if operator == "not" && test == "is null" => {
                    Self::Postfix(of, "is not null".to_owned())
                }
                inner => Self::Prefix(operator, Box::new(inner)),
            },
            Self::Postfix(of, test) => Self::Postfix(Box::new(of.simplified(dialect)), test),
            Self::In { of, list, not } => {
                Self::In { of: Box::new(of.simplified(dialect)), list: all(list), not }.single()
            }
            Self::Array(list) => Self::Array(all(list)),
            Self::Row(list) => Self::Row(all(list)),
            other => other,
        }
    }

    /// IN with one element is a comparison: PostgreSQL stores it so.
    fn single(self) -> Self {
        match self {
            Self::In { of, mut list, not } if list.len() == 1 && !matches!(list[0], Self::Raw(_)) => {
                let operator = Infix::new(if not { "<>" } else { "=" }, power::COMPARISON);
                Self::Infix(of, operator, Box::new(list.remove(0)))
            }
            other => other,
        }
    }

    fn power(&self) -> u8 {
        match self {
            Self::Infix(_, operator, _) => operator.power,
            Self::Prefix(operator, _) if operator == "not" => power::NOT,
            Self::Prefix(..) => power::SIGN,
            Self::Postfix(_, test) if test.starts_with("collate") => power::CAST,
            Self::Postfix(..) => power::IS,
            Self::In { .. } => power::LIKE,
            Self::Cast(..) => power::CAST,
            Self::Number(digits) if digits.starts_with('-') => power::SIGN,
            _ => power::ATOM,
        }
    }

    /// Writes it, in parentheses where it binds less tightly than `least`.
    fn write_in(&self, out: &mut String, least: u8) {
        if self.power() < least {
            out.push('(');
            self.write(out);
            out.push(')');
        } else {
            self.write(out);
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Text(value) => {
                out.push('\'');
                out.push_str(&value.replace('\'', "''"));
                out.push('\'');
            }
            Self::Bits(text) | Self::Number(text) | Self::Name(text) | Self::Raw(text) => out.push_str(text),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Null => out.push_str("null"),
            Self::Call(name, args) => {
                out.push_str(name);
                write_list(out, args, '(', ')');
            }
            Self::Prefix(operator, inner) => {
                out.push_str(operator);
                if operator == "not" {
                    out.push(' ');
                    inner.write_in(out, power::NOT);
                } else {
                    inner.write_in(out, power::SIGN + 1);
                }
            }
            Self::Infix(left, operator, right) => {
                left.write_in(out, operator.power);
                let word = operator.text.starts_with(|c: char| c.is_ascii_alphabetic());
                if word {
                    out.push(' ');
                }
                out.push_str(&operator.text);
                if word {
                    out.push(' ');
                }
                let same =
                    matches!(&**right, Self::Infix(_, other, _) if other == operator && operator.is_associative());
                right.write_in(out, if same { operator.power } else { operator.power + 1 });
            }
            Self::Postfix(of, test) => {
                of.write_in(out, self.power() + 1);
                out.push(' ');
                out.push_str(test);
            }
            Self::Cast(inner, ty) => {
                inner.write_in(out, power::CAST);
                out.push_str("::");
                out.push_str(&ty.to_string());
            }
            Self::In { of, list, not } => {
                of.write_in(out, power::LIKE + 1);
                out.push_str(if *not { " not in" } else { " in" });
                write_list(out, list, '(', ')');
            }
            Self::Array(list) => {
                out.push_str("array");
                write_list(out, list, '[', ']');
            }
            Self::Row(list) => write_list(out, list, '(', ')'),
        }
    }
}

fn write_list(out: &mut String, list: &[Expr], open: char, close: char) {
    out.push(open);
    for (at, one) in list.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        one.write(out);
    }
    out.push(close);
}

/// Constants keep no cast, nor do arrays of them; a column keeps none to text: PostgreSQL adds those itself where a
/// `varchar` is compared.
fn drops_cast(inner: &Expr, ty: &ColumnType) -> bool {
    match inner {
        Expr::Text(_) | Expr::Number(_) | Expr::Bool(_) | Expr::Null | Expr::Array(_) | Expr::Bits(_) => true,
        Expr::Name(_) | Expr::Call(..) => {
            matches!(&ty.kind, TypeKind::Builtin { name, args, .. } if name == "text" || name == "varchar" && args.is_empty())
                && !ty.array
                && matches!(inner, Expr::Name(_))
        }
        _ => false,
    }
}

/// The elements of the one argument of ANY or ALL, where it is a constant array.
fn listed(args: &[Expr]) -> Option<Vec<Expr>> {
    match args {
        [Expr::Array(list)] => Some(list.clone()),
        [Expr::Text(text)] => array_literal(text)?
            .into_iter()
            .map(|value| match value {
                ColumnDefault::Text(text) => Some(Expr::Text(text)),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

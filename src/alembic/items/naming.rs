//! Naming conventions of a `MetaData` (`sqlalchemy/sql/naming.py`).

use std::collections::BTreeMap;

use crate::alembic::python::Value;
use crate::catalog::Dialect;

/// Templates by what they name: `ix`, `uq`, `ck`, `fk`, `pk`.
#[derive(Debug, Clone)]
pub(crate) struct Convention {
    templates: BTreeMap<String, Option<String>>,
}

impl Default for Convention {
    /// SQLAlchemy's own: indexes are named, nothing else is.
    fn default() -> Self {
        let ix = ("ix".to_owned(), Some("ix_%(column_0_label)s".to_owned()));
        Self { templates: BTreeMap::from([ix]) }
    }
}

/// What a constraint or index is named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Index,
    Unique,
    Check,
    ForeignKey,
    PrimaryKey,
}

impl Sort {
    fn key(self) -> &'static str {
        match self {
            Self::Index => "ix",
            Self::Unique => "uq",
            Self::Check => "ck",
            Self::ForeignKey => "fk",
            Self::PrimaryKey => "pk",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Index => "sqlalchemy.Index",
            Self::Unique => "sqlalchemy.UniqueConstraint",
            Self::Check => "sqlalchemy.CheckConstraint",
            Self::ForeignKey => "sqlalchemy.ForeignKeyConstraint",
            Self::PrimaryKey => "sqlalchemy.PrimaryKeyConstraint",
        }
    }
}

/// What the tokens of a template stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// What it is.
    pub(crate) sort: Sort,
    /// The table's name, without its schema.
    pub(crate) table: &'a str,
    /// The table's schema.
    pub(crate) schema: Option<&'a str>,
    /// The columns it is on.
    pub(crate) columns: &'a [String],
    /// The table that a foreign key refers to.
    pub(crate) referred_table: &'a str,
    /// The columns that a foreign key refers to.
    pub(crate) referred_columns: &'a [String],
}

/// A name as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// None.
    No,
    /// A plain string: a convention with `%(constraint_name)s` still applies to it.
    Plain(String),
    /// `op.f(…)`, `conv(…)`: final.
    Final(String),
    /// Given, and not known.
    Unknown,
}

impl Written {
    /// The name that a value gives.
    pub(crate) fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::None) => Self::No,
            Some(value) => match (value.as_str(), value) {
                (Some(text), Value::Symbol(_)) if !is_quoted_name(value) => Self::Final(text.to_string()),
                (Some(text), _) => Self::Plain(text.to_string()),
                // A naming convention's own marker for "no name".
                (None, value) if value.path().as_deref() == Some("sqlalchemy._NONE_NAME") => Self::No,
                (None, _) => Self::Unknown,
            },
        }
    }
}

impl Written {
    /// The name that is there once the statement has run; none where it has none that is known.
    pub(crate) fn in_statement(self, dialect: Dialect) -> Option<String> {
        match self {
            Self::No | Self::Unknown => None,
            Self::Final(name) => Some(shortened(name, dialect)),
            Self::Plain(name) => Some(kept(name, dialect)),
        }
    }
}

fn is_quoted_name(value: &Value) -> bool {
    matches!(value.call_of(), Some((path, _)) if path.ends_with("quoted_name"))
}

impl Convention {
    /// The convention that a value gives; none where it is no dictionary that can be read.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let Value::Dict(entries) = value else { return None };
        let entries = entries.borrow();
        if entries.more.is_some() {
            return None;
        }
        let mut templates = BTreeMap::new();
        for (key, value) in entries.iter() {
            let key = key.as_str().or_else(|| key.path())?;
            // A template that cannot be read names nothing that is known; functions for tokens are such too.
            templates.insert(key.to_string(), value.as_str().map(|text| text.to_string()));
        }
        Some(Self { templates })
    }

    /// Whether a CHECK is named after the name that it is given, so that it cannot do without one.
    pub(crate) fn names_checks_by_name(&self) -> bool {
        let template = self.templates.get("ck").or_else(|| self.templates.get(Sort::Check.class()));
        matches!(template, Some(Some(template)) if template.contains("%(constraint_name)"))
    }

    /// The name of a constraint or index, as the statement has it.
    ///
    /// # Errors
    /// Where it has a name that cannot be known.
    pub(crate) fn name(
        &self,
        written: Written,
        subject: &Subject<'_>,
        dialect: Dialect,
    ) -> Result<Option<String>, String> {
        Ok(self.whole_name(written, subject)?.and_then(|name| name.in_statement(dialect)))
    }

    /// The name before it is cut; final where the convention makes it.
    fn whole_name(&self, written: Written, subject: &Subject<'_>) -> Result<Option<Written>, String> {
        let unknown = || "the name of a constraint that a naming convention computes".to_owned();
        let template = self.templates.get(subject.sort.key()).or_else(|| self.templates.get(subject.sort.class()));
        let (given, template) = match (&written, template) {
            (Written::Final(_), _) | (Written::Plain(_), None) => return Ok(Some(written)),
            (Written::Unknown, _) => return Err("a name that is computed".to_owned()),
            (Written::No, None) => return Ok(None),
            (_, Some(None)) => return Err(unknown()),
            (Written::Plain(_), Some(Some(template))) if !template.contains("constraint_name") => {
                return Ok(Some(written));
            }
            (Written::Plain(name), Some(Some(template))) => (Some(name), template),
            // SQLAlchemy refuses a check without a name here, but for those that a type makes: they stay unnamed.
            (Written::No, Some(Some(template))) if template.contains("constraint_name") => return Ok(None),
            (Written::No, Some(Some(template))) => (None, template),
        };
        let made = expand(template, |token| self.token(token, given.map(String::as_str), subject));
        made.map(|name| Some(Written::Final(name))).ok_or_else(unknown)
    }

    fn token(&self, token: &str, given: Option<&str>, subject: &Subject<'_>) -> Option<String> {
        if self.templates.contains_key(token) && !matches!(token, "ix" | "uq" | "ck" | "fk" | "pk") {
            return None;
        }
        match token {
            "table_name" => return Some(subject.table.to_owned()),
            "constraint_name" => return given.map(str::to_owned),
            "referred_table_name" => return Some(subject.referred_table.to_owned()),
            _ => {}
        }
        let (columns, rest) = match token.strip_prefix("referred_column_") {
            Some(rest) => (subject.referred_columns, rest),
            None => (subject.columns, token.strip_prefix("column_")?),
        };
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let position: usize = rest.get(..digits)?.parse().ok()?;
        let attribute = rest.get(digits..)?;
        let label = |column: &String| match subject.schema {
            Some(schema) => format!("{}_{}_{column}", schema.replace('.', "_"), subject.table),
            None => format!("{}_{column}", subject.table),
        };
        let one = |attribute: &str, column: &String| match attribute {
            "_name" | "_key" => Some(column.clone()),
            "_label" => Some(label(column)),
            _ => None,
        };
        // `column_0N_name` joins all columns without a separator, `column_0_N_name` with `_`.
        for (mark, separator) in [("_N", "_"), ("N", "")] {
            if let Some(attribute) = attribute.strip_prefix(mark)
                && attribute.starts_with('_')
                && attribute != "_name_"
            {
                let parts: Option<Vec<String>> = columns.iter().map(|column| one(attribute, column)).collect();
                return parts.map(|parts| parts.join(separator));
            }
        }
        match columns.get(position) {
            Some(column) => one(attribute, column),
            None => Some(String::new()),
        }
    }
}

/// A name that is passed on as it is written: PostgreSQL keeps the bytes of it that it has room for (`NAMEDATALEN`). Later
/// versions of SQLAlchemy refuse one that is longer (`IdentifierError`), and so do other databases.
fn kept(mut name: String, dialect: Dialect) -> String {
    if dialect == Dialect::PostgreSql {
        let mut end = name.len().min(dialect.identifier_limit());
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name.truncate(end);
    }
    name
}

/// A name that SQLAlchemy makes, or is told to take as made (`op.f`), as it cuts it where it is longer than the database
/// takes: its beginning and four digits of its MD5
/// (`IdentifierPreparer.truncate_and_render_index_name`, `sqlalchemy/sql/compiler.py`).
fn shortened(name: String, dialect: Dialect) -> String {
    let max = match dialect {
        Dialect::MySql => 64,
        Dialect::SqlServer | Dialect::Oracle => 128,
        Dialect::Sqlite => return name,
        _ => 63,
    };
    if name.chars().count() <= max {
        return name;
    }
    let digest = format!("{:x}", md5::compute(name.as_bytes()));
    let kept: String = name.chars().take(max - 8).collect();
    format!("{kept}_{}", &digest[digest.len() - 4..])
}

/// `template % tokens`; none where a token is not known.
fn expand(template: &str, token: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let inner = rest.strip_prefix('(')?;
        let (name, after) = inner.split_once(')')?;
        out.push_str(&token(name)?);
        rest = after.strip_prefix('s')?;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convention(entries: &[(&str, &str)]) -> Convention {
        Convention::of(&Value::dict(entries.iter().map(|(k, v)| (Value::str(k), Value::str(v))))).unwrap()
    }

    #[test]
    fn templates_are_filled_in() {
        let columns = ["a".to_owned(), "b".to_owned()];
        let referred = ["id".to_owned()];
        let subject = |sort| Subject {
            sort,
            table: "t",
            schema: None,
            columns: &columns,
            referred_table: "other",
            referred_columns: &referred,
        };
        let table = [
            (Sort::Unique, "uq", "uq_%(table_name)s_%(column_0_N_name)s", Written::No, Some("uq_t_a_b")),
            (Sort::Unique, "uq", "uq_%(column_0N_label)s", Written::No, Some("uq_t_at_b")),
            (Sort::Unique, "uq", "uq_%(table_name)s_%(column_1_name)s", Written::Plain("mine".into()), Some("mine")),
            (Sort::Check, "ck", "ck_%(table_name)s_%(constraint_name)s", Written::Plain("x".into()), Some("ck_t_x")),
            (Sort::Check, "ck", "ck_%(table_name)s_%(constraint_name)s", Written::Final("x".into()), Some("x")),
            (Sort::Check, "ck", "ck_%(table_name)s_%(constraint_name)s", Written::No, None),
            (
                Sort::ForeignKey,
                "fk",
                "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s_%(referred_column_0_name)s",
                Written::No,
                Some("fk_t_a_other_id"),
            ),
            (Sort::PrimaryKey, "pk", "pk_%(table_name)s", Written::No, Some("pk_t")),
            (Sort::PrimaryKey, "uq", "uq_%(table_name)s", Written::No, None),
        ];
        for (sort, key, template, written, wanted) in table {
            let name = convention(&[(key, template)]).name(written, &subject(sort), Dialect::PostgreSql).unwrap();
            assert_eq!(name.as_deref(), wanted, "{template}");
        }
        let long = "x".repeat(67);
        let cut = format!("{}_1d58", "x".repeat(55));
        let by_name = convention(&[("ck", "%(constraint_name)s")]);
        let own =
            |convention: &Convention, written| convention.name(written, &subject(Sort::Check), Dialect::PostgreSql);
        assert_eq!(own(&Convention::default(), Written::Plain(long.clone())).unwrap(), Some("x".repeat(63)));
        assert_eq!(own(&Convention::default(), Written::Final(long.clone())).unwrap().as_ref(), Some(&cut));
        assert_eq!(own(&by_name, Written::Plain(long)).unwrap().as_ref(), Some(&cut));
        let wide = Written::Plain(format!("x{}", "é".repeat(40))).in_statement(Dialect::PostgreSql).unwrap();
        assert_eq!(wide.len(), 63);
        let default = Convention::default().name(Written::No, &subject(Sort::Index), Dialect::PostgreSql).unwrap();
        assert_eq!(default.as_deref(), Some("ix_t_a"));
        assert!(
            convention(&[("uq", "%(own_token)s")])
                .name(Written::No, &subject(Sort::Unique), Dialect::PostgreSql)
                .is_err()
        );
    }
}

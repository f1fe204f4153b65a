//! The databases, and the rules in which they differ everywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A database product whose rules a project follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// PostgreSQL.
    PostgreSql,
    /// CockroachDB.
    CockroachDb,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    SqlServer,
    /// Oracle: types and names only (SQLAlchemy).
    Oracle,
}

impl Dialect {
    /// Every dialect that `--provider` takes.
    pub const ALL: [Dialect; 6] =
        [Self::PostgreSql, Self::CockroachDb, Self::MySql, Self::Sqlite, Self::SqlServer, Self::Oracle];

    /// The word for it on the command line, in the policy and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PostgreSql => "postgresql",
            Self::CockroachDb => "cockroachdb",
            Self::MySql => "mysql",
            Self::Sqlite => "sqlite",
            Self::SqlServer => "sqlserver",
            Self::Oracle => "oracle",
        }
    }

    /// Its name in prose.
    pub fn title(self) -> &'static str {
        match self {
            Self::PostgreSql => "PostgreSQL",
            Self::CockroachDb => "CockroachDB",
            Self::MySql => "MySQL",
            Self::Sqlite => "SQLite",
            Self::SqlServer => "SQL Server",
            Self::Oracle => "Oracle",
        }
    }

    /// Where unqualified names go before a search path is set.
    pub fn default_schema(self) -> &'static str {
        match self {
            Self::PostgreSql | Self::CockroachDb => "public",
            Self::SqlServer => "dbo",
            Self::MySql | Self::Sqlite | Self::Oracle => "",
        }
    }

    /// Whether names live in schemas inside one database. In MySQL a qualifier names another database; in SQLite an
    /// attached file: both are dropped, as a migration of one database writes them only for its own.
    pub fn has_schemas(self) -> bool {
        matches!(self, Self::PostgreSql | Self::CockroachDb | Self::SqlServer)
    }

    /// PostgreSQL and its wire-compatible kin: SERIAL, enum types, `::` casts.
    pub fn is_postgres_like(self) -> bool {
        matches!(self, Self::PostgreSql | Self::CockroachDb)
    }

    /// Whether names of tables compare without regard to case. (MySQL's tables follow the file system; migrations that
    /// work on a developer's machine and on the server do not differ by case alone.)
    pub fn folds_names(self) -> bool {
        !self.is_postgres_like()
    }

    /// Whether two names of tables, types or indexes are the same object.
    pub fn same_name(self, a: &str, b: &str) -> bool {
        if !self.folds_names() {
            return a == b;
        }
        a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase())
    }

    /// The form of a name under which equal ones are equal text: what keys of maps are made of.
    pub fn folded(self, name: &str) -> String {
        if self.folds_names() { name.to_lowercase() } else { name.to_owned() }
    }

    /// Whether two names of columns are the same column.
    pub fn same_column(self, a: &str, b: &str) -> bool {
        self.same_name(a, b)
    }

    /// The longest identifier, in bytes (PostgreSQL) or characters (others); longer ones are cut by PostgreSQL.
    pub fn identifier_limit(self) -> usize {
        match self {
            Self::PostgreSql | Self::CockroachDb => 63,
            Self::MySql => 64,
            Self::SqlServer | Self::Oracle => 128,
            Self::Sqlite => 10_000,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown provider `{0}`")]
pub struct UnknownDialect(pub String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    /// Takes Prisma's provider names, SQLAlchemy's dialect names and the usual short forms.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(match word.to_ascii_lowercase().as_str() {
            "postgresql" | "postgres" | "pg" => Self::PostgreSql,
            "cockroachdb" | "cockroach" => Self::CockroachDb,
            "mysql" | "mariadb" => Self::MySql,
            "sqlite" | "sqlite3" => Self::Sqlite,
            "sqlserver" | "mssql" => Self::SqlServer,
            "oracle" => Self::Oracle,
            _ => return Err(UnknownDialect(word.to_owned())),
        })
    }
}

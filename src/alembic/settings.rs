//! What the names of settings say of the database that is used.

use crate::catalog::Dialect;

/// What a condition on a setting or a helper comes to that is named for a database: `is_postgres`, `settings.pg_uri`,
/// `mysql_dsn_data`. Such settings are filled in where that database is used, and the database is known here. None for
/// every other name: a word for the database alone (`pg_partitions`) says nothing of whether it is used, and with a word
/// for anything else (`use_pg_trgm`) it is that which is asked about.
pub(super) fn names_database(name: &str, dialect: Dialect) -> Option<bool> {
    const SETTING: &[&str] =
        &["uri", "url", "dsn", "host", "hostname", "connection", "conn", "is", "use", "using", "uses", "on", "backend"];
    const BESIDE: &[&str] = &["db", "database", "dialect", "engine", "data", "bind", "driver", "sql", "sqlalchemy", ""];
    let words: Vec<String> = name.split('_').map(str::to_lowercase).collect();
    let of = |word: &str| match word {
        "pg" | "postgres" | "postgresql" | "psql" => Some(dialect.is_postgres_like()),
        "mysql" | "mariadb" => Some(dialect == Dialect::MySql),
        "sqlite" | "sqlite3" => Some(dialect == Dialect::Sqlite),
        "mssql" => Some(dialect == Dialect::SqlServer),
        "oracle" => Some(dialect == Dialect::Oracle),
        _ => None,
    };
    let mut found = words.iter().filter_map(|word| of(word));
    let answer = found.next().filter(|_| found.next().is_none())?;
    let about_it = |word: &String| of(word).is_some() || SETTING.contains(&&**word) || BESIDE.contains(&&**word);
    let setting = words.iter().any(|word| SETTING.contains(&word.as_str()));
    (setting && words.iter().all(about_it)).then_some(answer)
}

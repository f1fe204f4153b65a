//! Column types in canonical form.
//!
//! Every reader hands over types in one spelling: the words of the dialect's own catalog, in lower case, aliases
//! resolved (`int4` → `integer`, `character varying` → `varchar`, `timestamp with time zone` → `timestamptz`). The
//! tables of aliases are in [`canonical`]; SQL, the schema language and SQLAlchemy all go through it, so two spellings
//! of one type can never differ by accident.

use std::fmt;

use super::{ColumnDefault, Dialect, ObjectName};

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnType {
    /// The type of one element.
    pub kind: TypeKind,
    /// Whether it is an array of them (PostgreSQL does not tell dimensions apart).
    pub array: bool,
}

/// The type of one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeKind {
    /// A built-in type.
    Builtin {
        /// Canonical name in lower case.
        name: String,
        /// Modifiers: length, precision and scale, fractional seconds. SQL Server's `max` is -1.
        args: Vec<i64>,
        /// MySQL's UNSIGNED.
        unsigned: bool,
    },
    /// A type named by the user: enum, domain, composite, a type of an extension.
    Named(ObjectName),
    /// MySQL's inline ENUM or SET.
    Inline {
        /// SET rather than ENUM.
        set: bool,
        /// Labels, in order.
        labels: Vec<String>,
    },
    /// A type whose text is known and means nothing to driftgate (`Unsupported("…")`), in canonical text.
    Other(String),
    /// A type that could not be evaluated: nothing is said about it.
    Unknown,
}

impl TypeKind {
    /// The name of a type that is no built-in one, without modifiers: `vector` of `vector(3)`.
    pub(crate) fn user_name(&self) -> Option<ObjectName> {
        match self {
            Self::Named(name) => Some(name.clone()),
            Self::Other(text) => {
                let (word, _) = text.split_once('(')?;
                Some(ObjectName::bare(word.trim().trim_matches('"')))
            }
            _ => None,
        }
    }
}

impl ColumnType {
    /// A built-in type without modifiers.
    pub fn builtin(name: impl Into<String>) -> Self {
        Self::builtin_with(name, Vec::new())
    }

    /// A built-in type with modifiers.
    pub fn builtin_with(name: impl Into<String>, args: Vec<i64>) -> Self {
        Self { kind: TypeKind::Builtin { name: name.into(), args, unsigned: false }, array: false }
    }

    /// A type that could not be evaluated.
    pub fn unknown() -> Self {
        Self { kind: TypeKind::Unknown, array: false }
    }

    /// The canonical name of a built-in type.
    pub fn builtin_name(&self) -> Option<&str> {
        match &self.kind {
            TypeKind::Builtin { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The modifiers of a built-in type; none for others.
    pub fn args(&self) -> &[i64] {
        match &self.kind {
            TypeKind::Builtin { args, .. } => args,
            _ => &[],
        }
    }
}

impl fmt::Display for ColumnType {
    /// As a person writes it: `varchar(255)`, `numeric(10,2)[]`, `enum('a','b')`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TypeKind::Builtin { name, args, unsigned } => {
                f.write_str(name)?;
                if !args.is_empty() {
                    let args: Vec<String> =
                        args.iter().map(|&arg| if arg < 0 { "max".to_owned() } else { arg.to_string() }).collect();
                    write!(f, "({})", args.join(","))?;
                }
                if *unsigned {
                    f.write_str(" unsigned")?;
                }
            }
            TypeKind::Named(name) => write!(f, "{name}")?,
            TypeKind::Inline { set, labels } => {
                let labels: Vec<String> =
                    labels.iter().map(|label| format!("'{}'", label.replace('\'', "''"))).collect();
                write!(f, "{}({})", if *set { "set" } else { "enum" }, labels.join(","))?;
            }
            TypeKind::Other(text) => f.write_str(text)?,
            TypeKind::Unknown => f.write_str("unknown type")?,
        }
        if self.array { f.write_str("[]") } else { Ok(()) }
    }
}

/// The canonical form of a type that is written as words and modifiers.
///
/// `words` are the type's own words joined by one blank, in lower case (`double precision`, `timestamp with time
/// zone`, `int4`); modifiers have been taken out. Returns none where the dialect has no such built-in type: then it is
/// a user's type. PostgreSQL: <https://www.postgresql.org/docs/current/datatype.html>, table 8.1, and
/// `pg_catalog.pg_type`; MySQL: "11.1 Numeric Data Types" and following; SQL Server: "Data types (Transact-SQL)".
/// SQLite takes any name; see [`sqlite_affinity`] for what it makes of it.
pub fn canonical(dialect: Dialect, words: &str, args: &[i64]) -> Option<ColumnType> {
    let name = match dialect {
        Dialect::PostgreSql => postgres_name(words)?,
        Dialect::CockroachDb => match words {
            "string" => "text",
            "bytes" | "blob" => "bytea",
            // CockroachDB's INT is 64 bits wide (`default_int_size`).
            "int" | "integer" | "int64" => "bigint",
            "serial" => "bigserial",
            "datetime" => "timestamp",
            other => postgres_name(other)?,
        },
        Dialect::MySql => mysql_name(words)?,
        Dialect::SqlServer => sqlserver_name(words)?,
        Dialect::Sqlite | Dialect::Oracle => words,
    };
    let mut args = args.to_vec();
    // A length that is the type's own default is not written: `char` is `char(1)`, `bit` is `bit(1)`.
    if dialect.is_postgres_like() && args.is_empty() && matches!(name, "char" | "bit") {
        args.push(1);
    }
    // `numeric(10)` has scale 0 in every dialect that has NUMERIC.
    if args.len() == 1 && matches!(name, "numeric" | "decimal") && dialect != Dialect::Sqlite {
        args.push(0);
    }
    // PostgreSQL: `float(1..24)` is `real`, `float(25..53)` is `double precision`.
    if dialect.is_postgres_like() && words == "float" {
        let single = args.first().is_some_and(|&bits| bits <= 24);
        return Some(ColumnType::builtin(if single { "real" } else { "double precision" }));
    }
    Some(ColumnType::builtin_with(name, args))
}

/// PostgreSQL's built-in types by every name they answer to.
fn postgres_name(words: &str) -> Option<&str> {
    Some(match words {
        "int" | "int4" | "integer" => "integer",
        "int2" | "smallint" => "smallint",
        "int8" | "bigint" => "bigint",
        "serial" | "serial4" => "serial",
        "bigserial" | "serial8" => "bigserial",
        "smallserial" | "serial2" => "smallserial",
        "float8" | "double precision" | "float" => "double precision",
        "float4" | "real" => "real",
        "numeric" | "decimal" | "dec" => "numeric",
        "bool" | "boolean" => "boolean",
        "varchar"
        | "character varying"
        | "char varying"
        | "national character varying"
        | "national char varying"
        | "nchar varying" => "varchar",
        "char" | "character" | "bpchar" | "nchar" | "national character" | "national char" => "char",
        "varbit" | "bit varying" => "varbit",
        "timestamp" | "timestamp without time zone" => "timestamp",
        "timestamptz" | "timestamp with time zone" => "timestamptz",
        "time" | "time without time zone" => "time",
        "timetz" | "time with time zone" => "timetz",
        "bit" | "bytea" | "box" | "cidr" | "circle" | "date" | "daterange" | "datemultirange" | "inet"
        | "int4range" | "int4multirange" | "int8range" | "int8multirange" | "interval" | "json" | "jsonb"
        | "jsonpath" | "line" | "lseg" | "macaddr" | "macaddr8" | "money" | "name" | "numrange" | "nummultirange"
        | "oid" | "path" | "pg_lsn" | "pg_snapshot" | "point" | "polygon" | "regclass" | "regconfig"
        | "regdictionary" | "regnamespace" | "regoper" | "regoperator" | "regproc" | "regprocedure" | "regrole"
        | "regtype" | "text" | "tsquery" | "tsrange" | "tsmultirange" | "tstzrange" | "tstzmultirange" | "tsvector"
        | "txid_snapshot" | "uuid" | "xml" | "xid" | "cid" | "tid" => words,
        _ => return None,
    })
}

/// MySQL's built-in types by every name they answer to.
fn mysql_name(words: &str) -> Option<&str> {
    Some(match words {
        "int" | "integer" | "int4" => "int",
        "tinyint" | "int1" => "tinyint",
        "smallint" | "int2" => "smallint",
        "mediumint" | "int3" | "middleint" => "mediumint",
        "bigint" | "int8" => "bigint",
        "bool" | "boolean" => "boolean",
        "decimal" | "numeric" | "dec" | "fixed" => "decimal",
        "double" | "double precision" | "float8" | "real" => "double",
        "float" | "float4" => "float",
        "varchar"
        | "character varying"
        | "char varying"
        | "nvarchar"
        | "national varchar"
        | "national character varying" => "varchar",
        "char" | "character" | "nchar" | "national char" | "national character" => "char",
        "mediumtext" | "long" | "long varchar" => "mediumtext",
        "mediumblob" | "long varbinary" => "mediumblob",
        "serial" => "serial",
        "bit" | "binary" | "varbinary" | "tinytext" | "text" | "longtext" | "tinyblob" | "blob" | "longblob"
        | "json" | "date" | "datetime" | "timestamp" | "time" | "year" | "geometry" | "point" | "linestring"
        | "polygon" | "multipoint" | "multilinestring" | "multipolygon" | "geometrycollection" | "uuid" | "inet4"
        | "inet6" | "vector" => words,
        _ => return None,
    })
}

/// SQL Server's built-in types by every name they answer to.
fn sqlserver_name(words: &str) -> Option<&str> {
    Some(match words {
        "int" | "integer" => "int",
        "decimal" | "dec" => "decimal",
        "varchar" | "character varying" | "char varying" => "varchar",
        "char" | "character" => "char",
        "nvarchar" | "national character varying" | "national char varying" => "nvarchar",
        "nchar" | "national character" | "national char" => "nchar",
        "varbinary" | "binary varying" => "varbinary",
        "rowversion" | "timestamp" => "timestamp",
        "double precision" => "float",
        "bit" | "tinyint" | "smallint" | "bigint" | "numeric" | "float" | "real" | "money" | "smallmoney" | "date"
        | "datetime" | "datetime2" | "datetimeoffset" | "smalldatetime" | "time" | "text" | "ntext" | "binary"
        | "image" | "uniqueidentifier" | "xml" | "sql_variant" | "hierarchyid" | "geography" | "geometry"
        | "sysname" | "json" => words,
        _ => return None,
    })
}

/// The values of PostgreSQL's array literal, one level deep: `{a,"b,c",NULL}`.
/// <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>
pub fn array_literal(text: &str) -> Option<Vec<ColumnDefault>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut values = Vec::new();
    let mut chars = inner.chars().peekable();
    if inner.trim().is_empty() {
        return Some(values);
    }
    loop {
        let mut value = String::new();
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let quoted = chars.next_if_eq(&'"').is_some();
        if quoted {
            loop {
                match chars.next()? {
                    '\\' => value.push(chars.next()?),
                    '"' => break,
                    c => value.push(c),
                }
            }
        } else {
            while let Some(c) = chars.next_if(|c| *c != ',') {
                if c == '{' {
                    return None;
                }
                value.push(c);
            }
            value.truncate(value.trim_end().len());
        }
        let null = !quoted && value.eq_ignore_ascii_case("null");
        values.push(if null { ColumnDefault::Null } else { ColumnDefault::Text(value) });
        match chars.next() {
            Some(',') => {}
            Some(_) => return None,
            None => return Some(values),
        }
    }
}

impl ColumnDefault {
    /// The same as a default of a column of type `ty`: a string is an array's literal where the type is an array.
    #[must_use]
    pub fn of_type(self, ty: &ColumnType) -> Self {
        match self {
            Self::Text(text) if ty.array => array_literal(&text).map_or(Self::Text(text), Self::List),
            other => other,
        }
    }
}

/// The affinity that SQLite gives a declared type: <https://www.sqlite.org/datatype3.html>, section 3.1.
pub fn sqlite_affinity(words: &str) -> &'static str {
    let upper = words.to_ascii_uppercase();
    if upper.contains("INT") {
        "integer"
    } else if upper.contains("CHAR") || upper.contains("CLOB") || upper.contains("TEXT") {
        "text"
    } else if upper.contains("BLOB") || upper.is_empty() {
        "blob"
    } else if upper.contains("REAL") || upper.contains("FLOA") || upper.contains("DOUB") {
        "real"
    } else {
        "numeric"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn array_literals_are_read() {
        let text = |text: &str| ColumnDefault::Text(text.to_owned());
        assert_eq!(array_literal("{}"), Some(vec![]));
        assert_eq!(
            array_literal(r#"{a,"b,c","d\"e", NULL}"#),
            Some(vec![text("a"), text("b,c"), text("d\"e"), ColumnDefault::Null])
        );
        assert_eq!(array_literal("{{1},{2}}"), None);
        assert_eq!(array_literal("a"), None);
    }

    #[test]
    fn one_type_has_one_spelling() {
        let pg = |words, args: &[i64]| canonical(Dialect::PostgreSql, words, args).map(|ty| ty.to_string());
        assert_eq!(pg("int4", &[]).as_deref(), Some("integer"));
        assert_eq!(pg("character varying", &[255]).as_deref(), Some("varchar(255)"));
        assert_eq!(pg("float", &[24]).as_deref(), Some("real"));
        assert_eq!(pg("float", &[]).as_deref(), Some("double precision"));
        assert_eq!(pg("decimal", &[10]).as_deref(), Some("numeric(10,0)"));
        assert_eq!(pg("char", &[]).as_deref(), Some("char(1)"));
        assert_eq!(pg("Role", &[]), None);
        assert_eq!(canonical(Dialect::CockroachDb, "int", &[]), Some(ColumnType::builtin("bigint")));
        assert_eq!(
            canonical(Dialect::SqlServer, "nvarchar", &[-1]).map(|ty| ty.to_string()).as_deref(),
            Some("nvarchar(max)")
        );
    }
}

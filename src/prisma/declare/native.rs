//! Column types: what scalar types become by default, and the native types (`@db.…`) of each provider
//! (`psl/psl-core/src/builtin_connectors/*/native_types.rs` and `SCALAR_TYPE_DEFAULTS`).

use crate::catalog::types::canonical;
use crate::catalog::{ColumnType, Dialect, ObjectName, TypeKind};
use crate::prisma::schema::ast::{Attribute, Expr, ExprKind};
use crate::prisma::schema::resolve::Scalar;

/// How many arguments a native type takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// None.
    None,
    /// One, or none.
    Optional,
    /// Exactly one.
    One,
    /// Two, or none: precision and scale.
    Pair,
    /// One, or none, and `Max` counts as one (SQL Server).
    Max,
}

/// A native type of a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Native {
    /// Its name behind `@db.`.
    pub(crate) name: &'static str,
    /// The database's words for it, in lower case.
    words: &'static str,
    /// What it takes.
    pub(crate) arguments: Arguments,
    /// The scalar types that it can carry.
    pub(crate) carries: &'static [Scalar],
}

macro_rules! natives {
    ($($name:literal $words:literal $arguments:ident [$($scalar:ident)+];)+) => {
        &[$(Native {
            name: $name,
            words: $words,
            arguments: Arguments::$arguments,
            carries: &[$(Scalar::$scalar),+],
        },)+]
    };
}

const POSTGRES: &[Native] = natives! {
    "SmallInt" "smallint" None [Int];
    "Integer" "integer" None [Int];
    "BigInt" "bigint" None [BigInt];
    "Decimal" "numeric" Pair [Decimal];
    "Money" "money" None [Decimal];
    "Inet" "inet" None [String];
    "Oid" "oid" None [Int];
    "Citext" "citext" None [String];
    "Real" "real" None [Float];
    "DoublePrecision" "double precision" None [Float];
    "VarChar" "varchar" Optional [String];
    "Char" "char" Optional [String];
    "Text" "text" None [String];
    "ByteA" "bytea" None [Bytes];
    "Timestamp" "timestamp" Optional [DateTime];
    "Timestamptz" "timestamptz" Optional [DateTime];
    "Date" "date" None [DateTime];
    "Time" "time" Optional [DateTime];
    "Timetz" "timetz" Optional [DateTime];
    "Boolean" "boolean" None [Boolean];
    "Bit" "bit" Optional [String];
    "VarBit" "varbit" Optional [String];
    "Uuid" "uuid" None [String];
    "Xml" "xml" None [String];
    "Json" "json" None [Json];
    "JsonB" "jsonb" None [Json];
};

const COCKROACH: &[Native] = natives! {
    "Bit" "bit" Optional [String];
    "Bool" "bool" None [Boolean];
    "Bytes" "bytes" None [Bytes];
    "Char" "char" Optional [String];
    "Date" "date" None [DateTime];
    "Decimal" "decimal" Pair [Decimal];
    "Float4" "float4" None [Float];
    "Float8" "float8" None [Float];
    "Inet" "inet" None [String];
    "Int2" "int2" None [Int];
    "Int4" "int4" None [Int];
    "Int8" "int8" None [BigInt];
    "JsonB" "jsonb" None [Json];
    "Oid" "oid" None [Int];
    "CatalogSingleChar" "\"char\"" None [String];
    "String" "string" Optional [String];
    "Time" "time" Optional [DateTime];
    "Timetz" "timetz" Optional [DateTime];
    "Timestamp" "timestamp" Optional [DateTime];
    "Timestamptz" "timestamptz" Optional [DateTime];
    "Uuid" "uuid" None [String];
    "VarBit" "varbit" Optional [String];
};

const MYSQL: &[Native] = natives! {
    "Int" "int" None [Int];
    "UnsignedInt" "int unsigned" None [Int];
    "SmallInt" "smallint" None [Int];
    "UnsignedSmallInt" "smallint unsigned" None [Int];
    "TinyInt" "tinyint" None [Boolean Int];
    "UnsignedTinyInt" "tinyint unsigned" None [Boolean Int];
    "MediumInt" "mediumint" None [Int];
    "UnsignedMediumInt" "mediumint unsigned" None [Int];
    "BigInt" "bigint" None [BigInt];
    "UnsignedBigInt" "bigint unsigned" None [BigInt];
    "Decimal" "decimal" Pair [Decimal];
    "Float" "float" None [Float];
    "Double" "double" None [Float];
    "Bit" "bit" One [Boolean Bytes];
    "Char" "char" One [String];
    "VarChar" "varchar" One [String];
    "Binary" "binary" One [Bytes];
    "VarBinary" "varbinary" One [Bytes];
    "TinyBlob" "tinyblob" None [Bytes];
    "Blob" "blob" None [Bytes];
    "MediumBlob" "mediumblob" None [Bytes];
    "LongBlob" "longblob" None [Bytes];
    "TinyText" "tinytext" None [String];
    "Text" "text" None [String];
    "MediumText" "mediumtext" None [String];
    "LongText" "longtext" None [String];
    "Date" "date" None [DateTime];
    "Time" "time" Optional [DateTime];
    "DateTime" "datetime" Optional [DateTime];
    "Timestamp" "timestamp" Optional [DateTime];
    "Year" "year" None [Int];
    "Json" "json" None [Json];
};

const SQL_SERVER: &[Native] = natives! {
    "TinyInt" "tinyint" None [Int];
    "SmallInt" "smallint" None [Int];
    "Int" "int" None [Int];
    "BigInt" "bigint" None [BigInt];
    "Decimal" "decimal" Pair [Decimal];
    "Money" "money" None [Float];
    "SmallMoney" "smallmoney" None [Float];
    "Bit" "bit" None [Boolean Int];
    "Float" "float" Optional [Float];
    "Real" "real" None [Float];
    "Date" "date" None [DateTime];
    "Time" "time" None [DateTime];
    "DateTime" "datetime" None [DateTime];
    "DateTime2" "datetime2" None [DateTime];
    "DateTimeOffset" "datetimeoffset" None [DateTime];
    "SmallDateTime" "smalldatetime" None [DateTime];
    "Char" "char" Optional [String];
    "NChar" "nchar" Optional [String];
    "VarChar" "varchar" Max [String];
    "Text" "text" None [String];
    "NVarChar" "nvarchar" Max [String];
    "NText" "ntext" None [String];
    "Binary" "binary" Optional [Bytes];
    "VarBinary" "varbinary" Max [Bytes];
    "Image" "image" None [Bytes];
    "Xml" "xml" None [String];
    "UniqueIdentifier" "uniqueidentifier" None [String];
};

/// The native types of a provider. SQLite has none.
pub(crate) fn natives(dialect: Dialect) -> &'static [Native] {
    match dialect {
        Dialect::PostgreSql => POSTGRES,
        Dialect::CockroachDb => COCKROACH,
        Dialect::MySql => MYSQL,
        Dialect::SqlServer => SQL_SERVER,
        Dialect::Sqlite | Dialect::Oracle => &[],
    }
}

/// The native type of that name.
pub(crate) fn native(dialect: Dialect, name: &str) -> Option<&'static Native> {
    natives(dialect).iter().find(|native| native.name == name)
}

/// The type of a column that a native type asks for; unknown where the provider has no such type.
pub(crate) fn native_type(dialect: Dialect, name: &str, attribute: &Attribute) -> ColumnType {
    let Some(native) = native(dialect, name) else { return ColumnType::unknown() };
    let args: Option<Vec<i64>> = attribute.arguments.iter().map(|argument| modifier(&argument.value)).collect();
    args.map_or_else(ColumnType::unknown, |args| spelled(dialect, native.words, &args))
}

/// The type of a column without a native type.
pub(crate) fn default_type(dialect: Dialect, scalar: Scalar) -> ColumnType {
    let (words, args): (&str, &[i64]) = match dialect {
        Dialect::PostgreSql => postgres_default(scalar),
        Dialect::CockroachDb => match scalar {
            Scalar::Int => ("int4", &[]),
            other => postgres_default(other),
        },
        Dialect::MySql => mysql_default(scalar),
        Dialect::SqlServer => sql_server_default(scalar),
        Dialect::Sqlite | Dialect::Oracle => (sqlite_default(scalar), &[]),
    };
    spelled(dialect, words, args)
}

fn postgres_default(scalar: Scalar) -> (&'static str, &'static [i64]) {
    match scalar {
        Scalar::Int => ("integer", &[]),
        Scalar::BigInt => ("bigint", &[]),
        Scalar::Float => ("double precision", &[]),
        Scalar::Decimal => ("numeric", &[65, 30]),
        Scalar::Boolean => ("boolean", &[]),
        Scalar::String => ("text", &[]),
        Scalar::DateTime => ("timestamp", &[3]),
        Scalar::Json => ("jsonb", &[]),
        Scalar::Bytes => ("bytea", &[]),
    }
}

fn mysql_default(scalar: Scalar) -> (&'static str, &'static [i64]) {
    match scalar {
        Scalar::Int => ("int", &[]),
        Scalar::BigInt => ("bigint", &[]),
        Scalar::Float => ("double", &[]),
        Scalar::Decimal => ("decimal", &[65, 30]),
        Scalar::Boolean => ("boolean", &[]),
        Scalar::String => ("varchar", &[191]),
        Scalar::DateTime => ("datetime", &[3]),
        Scalar::Json => ("json", &[]),
        Scalar::Bytes => ("longblob", &[]),
    }
}

fn sql_server_default(scalar: Scalar) -> (&'static str, &'static [i64]) {
    match scalar {
        Scalar::Int => ("int", &[]),
        Scalar::BigInt => ("bigint", &[]),
        Scalar::Float => ("float", &[53]),
        Scalar::Decimal => ("decimal", &[32, 16]),
        Scalar::Boolean => ("bit", &[]),
        Scalar::String | Scalar::Json => ("nvarchar", &[1000]),
        Scalar::DateTime => ("datetime2", &[]),
        Scalar::Bytes => ("varbinary", &[-1]),
    }
}

fn sqlite_default(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Int => "integer",
        Scalar::BigInt => "bigint",
        Scalar::Float => "real",
        Scalar::Decimal => "decimal",
        Scalar::Boolean => "boolean",
        Scalar::String => "text",
        Scalar::DateTime => "datetime",
        Scalar::Json => "jsonb",
        Scalar::Bytes => "blob",
    }
}

/// A number, or `Max`.
fn modifier(value: &Expr) -> Option<i64> {
    match &value.kind {
        ExprKind::Number(text) => text.parse().ok(),
        ExprKind::Constant(name) if name == "Max" => Some(-1),
        _ => None,
    }
}

/// The canonical form of a type; what the database does not build in belongs to an extension (`citext`).
fn spelled(dialect: Dialect, words: &str, args: &[i64]) -> ColumnType {
    let (words, is_unsigned) = words.strip_suffix(" unsigned").map_or((words, false), |words| (words, true));
    let Some(mut ty) = canonical(dialect, words, args) else {
        return ColumnType { kind: TypeKind::Named(ObjectName::bare(words)), array: false };
    };
    if let TypeKind::Builtin { unsigned, .. } = &mut ty.kind {
        *unsigned = is_unsigned;
    }
    ty
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_have_the_types_the_engine_gives_them() {
        use Dialect::{CockroachDb, MySql, PostgreSql, SqlServer, Sqlite};
        for (scalar, expected) in [
            (Scalar::Int, ["integer", "integer", "int", "integer", "int"]),
            (Scalar::BigInt, ["bigint", "bigint", "bigint", "bigint", "bigint"]),
            (Scalar::Float, ["double precision", "double precision", "double", "real", "float(53)"]),
            (Scalar::Decimal, ["numeric(65,30)", "numeric(65,30)", "decimal(65,30)", "decimal", "decimal(32,16)"]),
            (Scalar::Boolean, ["boolean", "boolean", "boolean", "boolean", "bit"]),
            (Scalar::String, ["text", "text", "varchar(191)", "text", "nvarchar(1000)"]),
            (Scalar::DateTime, ["timestamp(3)", "timestamp(3)", "datetime(3)", "datetime", "datetime2"]),
            (Scalar::Json, ["jsonb", "jsonb", "json", "jsonb", "nvarchar(1000)"]),
            (Scalar::Bytes, ["bytea", "bytea", "longblob", "blob", "varbinary(max)"]),
        ] {
            let found = [PostgreSql, CockroachDb, MySql, Sqlite, SqlServer]
                .map(|dialect| default_type(dialect, scalar).to_string());
            assert_eq!(found, expected, "{scalar:?}");
        }
    }

    #[test]
    fn every_native_type_is_a_type_of_its_provider() {
        for dialect in [Dialect::PostgreSql, Dialect::CockroachDb, Dialect::MySql, Dialect::SqlServer] {
            for native in natives(dialect) {
                let ty = spelled(dialect, native.words, &[]);
                let is_builtin = ty.builtin_name().is_some();
                assert_eq!(is_builtin, !matches!(native.name, "Citext" | "CatalogSingleChar"), "{}", native.name);
            }
        }
    }
}

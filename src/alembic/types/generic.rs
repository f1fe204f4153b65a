//! SQLAlchemy's own types, generic, standard and of each dialect.

use super::{Doubt, Reader, SqlType, TypeCheck, flag_arg, int_arg, text_arg};
use crate::alembic::python::{Args, Value};
use crate::catalog::types::TypeKind;
use crate::catalog::{ColumnType, Dialect, ObjectName};
use crate::source::Place;

/// Names of types in `sqlalchemy` itself.
const TYPES: &[&str] = &[
    "ARRAY",
    "BIGINT",
    "BINARY",
    "BLOB",
    "BOOLEAN",
    "BigInteger",
    "Boolean",
    "CHAR",
    "CLOB",
    "Concatenable",
    "DATE",
    "DATETIME",
    "DECIMAL",
    "DOUBLE",
    "DOUBLE_PRECISION",
    "Date",
    "DateTime",
    "Double",
    "Enum",
    "FLOAT",
    "Float",
    "INT",
    "INTEGER",
    "Integer",
    "Interval",
    "JSON",
    "LargeBinary",
    "MatchType",
    "NCHAR",
    "NUMERIC",
    "NVARCHAR",
    "NullType",
    "Numeric",
    "PickleType",
    "REAL",
    "SMALLINT",
    "SmallInteger",
    "String",
    "TEXT",
    "TIME",
    "TIMESTAMP",
    "Text",
    "Time",
    "TypeDecorator",
    "TypeEngine",
    "UUID",
    "Unicode",
    "UnicodeText",
    "UserDefinedType",
    "Uuid",
    "VARBINARY",
    "VARCHAR",
    "Binary",
    "NCLOB",
    "SchemaType",
    "NumericCommon",
];

/// Whether a canonical path is a type of SQLAlchemy.
pub(super) fn is_known(path: &str) -> bool {
    if let Some(name) = path.strip_prefix("sqlalchemy.dialects.") {
        let name = name.rsplit('.').next().unwrap_or(name);
        // A dialect's types are written in capitals; so are no other things in it but `Insert` and `ExcludeConstraint`.
        return name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            || matches!(name, "Range" | "DOMAIN");
    }
    path.strip_prefix("sqlalchemy.").is_some_and(|name| TYPES.contains(&name))
}

type Read = Result<SqlType, Doubt>;

impl Reader<'_, '_> {
    /// The type that a name of SQLAlchemy makes with these arguments; none where it is no type.
    pub(super) fn generic(&mut self, path: &str, args: &Args, place: Option<&Place>) -> Option<SqlType> {
        let read = if let Some(rest) = path.strip_prefix("sqlalchemy.dialects.") {
            let (dialect, name) = rest.split_once('.')?;
            let name = name.rsplit('.').next().unwrap_or(name);
            match dialect {
                "postgresql" => self.postgresql(name, args, place),
                "mysql" => self.mysql(name, args, place),
                "mssql" => self.mssql(name, args),
                "oracle" => self.oracle(name, args),
                "sqlite" => None,
                _ => return None,
            }
            .or_else(|| self.standard(name, args, place))?
        } else {
            self.standard(path.strip_prefix("sqlalchemy.")?, args, place)?
        };
        Some(read.unwrap_or_else(|doubt| SqlType::doubt(doubt.reason, doubt.place.or_else(|| place.cloned()))))
    }

    /// Generic types (`Integer`) and those in capitals (`INTEGER`).
    fn standard(&mut self, name: &str, args: &Args, place: Option<&Place>) -> Option<Read> {
        use Dialect as D;
        let dialect = self.dialect;
        let integer = |words: &str, reader: &Self| Ok(SqlType { integer: true, ..reader.words(words, &[]) });
        Some(match name {
            "Integer" | "INTEGER" | "INT" => integer("integer", self),
            "SmallInteger" | "SMALLINT" => integer("smallint", self),
            "BigInteger" | "BIGINT" => integer("bigint", self),
            "String" | "VARCHAR" => self.string("varchar", args),
            "Unicode" if dialect == D::SqlServer => self.string("nvarchar", args),
            "Unicode" => self.string("varchar", args),
            "NVARCHAR" => self.string("nvarchar", args),
            "CHAR" => self.string("char", args),
            "NCHAR" => self.string("nchar", args),
            "Text" if dialect == D::SqlServer => self.large("varchar", args),
            "UnicodeText" if dialect == D::SqlServer => self.large("nvarchar", args),
            "Text" | "UnicodeText" if dialect == D::Oracle => Ok(self.words("clob", &[])),
            "Text" | "TEXT" | "UnicodeText" => self.string("text", args),
            "CLOB" => Ok(self.words("clob", &[])),
            "NCLOB" => Ok(self.words("nclob", &[])),
            "Numeric" | "NUMERIC" => self.numeric("numeric", args),
            "DECIMAL" => self.numeric("decimal", args),
            "Float" | "FLOAT" => self.float(args),
            "Double" if matches!(dialect, D::PostgreSql | D::CockroachDb | D::SqlServer | D::Oracle) => {
                Ok(self.words("double precision", &[]))
            }
            "Double" | "DOUBLE" => Ok(self.words("double", &[])),
            "DOUBLE_PRECISION" => Ok(self.words("double precision", &[])),
            "REAL" => Ok(self.words("real", &[])),
            "DateTime" => self.datetime(args),
            "DATETIME" => Ok(self.words("datetime", &[])),
            "TIMESTAMP" => self.zoned("timestamp", args),
            "Date" | "DATE" => Ok(self.words("date", &[])),
            "Time" | "TIME" => self.zoned("time", args),
            "Boolean" => self.boolean(args),
            "BOOLEAN" => self.boolean(args),
            "LargeBinary" | "Binary" => self.binary(args),
            "BLOB" => match int_arg(args, 0, "length") {
                Ok(Some(length)) if dialect == D::MySql => Ok(self.words("blob", &[length])),
                Ok(_) => Ok(self.words("blob", &[])),
                Err(doubt) => Err(doubt),
            },
            "BINARY" => self.sized("binary", args),
            "VARBINARY" if dialect == D::SqlServer => self.large("varbinary", args),
            "VARBINARY" => self.sized("varbinary", args),
            "PickleType" => match args.keyword("impl") {
                Some(inner) => Ok(self.read(&inner.clone())),
                None => self.binary(&Args::default()),
            },
            "Interval" => self.interval(args),
            "JSON" if dialect == D::SqlServer => Ok(self.words("nvarchar", &[-1])),
            "JSON" | "JSONB" => Ok(self.words(&name.to_lowercase(), &[])),
            "Uuid" => self.uuid(args),
            "UUID" => Ok(self.words("uuid", &[])),
            "ARRAY" => self.array(args),
            "Enum" => Ok(self.enumeration(args, place)),
            "NullType" => Ok(SqlType::null()),
            "MatchType" => self.boolean(&Args::default()),
            "TypeEngine" | "TypeDecorator" | "UserDefinedType" | "SchemaType" | "Concatenable" => {
                Ok(SqlType::doubt(format!("the abstract type {name}"), place.cloned()))
            }
            _ => return None,
        })
    }

    fn postgresql(&mut self, name: &str, args: &Args, place: Option<&Place>) -> Option<Read> {
        Some(match name {
            "ENUM" => Ok(self.enumeration(args, place)),
            "TIMESTAMP" | "TIME" => self.zoned(&name.to_lowercase(), args),
            "INTERVAL" => match int_arg(args, 0, "precision") {
                Ok(Some(precision)) => Ok(self.words("interval", &[precision])),
                Ok(None) => Ok(self.words("interval", &[])),
                Err(doubt) => Err(doubt),
            },
            "BIT" => {
                let varying = flag_arg(args, Some(1), "varying", false);
                match (int_arg(args, 0, "length"), varying) {
                    (Ok(length), Ok(true)) => Ok(self.words("bit varying", &length.into_iter().collect::<Vec<_>>())),
                    (Ok(length), Ok(false)) => Ok(self.words("bit", &[length.unwrap_or(1)])),
                    (Err(doubt), _) | (_, Err(doubt)) => Err(doubt),
                }
            }
            "DOMAIN" => match args.get(0, "name").and_then(Value::as_str) {
                Some(name) => {
                    let name = ObjectName { schema: text_arg(args, "schema"), name: name.to_string() };
                    Ok(SqlType::plain(ColumnType { kind: TypeKind::Named(name), array: false }))
                }
                None => Ok(SqlType::doubt("a domain without a name", place.cloned())),
            },
            "ARRAY" | "UUID" | "JSON" | "TEXT" | "VARCHAR" | "CHAR" | "NUMERIC" | "FLOAT" | "REAL" | "INTEGER"
            | "BIGINT" | "SMALLINT" | "BOOLEAN" | "DATE" | "DOUBLE_PRECISION" | "DECIMAL" => return None,
            "PGUuid" => Ok(self.words("uuid", &[])),
            _ => Ok(self.words(&name.to_lowercase(), &[])),
        })
    }

    fn mysql(&mut self, name: &str, args: &Args, place: Option<&Place>) -> Option<Read> {
        let number = |reader: &Self, words: &str, sizes: Result<Vec<i64>, Doubt>, integer: bool| -> Read {
            let mut ty = reader.words(words, &sizes?);
            if let TypeKind::Builtin { unsigned, .. } = &mut ty.ty.kind {
                *unsigned = flag_arg(args, None, "unsigned", false)?;
            }
            ty.integer = integer;
            Ok(ty)
        };
        let one = |position, name| int_arg(args, position, name).map(|size| size.into_iter().collect::<Vec<_>>());
        let two = || -> Result<Vec<i64>, Doubt> {
            let precision = int_arg(args, 0, "precision")?;
            let scale = int_arg(args, 1, "scale")?;
            Ok(precision.into_iter().chain(scale.filter(|_| precision.is_some())).collect())
        };
        Some(match name {
            "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INTEGER" | "BIGINT" => {
                number(self, &name.to_lowercase(), one(0, "display_width"), true)
            }
            "DECIMAL" | "NUMERIC" => number(self, &name.to_lowercase(), two(), false),
            "DOUBLE" | "FLOAT" | "REAL" => number(self, &name.to_lowercase(), two(), false),
            "BIT" => one(0, "length").map(|sizes| self.words("bit", &sizes)),
            "YEAR" => Ok(self.words("year", &[])),
            "DATETIME" | "TIMESTAMP" | "TIME" => {
                // The first argument is `timezone`.
                one(1, "fsp").map(|sizes| {
                    let sizes: Vec<i64> = sizes.into_iter().filter(|&size| size != 0).collect();
                    self.words(&name.to_lowercase(), &sizes)
                })
            }
            "ENUM" => Ok(self.enumeration(args, place)),
            "SET" => Ok(self.set(args, place)),
            "TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT" => {
                let mut ty = self.words(&name.to_lowercase(), &[]);
                ty.collation = text_arg(args, "collation");
                Ok(ty)
            }
            "TINYBLOB" | "MEDIUMBLOB" | "LONGBLOB" => Ok(self.words(&name.to_lowercase(), &[])),
            _ => return None,
        })
    }

    fn mssql(&mut self, name: &str, args: &Args) -> Option<Read> {
        Some(match name {
            "DATETIME2" | "DATETIMEOFFSET" | "TIME" => int_arg(args, 0, "precision")
                .map(|size| self.words(&name.to_lowercase(), &size.into_iter().collect::<Vec<_>>())),
            "TINYINT" => Ok(SqlType { integer: true, ..self.words("tinyint", &[]) }),
            "NTEXT" | "BIT" | "IMAGE" | "MONEY" | "SMALLMONEY" | "SMALLDATETIME" | "ROWVERSION"
            | "UNIQUEIDENTIFIER" | "SQL_VARIANT" | "XML" => Ok(self.words(&name.to_lowercase(), &[])),
            "DOUBLE_PRECISION" => Ok(self.words("double precision", &[])),
            _ => return None,
        })
    }

    fn oracle(&mut self, name: &str, args: &Args) -> Option<Read> {
        Some(match name {
            "VARCHAR2" | "NVARCHAR2" | "RAW" => self.sized(&name.to_lowercase(), args),
            "NUMBER" => self.numeric("number", args),
            "BFILE" | "LONG" | "ROWID" | "BINARY_DOUBLE" | "BINARY_FLOAT" => Ok(self.words(&name.to_lowercase(), &[])),
            _ => return None,
        })
    }

    /// A type with a length and a collation.
    fn string(&self, words: &str, args: &Args) -> Read {
        let mut length = int_arg(args, 0, "length")?.filter(|&length| length > 0);
        let collation = args.get(1, "collation").and_then(Value::as_str).map(|text| text.to_string());
        let mut words = words;
        match (self.dialect, words) {
            (Dialect::MySql, "varchar" | "nvarchar") if length.is_none() => {
                return Err(Doubt { reason: "MySQL's VARCHAR needs a length".to_owned(), place: None });
            }
            (Dialect::SqlServer, "varchar" | "nvarchar") => length = Some(length.unwrap_or(-1)),
            (Dialect::PostgreSql | Dialect::CockroachDb, "text") => length = None,
            // Oracle writes VARCHAR2 for every string.
            (Dialect::Oracle, "varchar") => words = "varchar2",
            _ => {}
        }
        Ok(SqlType { collation, ..self.words(words, &length.into_iter().collect::<Vec<_>>()) })
    }

    /// SQL Server's large types: without a length they are `max`.
    fn large(&self, words: &str, args: &Args) -> Read {
        let length = match args.get(0, "length") {
            Some(value) if value.as_str().is_some_and(|word| &*word == "max") => None,
            _ => int_arg(args, 0, "length")?,
        };
        Ok(self.words(words, &[length.unwrap_or(-1)]))
    }

    fn sized(&self, words: &str, args: &Args) -> Read {
        Ok(self.words(words, &int_arg(args, 0, "length")?.into_iter().collect::<Vec<_>>()))
    }

    fn numeric(&self, words: &str, args: &Args) -> Read {
        let precision = int_arg(args, 0, "precision")?;
        let scale = int_arg(args, 1, "scale")?;
        let sizes: Vec<i64> = precision.into_iter().chain(scale.filter(|_| precision.is_some())).collect();
        Ok(self.words(words, &sizes))
    }

    fn float(&self, args: &Args) -> Read {
        let precision = int_arg(args, 0, "precision")?;
        // The generic compiler drops the precision; these dialects write it.
        let writes =
            matches!(self.dialect, Dialect::PostgreSql | Dialect::CockroachDb | Dialect::MySql | Dialect::SqlServer);
        let sizes: Vec<i64> = precision.filter(|_| writes).into_iter().collect();
        Ok(self.words("float", &sizes))
    }

    fn datetime(&self, args: &Args) -> Read {
        let zoned = flag_arg(args, Some(0), "timezone", false)?;
        Ok(match self.dialect {
            Dialect::PostgreSql | Dialect::CockroachDb if zoned => self.words("timestamptz", &[]),
            Dialect::PostgreSql | Dialect::CockroachDb => self.words("timestamp", &[]),
            Dialect::SqlServer if zoned => self.words("datetimeoffset", &[]),
            Dialect::Oracle => self.words("date", &[]),
            _ => self.words("datetime", &[]),
        })
    }

    /// `TIMESTAMP` and `TIME`: PostgreSQL alone tells the zone and takes a precision.
    fn zoned(&self, words: &str, args: &Args) -> Read {
        let zoned = flag_arg(args, Some(0), "timezone", false)?;
        if !self.dialect.is_postgres_like() {
            return Ok(self.words(words, &[]));
        }
        let precision: Vec<i64> = int_arg(args, 1, "precision")?.into_iter().collect();
        Ok(self.words(if zoned { if words == "time" { "timetz" } else { "timestamptz" } } else { words }, &precision))
    }

    fn boolean(&self, args: &Args) -> Read {
        let words = match self.dialect {
            Dialect::SqlServer => "bit",
            Dialect::Oracle => "smallint",
            _ => "boolean",
        };
        let mut ty = self.words(words, &[]);
        let wanted = flag_arg(args, Some(0), "create_constraint", false)?;
        // SQL Server's BIT and PostgreSQL's BOOLEAN hold nothing else anyway.
        if wanted && matches!(self.dialect, Dialect::Sqlite | Dialect::MySql | Dialect::Oracle) {
            let name = args.get(1, "name").and_then(Value::as_str).map(|name| name.to_string());
            ty.check = Some(TypeCheck { name, labels: None });
        }
        Ok(ty)
    }

    fn binary(&self, args: &Args) -> Read {
        let length = int_arg(args, 0, "length")?;
        Ok(match self.dialect {
            Dialect::PostgreSql | Dialect::CockroachDb => self.words("bytea", &[]),
            Dialect::SqlServer => self.words("varbinary", &[length.unwrap_or(-1)]),
            Dialect::MySql => self.words("blob", &length.into_iter().collect::<Vec<_>>()),
            Dialect::Sqlite | Dialect::Oracle => self.words("blob", &[]),
        })
    }

    fn interval(&self, args: &Args) -> Read {
        let native = flag_arg(args, Some(0), "native", true)?;
        Ok(match self.dialect {
            Dialect::PostgreSql | Dialect::CockroachDb if native => {
                self.words("interval", &int_arg(args, 1, "second_precision")?.into_iter().collect::<Vec<_>>())
            }
            Dialect::PostgreSql | Dialect::CockroachDb => self.words("timestamp", &[]),
            Dialect::Oracle => self.words("interval day to second", &[]),
            _ => self.words("datetime", &[]),
        })
    }

    fn uuid(&self, args: &Args) -> Read {
        let native = flag_arg(args, Some(1), "native_uuid", true)?;
        Ok(match self.dialect {
            Dialect::PostgreSql | Dialect::CockroachDb if native => self.words("uuid", &[]),
            Dialect::SqlServer if native => self.words("uniqueidentifier", &[]),
            _ => self.words("char", &[32]),
        })
    }

    fn array(&mut self, args: &Args) -> Read {
        let Some(item) = args.get(0, "item_type").cloned() else {
            return Err(Doubt { reason: "an ARRAY without a type".to_owned(), place: None });
        };
        let mut ty = self.read(&item);
        if !self.dialect.is_postgres_like() {
            return Err(Doubt { reason: "an ARRAY, which only PostgreSQL has".to_owned(), place: None });
        }
        ty.ty.array = true;
        ty.integer = false;
        ty.check = None;
        Ok(ty)
    }
}

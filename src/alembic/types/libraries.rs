//! Types of other packages that many projects use.

use super::{Doubt, Reader, SqlType, flag_arg, int_arg};
use crate::alembic::python::{Args, Value};
use crate::catalog::types::TypeKind;
use crate::catalog::{ColumnType, Dialect, Table};
use crate::source::Place;

/// Whether a canonical path is a type of a known package.
pub(super) fn is_known(path: &str) -> bool {
    let Some((package, name)) = path.rsplit_once('.') else { return false };
    match package.split('.').next().unwrap_or(package) {
        "sqlalchemy_utils" => name.ends_with("Type"),
        "sqlmodel" => matches!(name, "AutoString" | "GUID" | "UTCDateTime"),
        "oslo_db" => matches!(name, "JsonEncodedDict" | "JsonEncodedList" | "SoftDeleteInteger" | "String"),
        "geoalchemy2" => matches!(name, "Geometry" | "Geography" | "Raster"),
        "pgvector" => {
            matches!(name, "Vector" | "VECTOR" | "HALFVEC" | "SPARSEVEC" | "BIT" | "HalfVector" | "SparseVector")
        }
        "citext" => name == "CIText",
        "fastapi_users_db_sqlalchemy" => matches!(name, "GUID" | "TIMESTAMPAware"),
        "advanced_alchemy" => matches!(name, "GUID" | "DateTimeUTC" | "JsonB" | "EncryptedString" | "EncryptedText"),
        "sqlalchemy_json" => name == "mutable_json_type" || name.ends_with("Json") || name.ends_with("JSON"),
        "sqlalchemy_jsonfield" => name == "JSONField",
        "sqlalchemy_utc" => name == "UtcDateTime",
        "sqlalchemy_searchable" => name == "TSVectorType",
        _ => false,
    }
}

/// Whether an index has the name, and is on the column, of one that GeoAlchemy2 makes by itself for each spatial column of a
/// table that it sees made (`_spatial_idx_name` of `geoalchemy2/admin/dialects/common.py`).
pub(crate) fn is_spatial_index(table: &Table, index: &str) -> bool {
    let is_spatial = |ty: &ColumnType| {
        let text = ty.to_string();
        let word = text.split('(').next().unwrap_or_default();
        matches!(word.trim().rsplit('.').next(), Some("geometry" | "geography" | "raster"))
    };
    let columns = table.columns.iter().filter(|column| is_spatial(&column.ty));
    columns.into_iter().any(|column| index == format!("idx_{}_{}", table.name.name, column.name))
}

type Read = Result<SqlType, Doubt>;

impl Reader<'_, '_> {
    /// The type that a name of a known package makes; none where it is none of them.
    pub(super) fn library(&mut self, path: &str, args: &Args, place: Option<&Place>) -> Option<SqlType> {
        if !is_known(path) {
            return None;
        }
        let (package, name) = path.rsplit_once('.')?;
        let read = match package.split('.').next().unwrap_or(package) {
            "sqlalchemy_utils" => self.utils(name, args)?,
            "sqlmodel" if name == "UTCDateTime" => {
                let keyword = vec![("timezone".into(), Value::Bool(true))];
                return self.generic("sqlalchemy.DateTime", &Args { keyword, ..Args::default() }, place);
            }
            // Until 0.0.14 (`sqlmodel/sql/sqltypes.py`).
            "sqlmodel" if name == "GUID" => {
                Ok(if self.dialect.is_postgres_like() { self.words("uuid", &[]) } else { self.words("char", &[32]) })
            }
            "oslo_db" if name == "SoftDeleteInteger" => {
                return self.generic("sqlalchemy.Integer", &Args::default(), place);
            }
            // Of older versions. What it is for MySQL's NDB, an engine that the settings of the server choose, is left out.
            "oslo_db" if name == "String" => self.sized_text("varchar", args, None),
            // `oslo_db/sqlalchemy/types.py`.
            "oslo_db" => {
                let flag = |name: &str| flag_arg(args, None, name, false);
                flag("mysql_as_long").and_then(|long| {
                    let medium = flag("mysql_as_medium")?;
                    Ok(match self.dialect {
                        Dialect::MySql if long => self.words("longtext", &[]),
                        Dialect::MySql if medium => self.words("mediumtext", &[]),
                        _ => self.words("text", &[]),
                    })
                })
            }
            // SQLModel's strings: VARCHAR on most databases, with a length of 255 where MySQL needs one.
            "sqlmodel" => self.sized_text("varchar", args, (self.dialect == Dialect::MySql).then_some(255)),
            "geoalchemy2" => Ok(self.spatial(name, args)),
            "pgvector" => {
                let word = match name {
                    "HALFVEC" | "HalfVector" => "halfvec",
                    "SPARSEVEC" | "SparseVector" => "sparsevec",
                    "BIT" => "bit",
                    _ => "vector",
                };
                int_arg(args, 0, "dim").map(|dim| self.words(word, &dim.into_iter().collect::<Vec<_>>()))
            }
            "citext" => Ok(self.words("citext", &[])),
            "fastapi_users_db_sqlalchemy" | "advanced_alchemy" | "sqlalchemy_utc" => Ok(match name {
                "GUID" if self.dialect.is_postgres_like() => self.words("uuid", &[]),
                "GUID" if package.starts_with("fastapi") => self.words("char", &[36]),
                "TIMESTAMPAware" => return self.generic("sqlalchemy.TIMESTAMP", args, place),
                "DateTimeUTC" | "UtcDateTime" => match self.dialect {
                    Dialect::PostgreSql | Dialect::CockroachDb => self.words("timestamptz", &[]),
                    Dialect::SqlServer => self.words("datetimeoffset", &[]),
                    _ => self.words("datetime", &[]),
                },
                "JsonB" if self.dialect == Dialect::PostgreSql => self.words("jsonb", &[]),
                _ => return Some(SqlType::doubt(format!("the type `{path}`"), place.cloned())),
            }),
            // `mutable_json_type(dbtype=JSON, nested=False)`.
            "sqlalchemy_json" if let Some(inner) = args.get(0, "dbtype") => return Some(self.read(inner)),
            "sqlalchemy_json" => Ok(self.words("json", &[])),
            "sqlalchemy_searchable" => Ok(self.words("tsvector", &[])),
            _ => return Some(SqlType::doubt(format!("the type `{path}`"), place.cloned())),
        };
        Some(read.unwrap_or_else(|doubt| SqlType::doubt(doubt.reason, doubt.place.or_else(|| place.cloned()))))
    }

    /// `sqlalchemy_utils`: <https://sqlalchemy-utils.readthedocs.io/en/latest/data_types.html> and its source.
    fn utils(&mut self, name: &str, args: &Args) -> Option<Read> {
        let pg = self.dialect.is_postgres_like();
        let text = |reader: &Self, length| Ok(reader.words("varchar", &[length]));
        Some(match name {
            "UUIDType" => (|| {
                let binary = flag_arg(args, Some(0), "binary", true)?;
                let native = flag_arg(args, Some(1), "native", true)?;
                Ok(match self.dialect {
                    Dialect::PostgreSql | Dialect::CockroachDb if native => self.words("uuid", &[]),
                    Dialect::SqlServer if native => self.words("uniqueidentifier", &[]),
                    _ if binary && pg => self.words("bytea", &[]),
                    _ if binary => self.words("binary", &[16]),
                    _ => self.words("char", &[32]),
                })
            })(),
            "EmailType" => self.sized_text("varchar", args, Some(255)),
            "URLType" | "ScalarListType" => Ok(self.words("text", &[])),
            "ChoiceType" => match args.get(1, "impl").cloned() {
                Some(inner) if !inner.is_none() => Ok(self.read(&inner)),
                _ => text(self, 255),
            },
            "JSONType" if pg => Ok(self.words("json", &[])),
            "JSONType" => Ok(self.words("text", &[])),
            "ArrowType" | "EnrichedDateTimeType" => Ok(self.words(if pg { "timestamp" } else { "datetime" }, &[])),
            "IPAddressType" | "TimezoneType" => text(self, 50),
            "CountryType" => text(self, 2),
            "CurrencyType" => text(self, 3),
            "LocaleType" => text(self, 10),
            "ColorType" | "PhoneNumberType" => match int_arg(args, usize::MAX, "max_length") {
                Ok(length) => text(self, length.unwrap_or(20)),
                Err(doubt) => Err(doubt),
            },
            "PasswordType" if pg => Ok(self.words("bytea", &[])),
            "PasswordType" => match int_arg(args, 0, "max_length") {
                Ok(length) => Ok(self.words("varbinary", &[length.unwrap_or(1094)])),
                Err(doubt) => Err(doubt),
            },
            "LtreeType" => Ok(self.words("ltree", &[])),
            "TSVectorType" => Ok(self.words("tsvector", &[])),
            "DateRangeType" => Ok(self.words("daterange", &[])),
            "IntRangeType" => Ok(self.words("int4range", &[])),
            "Int8RangeType" => Ok(self.words("int8range", &[])),
            "NumericRangeType" => Ok(self.words("numrange", &[])),
            "DateTimeRangeType" => Ok(self.words("tsrange", &[])),
            "StringEncryptedType" => self.sized_text("varchar", args, None),
            _ => return None,
        })
    }

    fn sized_text(&self, words: &str, args: &Args, default: Option<i64>) -> Read {
        // `StringEncryptedType(type, key, …)` takes its length by name alone.
        let position =
            if args.positional.first().is_some_and(|first| first.as_int().is_some()) { 0 } else { usize::MAX };
        let length = int_arg(args, position, "length")?.or(default);
        Ok(self.words(words, &length.into_iter().collect::<Vec<_>>()))
    }

    /// GeoAlchemy: `geometry(POINT,4326)`.
    fn spatial(&self, name: &str, args: &Args) -> SqlType {
        let word = name.to_lowercase();
        let kind = args.get(0, "geometry_type");
        let kind = match kind {
            None => Some("geometry".to_owned()),
            Some(Value::None) => None,
            Some(value) => value.as_str().map(|text| text.to_lowercase()),
        };
        let srid = args.get(1, "srid").and_then(Value::as_int).unwrap_or(-1);
        let text = match kind {
            Some(kind) if name != "Raster" => format!("{word}({kind},{srid})"),
            _ => word,
        };
        SqlType::plain(ColumnType { kind: TypeKind::Other(text), array: false })
    }
}

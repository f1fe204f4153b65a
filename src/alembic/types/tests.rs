use super::*;
use crate::alembic::python::{Imports, Silent, SnapshotModules};
use crate::git::MemorySnapshot;
use crate::source::RepoPath;

const PRELUDE: &str = "
import enum
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, mysql, mssql, sqlite, oracle
from sqlalchemy.types import TypeDecorator, UserDefinedType
from sqlalchemy.ext.mutable import MutableDict
import sqlmodel, sqlalchemy_utils

class Color(str, enum.Enum):
    red = 'RED'
    green = 'GREEN'
    rouge = 'RED'

class GUID(TypeDecorator):
    impl = sa.CHAR
    def load_dialect_impl(self, dialect):
        if dialect.name == 'postgresql':
            return dialect.type_descriptor(postgresql.UUID())
        return dialect.type_descriptor(sa.CHAR(32))

class Name(TypeDecorator):
    impl = sa.String

class Short(sa.String):
    def __init__(self):
        super().__init__(length=12)

class Wrapped(TypeDecorator):
    impl = sa.Unicode
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)

class Point(UserDefinedType):
    def __init__(self, digits=2):
        self.digits = digits
    def get_col_spec(self, **kw):
        return f'NUMERIC({self.digits}, 1)'
";

/// The type that an expression makes, as a person writes it; what is not known is told with its reason.
fn of(dialect: Dialect, expression: &str) -> String {
    let snapshot = MemorySnapshot::new([("m.py", format!("{PRELUDE}\nt = {expression}\n"))]);
    let Ok(modules) = SnapshotModules::new(&snapshot, vec![RepoPath::root()]) else { return String::new() };
    let host = Silent;
    let mut interpreter = Interpreter::new(&modules, &host, Imports::Eager);
    let Some(module) = interpreter.import("m") else { return "no module".to_owned() };
    let Some(value) = interpreter.global(&module, "t") else { return "no value".to_owned() };
    let ty = column_type(&mut interpreter, &value, dialect);
    match ty.unknown {
        Some(doubt) => format!("? {}", doubt.reason),
        None => ty.ty.to_string(),
    }
}

/// Expression, then PostgreSQL, SQLite, MySQL, SQL Server; as SQLAlchemy 2.1's compilers write them, canonical.
const TYPES: &[(&str, [&str; 4])] = &[
    ("sa.Integer", ["integer", "integer", "int", "int"]),
    ("sa.BigInteger()", ["bigint", "bigint", "bigint", "bigint"]),
    ("sa.String(20)", ["varchar(20)", "varchar(20)", "varchar(20)", "varchar(20)"]),
    ("sa.String()", ["varchar", "varchar", "? MySQL's VARCHAR needs a length", "varchar(max)"]),
    ("sa.Unicode(length=5)", ["varchar(5)", "varchar(5)", "varchar(5)", "nvarchar(5)"]),
    ("sa.Text()", ["text", "text", "text", "varchar(max)"]),
    ("sa.Boolean()", ["boolean", "boolean", "boolean", "bit"]),
    ("sa.Float()", ["double precision", "float", "float", "float"]),
    ("sa.Float(53)", ["double precision", "float", "float(53)", "float(53)"]),
    ("sa.Double()", ["double precision", "double", "double", "float"]),
    ("sa.Numeric(10, 2)", ["numeric(10,2)", "numeric(10,2)", "decimal(10,2)", "numeric(10,2)"]),
    ("sa.Numeric()", ["numeric", "numeric", "decimal", "numeric"]),
    ("sa.DateTime()", ["timestamp", "datetime", "datetime", "datetime"]),
    ("sa.DateTime(timezone=True)", ["timestamptz", "datetime", "datetime", "datetimeoffset"]),
    ("sa.TIMESTAMP(timezone=True)", ["timestamptz", "timestamp", "timestamp", "timestamp"]),
    ("sa.Time(timezone=True)", ["timetz", "time", "time", "time"]),
    ("sa.Interval()", ["interval", "datetime", "datetime", "datetime"]),
    ("sa.LargeBinary()", ["bytea", "blob", "blob", "varbinary(max)"]),
    ("sa.JSON()", ["json", "json", "json", "nvarchar(max)"]),
    ("sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')", ["jsonb", "json", "json", "nvarchar(max)"]),
    ("sa.Uuid()", ["uuid", "char(32)", "char(32)", "uniqueidentifier"]),
    ("sa.Enum('a', 'bcd', name='x')", ["x", "varchar(3)", "enum('a','bcd')", "varchar(3)"]),
    ("sa.Enum(Color)", ["color", "varchar(5)", "enum('red','green')", "varchar(5)"]),
    (
        "sa.Enum(Color, native_enum=False, length=20, values_callable=lambda e: [m.value for m in e])",
        ["varchar(20)", "varchar(20)", "varchar(20)", "varchar(20)"],
    ),
    ("GUID()", ["uuid", "char(32)", "char(32)", "char(32)"]),
    ("Name(40)", ["varchar(40)", "varchar(40)", "varchar(40)", "varchar(40)"]),
    ("Short", ["varchar(12)", "varchar(12)", "varchar(12)", "varchar(12)"]),
    ("Wrapped(9)", ["varchar(9)", "varchar(9)", "varchar(9)", "nvarchar(9)"]),
    ("Point(7)", ["numeric(7,1)", "numeric(7,1)", "decimal(7,1)", "numeric(7,1)"]),
    ("MutableDict.as_mutable(sa.JSON)", ["json", "json", "json", "nvarchar(max)"]),
    ("sqlmodel.AutoString(length=8)", ["varchar(8)", "varchar(8)", "varchar(8)", "varchar(8)"]),
    ("sqlalchemy_utils.UUIDType(binary=False)", ["uuid", "char(32)", "char(32)", "uniqueidentifier"]),
    ("mysql.TINYINT(1)", ["tinyint(1)", "tinyint(1)", "tinyint(1)", "tinyint(1)"]),
    ("mysql.LONGTEXT()", ["longtext", "longtext", "longtext", "longtext"]),
];

#[test]
fn each_dialect_gets_what_its_compiler_writes() {
    let dialects = [Dialect::PostgreSql, Dialect::Sqlite, Dialect::MySql, Dialect::SqlServer];
    for (expression, wanted) in TYPES {
        for (dialect, wanted) in dialects.into_iter().zip(wanted) {
            assert_eq!(of(dialect, expression), *wanted, "{expression} on {dialect}");
        }
    }
}

#[test]
fn postgresql_has_types_of_its_own() {
    for (expression, wanted) in [
        ("postgresql.ARRAY(sa.String(30))", "varchar(30)[]"),
        ("sa.ARRAY(sa.Enum(Color))", "color[]"),
        ("postgresql.TIMESTAMP(timezone=True, precision=3)", "timestamptz(3)"),
        ("postgresql.BIT(4, varying=True)", "varbit(4)"),
        ("postgresql.CITEXT", "citext"),
        ("postgresql.INT4RANGE()", "int4range"),
        ("postgresql.ENUM('a', name='m', schema='s')", "s.m"),
        ("postgresql.DOUBLE_PRECISION", "double precision"),
        ("postgresql.UUID(as_uuid=True)", "uuid"),
    ] {
        assert_eq!(of(Dialect::PostgreSql, expression), wanted, "{expression}");
    }
}

#[test]
fn what_is_not_known_is_said() {
    assert!(of(Dialect::PostgreSql, "some.Thing()").starts_with("? "));
    assert!(of(Dialect::PostgreSql, "sa.String(os.environ['N'])").starts_with("? "));
    assert!(of(Dialect::Sqlite, "sa.ARRAY(sa.Integer)").starts_with("? "));
}

//! Columns: those that are added later, classes and functions that make them, and what stands in one.

use super::features::{project, read, tables, told};
use crate::catalog::ColumnDefault;

#[test]
fn a_column_under_a_second_name_is_one_column() {
    let found = tables(
        "
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base, mapped_column
Base = declarative_base()
class Shared:
    p = Column(Integer)
class A(Shared, Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
    x = mapped_column(Integer, primary_key=True)
    y = x
class B(Shared, Base):
    __tablename__ = 'b'
    id = Column(Integer, primary_key=True)
    z = Column(Integer)
class C(B):
    w = Column(Integer)
A.v = A.x
B.u = B.z
B.t = A.x
B.x = A.x
B.s = A.p
C.r = C.z
B.made = Column(Integer)
B.later = mapped_column(Integer)
",
    );
    assert_eq!(
        found,
        [
            "a(id integer, x integer, p integer?)",
            "b(id integer, z integer?, made integer?, later integer?, p integer?, w integer?)"
        ]
    );
}

/// The columns `a` of three models whose columns a class or a function of the project makes.
fn made(column: &str) -> Vec<String> {
    let models = format!(
        "
import sqlalchemy as sa
from sqlalchemy import Column as _Column
from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import declarative_base
Base = declarative_base()
{column}
class Mixin:
    m = Column(Integer)
class A(Mixin, Base):
    __tablename__ = 'a'
    id = Column(Integer, primary_key=True)
    a = Column(String(5))
    b = Column('bee', Boolean, nullable=True)
t = sa.Table('t', Base.metadata, Column('id', Integer, primary_key=True))
"
    );
    let snapshot = project(&[("models.py", &models)], "from models import *\nimport models", "models.Base.metadata");
    let found = read(&snapshot);
    let mut lines = told(&found.catalog);
    lines.extend(found.catalog.doubts.iter().map(|doubt| doubt.reason.clone()));
    lines
}

#[test]
fn a_class_or_a_function_that_makes_columns() {
    let plain = ["a(id integer, a varchar(5)?, bee boolean?, m integer?)", "t(id integer)"];
    let required = ["a(id integer, a varchar(5), bee boolean?, m integer)", "t(id integer)"];
    let class = |body: &str| format!("class Column(_Column):\n    inherit_cache = True\n{body}");
    for column in [
        class(""),
        class("    @property\n    def _constructor(self):\n        return _Column\n"),
        class("    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)\n"),
        class(
            "    def __init__(self, *args, **kwargs):\n        self.seen = True\n        _Column.__init__(self, *args, **kwargs)\n",
        ),
        "def Column(*args, **kwargs):\n    return _Column(*args, **kwargs)\n".to_owned(),
        "import functools\nColumn = functools.partial(_Column)\n".to_owned(),
    ] {
        assert_eq!(made(&column), plain, "{column}");
    }
    for column in [
        class(
            "    def __init__(self, *args, **kw):\n        kw.setdefault('nullable', False)\n        super().__init__(*args, **kw)\n",
        ),
        class(
            "    def __init__(self, *args, nullable=False, **kw):\n        super(Column, self).__init__(*args, nullable=nullable, **kw)\n",
        ),
        format!(
            "{}class Column(Column):\n    pass\n",
            class(
                "    def __init__(self, *args, **kw):\n        kw.setdefault('nullable', False)\n        super().__init__(*args, **kw)\n"
            )
        ),
        "def Column(*args, **kw):\n    kw.setdefault('nullable', False)\n    return _Column(*args, **kw)\n".to_owned(),
        "import functools\nColumn = functools.partial(_Column, nullable=False)\n".to_owned(),
    ] {
        assert_eq!(made(&column), required, "{column}");
    }
    // What cannot be told stays a doubt.
    for body in [
        "    def __init__(self, *args, **kw):\n        pass\n",
        "    def __new__(cls, *args, **kw):\n        return _Column(Integer)\n",
        "    def _set_parent(self, table, **kw):\n        self.nullable = False\n        super()._set_parent(table, **kw)\n",
        "    def __init__(self, *args, **kw):\n        from elsewhere import strict\n        if strict():\n            super().__init__(*args, nullable=False, **kw)\n        else:\n            super().__init__(*args, **kw)\n",
    ] {
        let told = made(&class(body));
        assert!(told.iter().any(|line| line == "a column of the class Column"), "{body}: {told:?}");
    }
    let unknown = "    def __init__(self, *args, **kw):\n        from elsewhere import strict\n        kw['nullable'] = strict()\n        super().__init__(*args, **kw)\n";
    let told = made(&class(unknown));
    assert!(told.iter().any(|line| line.contains("nullable")), "{told:?}");
}

#[test]
fn a_default_clause_is_the_default_in_it() {
    let default = |written: &str| {
        let models = format!(
            "import sqlalchemy as sa\nfrom sqlalchemy import text\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass A(Base):\n    __tablename__ = 'a'\n    id = sa.Column(sa.Integer, primary_key=True)\n    x = sa.Column(sa.Boolean, {written})\n"
        );
        let snapshot = project(&[("models.py", &models)], "import models", "models.Base.metadata");
        let found = read(&snapshot).catalog;
        // PostgreSQL takes no number for a boolean, and a text that reads like one.
        (found.tables.values().next().and_then(|table| table.columns[1].default.clone()), found.doubts.is_empty())
    };
    let text = (Some(ColumnDefault::Text("0".to_owned())), true);
    for written in [
        "server_default='0'",
        "server_default=sa.DefaultClause('0')",
        "server_default=sa.schema.DefaultClause(arg='0')",
        "server_default=sa.PassiveDefault('0')",
        "sa.DefaultClause('0')",
    ] {
        assert_eq!(default(written), text, "{written}");
    }
    let raw = default("server_default=text('0')");
    assert!(raw.0 != text.0 && !raw.1, "{raw:?}");
    assert_eq!(default("server_default=sa.DefaultClause(text('0'))"), raw);
    assert_eq!(default("sa.DefaultClause(text('0'), for_update=False)"), raw);
}

#[test]
fn what_sqlmodel_is_given_for_a_column_and_is_none() {
    let read = |field: &str| {
        let models = format!(
            "import sqlalchemy as sa\nfrom sqlmodel import Field, SQLModel\nclass A(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    a: str | None = Field({field})\n"
        );
        let snapshot =
            project(&[("models.py", &models)], "import models\nfrom sqlmodel import SQLModel", "SQLModel.metadata");
        let found = read(&snapshot);
        (told(&found.catalog), found.catalog.doubts.len())
    };
    let by_annotation = (vec!["a(id integer, a varchar?)".to_owned()], 0);
    for field in ["sa_column=sa.Text", "sa_column=sa.Text()", "default=None, sa_column=sa.Integer"] {
        assert_eq!(read(field), by_annotation, "{field}");
    }
    assert_eq!(read("sa_column=sa.Column(sa.Text)"), (vec!["a(id integer, a text?)".to_owned()], 0));
    assert_eq!(read("sa_column=sa.whatever()").1, 1);
    // The other words are refused beside it all the same (`FieldInfo.__init__`).
    assert_eq!(read("sa_column=sa.Text, sa_column_kwargs={}").1, 1);
}

//! What annotations say about columns: which entry of `type_annotation_map` is theirs, and whether they take `None`.
//! Every expected type is what SQLAlchemy 2.1.9 gives.

use super::features::{project, read, tables};
use crate::catalog::Reach;

/// The columns of a table whose attributes are these, on a base with that `type_annotation_map`.
fn columns(map: &str, attributes: &str) -> String {
    let models = format!(
        "
import enum
import sqlalchemy as sa
from typing import Annotated, Any, Dict, List, Literal, NewType, Optional, TypeAlias, Union
from typing_extensions import TypeAliasType
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
Plain: TypeAlias = str
type Name = str
type Maybe = str | None
type MaybeName = Name | None
type Chain = Name
Made = TypeAliasType('Made', str)
UserId = NewType('UserId', int)
OtherId = NewType('OtherId', int)
Short = Annotated[str, 50]
Other = Annotated[str, 60]
type Long = Annotated[str, mapped_column(sa.String(71))]
type MaybeLong = Annotated[Optional[str], mapped_column(sa.String(72))]
Status = Literal['a', 'bbb']
type StatusAlias = Literal['a', 'bbbb']
type Tree = dict[str, Tree] | list[Tree]
class Color(enum.Enum):
    red = 1
class Numbered(enum.IntEnum):
    one = 1
class Base(DeclarativeBase):
    type_annotation_map = {map}
class T(Base):
    __tablename__ = 't'
    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
{attributes}
"
    );
    let told = tables(&models).join(" ");
    told.strip_prefix("t(id integer, ").and_then(|rest| rest.strip_suffix(')')).unwrap_or(&told).to_owned()
}

#[test]
fn an_alias_of_a_type_statement_is_a_key_of_its_own() {
    let map = "{Name: sa.String(10), Made: sa.String(11), UserId: sa.BigInteger, Short: sa.String(50)}";
    assert_eq!(
        columns(
            map,
            "
    a: Mapped[str]
    b: Mapped[Plain]
    c: Mapped[Name]
    d: Mapped[Optional[Name]]
    e: Mapped['Name | None']
    f: Mapped[Made]
    g: Mapped[UserId]
    h: Mapped[int]
    i: Mapped[Short]
    j: Mapped[Other]
    k: Mapped[OtherId]
    l: Mapped[Annotated[Name, 1]]
"
        ),
        "a varchar, b varchar, c varchar(10), d varchar(10)?, e varchar(10)?, f varchar(11), g bigint, h integer, \
         i varchar(50), j varchar, k integer, l varchar(10)"
    );
}

#[test]
fn what_an_alias_stands_for_is_looked_up_where_the_alias_is_no_key() {
    assert_eq!(
        columns(
            "{str: sa.Text, Name: sa.String(10)}",
            "
    a: Mapped[Maybe]
    b: Mapped[Optional[Maybe]]
    c: Mapped[MaybeName]
    d: Mapped[Chain]
    e: Mapped[Made]
    f: Mapped[Long]
    g: Mapped[MaybeLong]
    h: Mapped[Optional[Long]]
    i: Mapped[Short]
"
        ),
        "a text?, b text?, c varchar(10)?, d varchar(10), e text, f varchar(71), g varchar(72)?, h varchar(71)?, \
         i text"
    );
}

#[test]
fn unions_are_one_key_in_any_order_and_without_none() {
    assert_eq!(
        columns(
            "{Union[int, str, None]: sa.JSON, Optional[int]: sa.BigInteger, Tree: sa.JSON}",
            "
    a: Mapped[str | int]
    b: Mapped[Union[int, str, None]]
    c: Mapped[Optional[Union[str, int]]]
    d: Mapped[int]
    e: Mapped[Tree | None]
    f: Mapped[Tree]
"
        ),
        "a json, b json?, c json?, d bigint, e json?, f json"
    );
}

#[test]
fn literals_and_enums_take_the_entries_for_their_kind() {
    assert_eq!(
        columns(
            "{enum.Enum: sa.Enum(enum.Enum, native_enum=False, length=40)}",
            "
    a: Mapped[Status]
    b: Mapped[StatusAlias]
    c: Mapped[Color]
    d: Mapped[Numbered]
"
        ),
        "a varchar(3), b varchar(4), c varchar(40), d varchar(40)"
    );
    assert_eq!(
        columns(
            "{Literal: sa.String(41), enum.IntEnum: sa.Enum(enum.IntEnum, native_enum=False, length=42), \
             StatusAlias: sa.Enum(enum.Enum, length=44)}",
            "
    a: Mapped[Status]
    b: Mapped[StatusAlias]
    c: Mapped[Color]
    d: Mapped[Numbered]
"
        ),
        "a varchar(41), b varchar(44), c public.color, d varchar(42)"
    );
}

#[test]
fn an_alias_that_cannot_be_evaluated_is_a_doubt_of_its_column() {
    let models = "
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
type Hidden = Absent
class Base(DeclarativeBase):
    pass
class T(Base):
    __tablename__ = 't'
    id: Mapped[int] = mapped_column(primary_key=True)
    a: Mapped[Hidden]
    b: Mapped[str]
";
    assert_eq!(told_and_doubted(models).1, ["a"]);
}

/// The tables and the doubted columns of a module of models.
fn told_and_doubted(models: &str) -> (Vec<String>, Vec<String>) {
    let read = read(&project(&[("models.py", models)], "import models", "models.Base.metadata"));
    let doubted = read.catalog.doubts.iter().map(|doubt| match &doubt.reach {
        Reach::Column(_, column) => column.clone(),
        other => format!("{other:?}"),
    });
    (super::features::told(&read.catalog), doubted.collect())
}

#[test]
fn a_type_that_is_given_outranks_the_annotation() {
    let models = "
from __future__ import annotations
import sqlalchemy as sa
from typing import TYPE_CHECKING, Optional
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy_json import mutable_json_type
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
if TYPE_CHECKING:
    from elsewhere import Typed
class Base(DeclarativeBase):
    pass
class T(Base):
    __tablename__ = 't'
    id: Mapped[int] = mapped_column(primary_key=True)
    a: Mapped['str'] = mapped_column(sa.String(50))
    b: Mapped[Absent] = mapped_column(sa.String(50))
    c: Mapped[Optional[Absent]] = mapped_column(sa.String(50))
    d: Mapped[Absent | None] = mapped_column(sa.String(50))
    e: Mapped[str | Typed | None] = mapped_column('ee', sa.String(50))
    f: Mapped['Absent'] = mapped_column(sa.String(50), nullable=True)
    g: Mapped[dict] = mapped_column(MutableDict.as_mutable(JSONB))
    h: Mapped[list['Absent'] | None] = mapped_column(MutableList.as_mutable(ARRAY(sa.String)))
    i: Mapped[dict] = mapped_column(mutable_json_type(dbtype=JSONB, nested=True))
    j: Mapped[Absent] = mapped_column(sa.ForeignKey('t.id'))
    k: Mapped[Absent | None] = mapped_column(None, sa.ForeignKey('t.id'))
";
    let (told, doubted) = told_and_doubted(models);
    assert_eq!(
        told,
        ["t(id integer, a varchar(50), b varchar(50), c varchar(50)?, d varchar(50)?, ee varchar(50)?, \
          f varchar(50)?, g jsonb, h varchar[]?, i jsonb, j integer, k integer?)"]
    );
    assert_eq!(doubted, [""; 0]);
}

/// Where nothing else tells the type, or whether there is `None`, an annotation that is not known is a doubt of its column.
#[test]
fn an_annotation_that_is_all_there_is_of_a_type_is_a_doubt() {
    let models = "
from __future__ import annotations
import sqlalchemy as sa
from elsewhere import Absurd
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase):
    pass
class T(Base):
    __tablename__ = 't'
    id: Mapped[int] = mapped_column(primary_key=True)
    a: Mapped[Absent]
    b: Mapped[Absent] = mapped_column(index=True)
    c: Mapped[str] = mapped_column(Absurd(3))
    d: absent.Mapped[str] = mapped_column(sa.Text)
    e: absent.Mapped[str] = mapped_column(sa.Text, nullable=True)
";
    let (told, doubted) = told_and_doubted(models);
    assert_eq!(told, ["t(id integer, c unknown type, e text?)"]);
    assert_eq!(doubted, ["a", "b", "d", "c"]);
}

//! Columns, as CREATE TABLE and ALTER TABLE write them.

use super::constraint::{check, clustered, references, trailing, trailing_foreign_key};
use super::cursor::{Cursor, Read};
use super::expression::{canonical_tokens, default_tokens};
use super::types;
use crate::catalog::operation::{ColumnPosition, Constraint, NewColumn};
use crate::catalog::{AutoIncrement, Column, ColumnDefault, ColumnType, Dialect, Generated, Index, IndexPart, Key};

/// A column with everything written on it.
pub(super) fn column(cursor: &mut Cursor<'_>) -> Read<NewColumn> {
    let start = cursor.position();
    let name = cursor.name()?;
    let ty = if cursor.at_end() || cursor.is_symbol(0, ',') {
        ColumnType::builtin("")
    } else if cursor.dialect == Dialect::SqlServer && cursor.eat("as") {
        return computed(cursor, name, start);
    } else {
        types::read(cursor)?
    };
    let mut new = NewColumn::plain(Column::new(name, ty, true));
    serial(&mut new.column, cursor.dialect);
    while !cursor.at_end() && !cursor.is_symbol(0, ',') {
        attribute(cursor, &mut new)?;
    }
    new.column.place = Some(cursor.place_from(start));
    Ok(new)
}

/// PostgreSQL's serial types are an integer, a sequence and NOT NULL; MySQL's SERIAL is `BIGINT UNSIGNED NOT NULL
/// AUTO_INCREMENT UNIQUE`; MySQL's BOOLEAN is `TINYINT(1)`.
fn serial(column: &mut Column, dialect: Dialect) {
    let Some(name) = column.ty.builtin_name().map(str::to_owned) else { return };
    if dialect.is_postgres_like() {
        let integer = match name.as_str() {
            "serial" => "integer",
            "bigserial" => "bigint",
            "smallserial" => "smallint",
            _ => return,
        };
        column.ty = ColumnType::builtin(integer);
        column.nullable = false;
        column.auto_increment =
            Some(if dialect == Dialect::CockroachDb { AutoIncrement::RowId } else { AutoIncrement::Serial });
    } else if dialect == Dialect::MySql && name == "boolean" {
        column.ty = ColumnType::builtin_with("tinyint", vec![1]);
    }
}

/// SQL Server's `name AS expression [PERSISTED]`.
fn computed(cursor: &mut Cursor<'_>, name: String, start: usize) -> Read<NewColumn> {
    let from = cursor.position();
    cursor.skip_until(&[",", "persisted"]);
    let expression = canonical_tokens(cursor.source_text(), cursor.tokens(from, cursor.position()), cursor.dialect);
    let stored = cursor.eat("persisted");
    cursor.skip_until(&[","]);
    let mut column = Column::new(name, ColumnType::unknown(), true);
    column.generated = Some(Generated { expression, stored });
    column.place = Some(cursor.place_from(start));
    Ok(NewColumn::plain(column))
}

/// One attribute of a column.
fn attribute(cursor: &mut Cursor<'_>, new: &mut NewColumn) -> Read<()> {
    let start = cursor.position();
    let dialect = cursor.dialect;
    let mut name = None;
    if cursor.eat("constraint") {
        name = Some(cursor.name()?);
    }
    let column = &mut new.column;
    if cursor.eat("not null") {
        column.nullable = false;
        cursor.eat("on conflict").then(|| cursor.skip());
    } else if cursor.eat("null") {
        column.nullable = true;
    } else if cursor.eat("default") {
        column.default = Some(default(cursor)?.of_type(&column.ty));
        column.default_name = name.filter(|_| dialect == Dialect::SqlServer);
        if let Some(ColumnDefault::Expression(text)) = &column.default
            && text == "unique_rowid()"
        {
            column.auto_increment = Some(AutoIncrement::RowId);
        }
    } else if cursor.eat("primary key") || dialect == Dialect::MySql && cursor.eat("key") {
        let clustered = clustered(cursor);
        let descending = !cursor.eat("asc") && cursor.eat("desc");
        let mut part = IndexPart::named(column.name.clone());
        part.descending = descending;
        trailing(cursor)?;
        let place = Some(cursor.place_from(start));
        new.constraints.push(Constraint::PrimaryKey(Key { name, columns: vec![part], clustered, place }));
    } else if cursor.eat("unique") {
        cursor.eat("key");
        let mut index = Index::new(name, vec![IndexPart::named(column.name.clone())], true);
        index.constraint = true;
        index.nulls_not_distinct = cursor.eat("nulls not distinct");
        index.clustered = clustered(cursor);
        trailing(cursor)?;
        index.place = Some(cursor.place_from(start));
        new.constraints.push(Constraint::Index(Box::new(index)));
    } else if cursor.is_word(0, "references") {
        let mut key = references(cursor, vec![column.name.clone()])?;
        key.key.name = name;
        trailing_foreign_key(cursor, &mut key.key)?;
        key.key.place = Some(cursor.place_from(start));
        new.constraints.push(Constraint::ForeignKey(Box::new(key)));
    } else if cursor.eat("check") {
        let mut check = check(cursor)?;
        check.name = name;
        check.not_valid = trailing(cursor)?;
        check.place = Some(cursor.place_from(start));
        new.constraints.push(Constraint::Check(check));
    } else if cursor.eat("generated") {
        generated(cursor, column)?;
    } else if cursor.is_word(0, "as") && cursor.is_symbol(1, '(') {
        cursor.skip();
        expression_column(cursor, column)?;
    } else if cursor.eat("auto_increment") || cursor.eat("autoincrement") {
        column.auto_increment = Some(AutoIncrement::Counter);
    } else if cursor.eat("identity") {
        if cursor.is_symbol(0, '(') {
            cursor.parentheses()?;
        }
        column.auto_increment = Some(AutoIncrement::IdentityAlways);
        column.nullable = false;
    } else if cursor.eat("on update") {
        let from = cursor.position();
        cursor.skip();
        if cursor.is_symbol(0, '(') {
            cursor.parentheses()?;
        }
        column.on_update =
            Some(canonical_tokens(cursor.source_text(), cursor.tokens(from, cursor.position()), dialect));
    } else if cursor.eat("collate") {
        column.collation = Some(cursor.object_name()?.name);
    } else if dialect == Dialect::MySql && cursor.eat("comment") {
        column.comment = Some(cursor.string()?);
    } else if dialect == Dialect::MySql && cursor.eat("first") {
        new.position = Some(ColumnPosition::First);
    } else if dialect == Dialect::MySql && cursor.eat("after") {
        new.position = Some(ColumnPosition::After(cursor.name()?));
    } else if cursor.eat("character set")
        || cursor.eat("charset")
        || cursor.eat("storage")
        || cursor.eat("compression")
        || cursor.eat("column_format")
        || cursor.eat("srid")
    {
        cursor.eat_symbol('=');
        cursor.skip();
    } else if cursor.eat("create family") || cursor.eat("family") {
        cursor.eat("if not exists");
        cursor.skip();
    } else if !(cursor.eat("sparse")
        || cursor.eat("rowguidcol")
        || cursor.eat("visible")
        || cursor.eat("invisible")
        || cursor.eat("not visible")
        || cursor.eat("virtual")
        || cursor.eat("stored")
        || cursor.eat("persistent")
        || cursor.eat("not deferrable")
        || cursor.eat("deferrable")
        || cursor.eat("initially deferred")
        || cursor.eat("initially immediate"))
    {
        return Err(cursor.unexpected("an attribute of the column"));
    }
    Ok(())
}

/// An expression behind DEFAULT: up to the next attribute.
pub(super) fn default(cursor: &mut Cursor<'_>) -> Read<ColumnDefault> {
    const STOPS: &[&str] = &[
        ",",
        "not",
        "null",
        "constraint",
        "primary",
        "unique",
        "references",
        "check",
        "generated",
        "collate",
        "on",
        "comment",
        "auto_increment",
        "autoincrement",
        "first",
        "after",
        "default",
        "storage",
        "column_format",
        "visible",
        "invisible",
        "family",
        "create",
        "for",
        "with",
        "values",
    ];
    let from = cursor.position();
    if cursor.is_symbol(0, '(') {
        cursor.parentheses()?;
    } else if cursor.at_end() {
        return Err(cursor.unexpected("a default"));
    } else {
        // `DEFAULT NULL` begins with a word that ends other expressions.
        cursor.skip();
    }
    cursor.skip_until(STOPS);
    // A cast to a type with a time zone holds a word that is an option elsewhere.
    while cursor.eat("with time zone") || cursor.eat("without time zone") {
        cursor.skip_until(STOPS);
    }
    Ok(default_tokens(cursor.source_text(), cursor.tokens(from, cursor.position()), cursor.dialect))
}

/// GENERATED ALWAYS AS IDENTITY, GENERATED ALWAYS AS (expression) STORED.
fn generated(cursor: &mut Cursor<'_>, column: &mut Column) -> Read<()> {
    let by_default = cursor.eat("by default");
    if !by_default {
        cursor.expect("always")?;
    }
    cursor.eat("on null");
    cursor.expect("as")?;
    if cursor.eat("identity") {
        if cursor.is_symbol(0, '(') {
            cursor.parentheses()?;
        }
        column.auto_increment =
            Some(if by_default { AutoIncrement::IdentityByDefault } else { AutoIncrement::IdentityAlways });
        column.nullable = false;
        return Ok(());
    }
    expression_column(cursor, column)
}

fn expression_column(cursor: &mut Cursor<'_>, column: &mut Column) -> Read<()> {
    let (from, to) = cursor.parentheses()?;
    let expression = canonical_tokens(cursor.source_text(), cursor.tokens(from, to), cursor.dialect);
    let stored = cursor.eat("stored") || cursor.eat("persistent") || cursor.eat("persisted");
    cursor.eat("virtual");
    column.generated = Some(Generated { expression, stored });
    Ok(())
}

//! CREATE TABLE, and the columns and constraints that ALTER TABLE shares with it.

use super::cursor::{Cursor, Read};
use super::expression::{canonical_tokens, default_tokens};
use super::{index, types};
use crate::catalog::operation::{
    ColumnPosition, Constraint, NewColumn, NewForeignKey, NewTable, OperationKind, TableSource,
};
use crate::catalog::{
    AutoIncrement, Check, Column, ColumnDefault, ColumnType, Dialect, ForeignKey, Generated, Index, IndexPart, Key,
    Name, ReferentialAction, TableKind, TypeKind,
};

/// CREATE TABLE, behind the word TABLE. Gives the operation and whether IF NOT EXISTS stands there.
pub(super) fn create(cursor: &mut Cursor<'_>, kind: TableKind) -> Read<(OperationKind, bool)> {
    let guarded = cursor.eat("if not exists");
    let name = cursor.object_name()?;
    let mut table = NewTable { name, kind, columns: Vec::new(), constraints: Vec::new(), source: None, comment: None };
    if cursor.eat("partition of") {
        table.kind = TableKind::Partition;
        table.source = Some(TableSource::PartitionOf(cursor.object_name()?));
        cursor.skip_all();
        return Ok((OperationKind::CreateTable(Box::new(table)), guarded));
    }
    if cursor.eat("like") {
        table.source = Some(TableSource::Like { table: cursor.object_name()?, including: vec!["all".to_owned()] });
        cursor.skip_all();
        return Ok((OperationKind::CreateTable(Box::new(table)), guarded));
    }
    if cursor.eat("of") {
        cursor.object_name()?;
        table.source = Some(TableSource::Query);
    }
    if cursor.is_symbol(0, '(') {
        let mut inside = cursor.inside()?;
        while !inside.at_end() {
            element(&mut inside, &mut table)?;
            if !inside.eat_symbol(',') && !inside.at_end() {
                return Err(inside.unexpected("a comma"));
            }
        }
    }
    options(cursor, &mut table)?;
    Ok((OperationKind::CreateTable(Box::new(table)), guarded))
}

/// What stands behind the columns.
fn options(cursor: &mut Cursor<'_>, table: &mut NewTable) -> Read<()> {
    while !cursor.at_end() {
        if cursor.eat("inherits") {
            let mut inside = cursor.inside()?;
            let mut parents = Vec::new();
            while !inside.at_end() {
                parents.push(inside.object_name()?);
                inside.eat_symbol(',');
            }
            table.source = Some(TableSource::Inherits(parents));
        } else if cursor.eat("partition by") {
            if table.kind == TableKind::Plain && cursor.dialect.is_postgres_like() {
                table.kind = TableKind::Partitioned;
            }
            cursor.skip_all();
        } else if cursor.eat("as")
            || cursor.is_word(0, "select")
            || cursor.is_word(0, "with") && cursor.is_word(1, "recursive")
        {
            table.source = Some(TableSource::Query);
            cursor.skip_all();
        } else if cursor.dialect == Dialect::MySql && cursor.eat("comment") {
            cursor.eat_symbol('=');
            table.comment = Some(cursor.string()?);
        } else if cursor.is_symbol(0, '(') {
            cursor.parentheses()?;
        } else {
            cursor.skip();
        }
    }
    Ok(())
}

/// One element between the parentheses of CREATE TABLE.
fn element(cursor: &mut Cursor<'_>, table: &mut NewTable) -> Read<()> {
    if cursor.eat("like") {
        let other = cursor.object_name()?;
        let mut including = Vec::new();
        while cursor.is_word(0, "including") || cursor.is_word(0, "excluding") {
            let include = cursor.is_word(0, "including");
            cursor.skip();
            let option = cursor.name()?.to_lowercase();
            if include {
                including.push(option);
            } else {
                including.retain(|have| *have != option);
            }
        }
        table.source = Some(TableSource::Like { table: other, including });
        return Ok(());
    }
    if cursor.is_word(0, "family") && cursor.dialect == Dialect::CockroachDb
        || cursor.is_word(0, "period") && cursor.is_word(1, "for")
    {
        cursor.skip_until(&[","]);
        return Ok(());
    }
    if let Some(constraint) = table_constraint(cursor)? {
        table.constraints.push(constraint);
        return Ok(());
    }
    table.columns.push(column(cursor)?);
    Ok(())
}

/// A table constraint if one is next.
pub(super) fn table_constraint(cursor: &mut Cursor<'_>) -> Read<Option<Constraint>> {
    let start = cursor.position();
    let mut name = None;
    if cursor.eat("constraint") {
        let unnamed = ["primary", "unique", "foreign", "check", "exclude"].iter().any(|word| cursor.is_word(0, word));
        if !unnamed || cursor.is_word(1, "unique") {
            name = Some(cursor.name()?);
        }
    }
    let mysql = cursor.dialect == Dialect::MySql;
    let constraint = if cursor.looking_at("primary key") {
        cursor.eat("primary key");
        if let Some(using) = using_index(cursor, name.as_deref(), true)? {
            return Ok(Some(using));
        }
        if mysql && !cursor.is_symbol(0, '(') && !cursor.is_word(0, "using") {
            name = Some(cursor.name()?);
        }
        let clustered = clustered(cursor);
        index::method(cursor)?;
        let columns = index::parts(cursor)?;
        trailing(cursor)?;
        Constraint::PrimaryKey(Key { name, columns, clustered, place: Some(cursor.place_from(start)) })
    } else if cursor.is_word(0, "unique") {
        cursor.eat("unique");
        if let Some(using) = using_index(cursor, name.as_deref(), false)? {
            return Ok(Some(using));
        }
        let mut index = Index::new(name, Vec::new(), true);
        index.constraint = true;
        if cursor.eat("nulls not distinct") {
            index.nulls_not_distinct = true;
        } else {
            cursor.eat("nulls distinct");
        }
        if mysql {
            let _ = cursor.eat("key") || cursor.eat("index");
            if !cursor.is_symbol(0, '(') && !cursor.is_word(0, "using") {
                index.name = Some(cursor.name()?);
            }
        } else if cursor.dialect == Dialect::CockroachDb && cursor.eat("index") {
            index.name = Some(cursor.name()?);
        }
        index.clustered = clustered(cursor);
        index.method = index::method(cursor)?.filter(|method| method != "btree");
        index.parts = index::parts(cursor)?;
        index::tail(cursor, &mut index)?;
        trailing(cursor)?;
        index.place = Some(cursor.place_from(start));
        Constraint::Index(Box::new(index))
    } else if cursor.looking_at("foreign key") {
        cursor.eat("foreign key");
        if mysql && !cursor.is_symbol(0, '(') {
            let index_name = cursor.name()?;
            name.get_or_insert(index_name);
        }
        let columns = cursor.names()?;
        let mut key = references(cursor, columns)?;
        key.key.name = name;
        trailing_foreign_key(cursor, &mut key.key)?;
        key.key.place = Some(cursor.place_from(start));
        Constraint::ForeignKey(Box::new(key))
    } else if cursor.looking_at("check") && (cursor.is_symbol(1, '(') || name.is_some()) {
        cursor.eat("check");
        let mut check = check(cursor)?;
        check.name = name;
        check.not_valid = trailing(cursor)?;
        check.place = Some(cursor.place_from(start));
        Constraint::Check(check)
    } else if cursor.looking_at("exclude") && (cursor.is_word(1, "using") || cursor.is_symbol(1, '(')) {
        cursor.skip_until(&[","]);
        Constraint::Exclude(name)
    } else if let Some(index) = inline_index(cursor, start)? {
        Constraint::Index(Box::new(index))
    } else {
        cursor.set_position(start);
        return Ok(None);
    };
    Ok(Some(constraint))
}

fn using_index(cursor: &mut Cursor<'_>, name: Option<&str>, primary: bool) -> Read<Option<Constraint>> {
    if !cursor.eat("using index") || cursor.is_word(0, "tablespace") {
        return Ok(None);
    }
    let index = cursor.name()?;
    trailing(cursor)?;
    Ok(Some(Constraint::UsingIndex { name: name.map(str::to_owned), index, primary }))
}

/// CLUSTERED or NONCLUSTERED.
pub(super) fn clustered(cursor: &mut Cursor<'_>) -> Option<bool> {
    if cursor.eat("clustered") {
        Some(true)
    } else if cursor.eat("nonclustered") {
        Some(false)
    } else {
        None
    }
}

/// MySQL's inline KEY, INDEX, FULLTEXT and SPATIAL, and CockroachDB's INDEX and INVERTED INDEX.
fn inline_index(cursor: &mut Cursor<'_>, start: usize) -> Read<Option<Index>> {
    let dialect = cursor.dialect;
    let mut method = None;
    match dialect {
        Dialect::MySql => {
            for word in ["fulltext", "spatial"] {
                if cursor.is_word(0, word) && !cursor.is_symbol(1, '(')
                    || cursor.looking_at(word) && cursor.is_symbol(1, '(')
                {
                    cursor.skip();
                    method = Some(word.to_owned());
                    let _ = cursor.eat("key") || cursor.eat("index");
                    break;
                }
            }
            if method.is_none() && !(cursor.eat("key") || cursor.eat("index")) {
                return Ok(None);
            }
        }
        Dialect::CockroachDb => {
            if cursor.eat("inverted index") {
                method = Some("gin".to_owned());
            } else if !(cursor.is_word(0, "index") && cursor.eat("index")) {
                return Ok(None);
            }
        }
        Dialect::SqlServer if cursor.is_word(0, "index") => {
            cursor.skip();
        }
        _ => return Ok(None),
    }
    let mut index = Index::new(None, Vec::new(), false);
    if !cursor.is_symbol(0, '(') && !cursor.is_word(0, "using") {
        index.name = Some(cursor.name()?);
    }
    index.unique = dialect == Dialect::SqlServer && cursor.eat("unique");
    index.clustered = clustered(cursor);
    let written = index::method(cursor)?;
    index.method = method.or(written).filter(|method| method != "btree");
    index.parts = index::parts(cursor)?;
    index::tail(cursor, &mut index)?;
    index.place = Some(cursor.place_from(start));
    Ok(Some(index))
}

/// REFERENCES and what follows, up to the options that all constraints share.
fn references(cursor: &mut Cursor<'_>, columns: Vec<String>) -> Read<NewForeignKey> {
    cursor.expect("references")?;
    let target = cursor.object_name()?;
    let target_columns = if cursor.is_symbol(0, '(') { cursor.names()? } else { Vec::new() };
    let key = ForeignKey {
        name: None,
        generated_name: false,
        columns,
        target: Name::new("", target.name.clone()),
        target_columns,
        on_delete: ReferentialAction::default(),
        on_update: ReferentialAction::default(),
        deferrable: false,
        initially_deferred: false,
        not_valid: false,
        place: None,
    };
    Ok(NewForeignKey { key, target })
}

/// MATCH, ON DELETE, ON UPDATE, DEFERRABLE, NOT VALID, in any order.
fn trailing_foreign_key(cursor: &mut Cursor<'_>, key: &mut ForeignKey) -> Read<()> {
    loop {
        if cursor.eat("match") {
            cursor.skip();
        } else if cursor.eat("on delete") {
            key.on_delete = action(cursor)?;
        } else if cursor.eat("on update") {
            key.on_update = action(cursor)?;
        } else if cursor.eat("not deferrable") {
            key.deferrable = false;
        } else if cursor.eat("deferrable") {
            key.deferrable = true;
        } else if cursor.eat("initially deferred") {
            (key.initially_deferred, key.deferrable) = (true, true);
        } else if cursor.eat("not valid") {
            key.not_valid = true;
        } else if !(cursor.eat("initially immediate")
            || cursor.eat("not for replication")
            || cursor.eat("enforced")
            || cursor.eat("not enforced"))
        {
            return Ok(());
        }
    }
}

fn action(cursor: &mut Cursor<'_>) -> Read<ReferentialAction> {
    let found = if cursor.eat("no action") {
        ReferentialAction::NoAction
    } else if cursor.eat("restrict") {
        ReferentialAction::Restrict
    } else if cursor.eat("cascade") {
        ReferentialAction::Cascade
    } else if cursor.eat("set null") {
        ReferentialAction::SetNull
    } else if cursor.eat("set default") {
        ReferentialAction::SetDefault
    } else {
        return Err(cursor.unexpected("a referential action"));
    };
    if cursor.is_symbol(0, '(') {
        cursor.parentheses()?;
    }
    Ok(found)
}

/// The options that any constraint may end with; says whether NOT VALID is among them.
fn trailing(cursor: &mut Cursor<'_>) -> Read<bool> {
    let mut not_valid = false;
    loop {
        if cursor.eat("not valid") {
            not_valid = true;
        } else if cursor.eat("with") || cursor.eat("include") {
            if cursor.is_symbol(0, '(') {
                cursor.parentheses()?;
            }
        } else if cursor.eat("on conflict")
            || cursor.eat("using index tablespace")
            || cursor.eat("key_block_size")
            || cursor.eat("using")
        {
            cursor.eat_symbol('=');
            cursor.skip();
        } else if cursor.dialect == Dialect::MySql && cursor.eat("comment") {
            cursor.eat_symbol('=');
            cursor.skip();
        } else if cursor.dialect == Dialect::SqlServer && cursor.eat("on") {
            cursor.skip();
        } else if !(cursor.eat("not deferrable")
            || cursor.eat("deferrable")
            || cursor.eat("initially deferred")
            || cursor.eat("initially immediate")
            || cursor.eat("no inherit")
            || cursor.eat("not enforced")
            || cursor.eat("enforced")
            || cursor.eat("visible")
            || cursor.eat("invisible"))
        {
            return Ok(not_valid);
        }
    }
}

/// `( condition )` behind CHECK.
fn check(cursor: &mut Cursor<'_>) -> Read<Check> {
    cursor.eat("not for replication");
    let (from, to) = cursor.parentheses()?;
    let expression = canonical_tokens(cursor.source_text(), cursor.tokens(from, to), cursor.dialect);
    Ok(Check { name: None, expression: Some(expression), not_valid: false, place: None })
}

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
    } else if dialect == Dialect::MySql && name == "serial" {
        column.ty = ColumnType {
            kind: TypeKind::Builtin { name: "bigint".to_owned(), args: Vec::new(), unsigned: true },
            array: false,
        };
        column.nullable = false;
        column.auto_increment = Some(AutoIncrement::Counter);
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
        column.default = Some(default(cursor)?);
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
    } else if cursor.eat("character set") || cursor.eat("charset") || cursor.eat("storage") || cursor.eat("compression")
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
        "visible",
        "invisible",
        "family",
        "for",
        "with",
        "values",
    ];
    let from = cursor.position();
    // `DEFAULT NULL` begins with a word that ends other expressions.
    cursor.skip();
    if cursor.position() == from {
        return Err(cursor.unexpected("a default"));
    }
    if cursor
        .tokens(from, from + 1)
        .first()
        .is_some_and(|token| matches!(token.kind, super::lexer::TokenKind::Symbol('(')))
    {
        cursor.set_position(from);
        cursor.parentheses()?;
    }
    while !cursor.at_end() {
        let before = cursor.position();
        cursor.skip_until(STOPS);
        // `with` and `without` belong to a cast to a type with a time zone; `is not null` is no attribute.
        if cursor.looking_at("with time zone") || cursor.looking_at("without time zone") {
            (0..3).for_each(|_| cursor.skip());
            continue;
        }
        if cursor.position() == before || cursor.at_end() {
            break;
        }
        break;
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

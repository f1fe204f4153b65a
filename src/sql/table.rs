//! CREATE TABLE.

use super::column::column;
use super::constraint::table_constraint;
use super::cursor::{Cursor, Read};
use crate::catalog::operation::{NewTable, OperationKind, TableSource};
use crate::catalog::{Dialect, ObjectName, TableKind};

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
    // A column is large, tables are many, and most have fewer columns than there is room for.
    table.columns.shrink_to_fit();
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
            let rows = rows_of(cursor).filter(|_| table.columns.is_empty() && table.constraints.is_empty());
            table.source = Some(rows.map_or(TableSource::Query, TableSource::Rows));
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

/// The table whose rows a query gives as they are: `TABLE t`, `SELECT * FROM t [WHERE …]`. Other databases than PostgreSQL
/// carry more over than types.
fn rows_of(cursor: &Cursor<'_>) -> Option<ObjectName> {
    let mut own = cursor.clone();
    if !own.dialect.is_postgres_like() {
        return None;
    }
    let selects = own.eat("select");
    let gives_all = if selects { own.eat_symbol('*') && own.eat("from") } else { own.eat("table") };
    if !gives_all {
        return None;
    }
    own.eat("only");
    let name = own.object_name().ok()?;
    let is_end = own.at_end()
        || own.looking_at("with no data")
        || own.looking_at("with data")
        || selects && ["where", "order", "limit", "offset"].iter().any(|word| own.is_word(0, word));
    // The types of a union are those that both sides agree on.
    while is_end && !own.at_end() {
        if ["union", "intersect", "except"].iter().any(|word| own.is_word(0, word)) {
            return None;
        }
        own.skip();
    }
    is_end.then_some(name)
}

/// What LIKE … INCLUDING ALL includes.
const LIKE_OPTIONS: [&str; 9] =
    ["comments", "compression", "constraints", "defaults", "generated", "identity", "indexes", "statistics", "storage"];

/// One element between the parentheses of CREATE TABLE.
fn element(cursor: &mut Cursor<'_>, table: &mut NewTable) -> Read<()> {
    if cursor.eat("like") {
        let other = cursor.object_name()?;
        let mut including = Vec::new();
        while cursor.is_word(0, "including") || cursor.is_word(0, "excluding") {
            let include = cursor.is_word(0, "including");
            cursor.skip();
            let option = cursor.name()?.to_lowercase();
            let all = option == "all";
            if include && all {
                including.extend(LIKE_OPTIONS.map(str::to_owned));
            } else if include {
                including.push(option);
            } else {
                including.retain(|have| !all && *have != option);
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

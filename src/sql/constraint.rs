//! Constraints, as CREATE TABLE and ALTER TABLE write them.

use super::cursor::{Cursor, Read};
use super::expression::canonical_tokens;
use super::index;
use crate::catalog::operation::{Constraint, NewForeignKey};
use crate::catalog::{Check, Dialect, ForeignKey, Index, Key, Name, ReferentialAction};

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
pub(super) fn references(cursor: &mut Cursor<'_>, columns: Vec<String>) -> Read<NewForeignKey> {
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
pub(super) fn trailing_foreign_key(cursor: &mut Cursor<'_>, key: &mut ForeignKey) -> Read<()> {
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
pub(super) fn trailing(cursor: &mut Cursor<'_>) -> Read<bool> {
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
pub(super) fn check(cursor: &mut Cursor<'_>) -> Read<Check> {
    cursor.eat("not for replication");
    let (from, to) = cursor.parentheses()?;
    let expression = canonical_tokens(cursor.source_text(), cursor.tokens(from, to), cursor.dialect);
    Ok(Check { name: None, expression: Some(expression), not_valid: false, place: None })
}

/// Gives a constraint a name that was written before it.
pub(super) fn set_name(constraint: &mut Constraint, new: String) {
    match constraint {
        Constraint::PrimaryKey(key) => key.name = Some(new),
        Constraint::UsingIndex { name, .. } | Constraint::Exclude(name) => *name = Some(new),
        Constraint::Index(index) => index.name = Some(new),
        Constraint::ForeignKey(key) => key.key.name = Some(new),
        Constraint::Check(check) => check.name = Some(new),
    }
}

//! A query of the database's own catalogs, read as the question that it asks.

use std::collections::BTreeMap;

use super::super::cursor::Cursor;
use super::super::session::{Session, Value};
use super::super::types;
use super::{cast, written_name};
use crate::catalog::condition::{Condition, Subject};
use crate::catalog::operation::ConstraintKind;
use crate::catalog::{ColumnType, Dialect, ObjectName};

/// What a query asks of its rows, and where it reads them.
#[derive(Default)]
struct Asked {
    /// Relations it reads, with the name that each goes by.
    relations: Vec<(String, String)>,
    /// Values that columns are compared with, by the relation's name (empty where none is written) and the column.
    facts: BTreeMap<(String, String), Vec<String>>,
    /// Whether it asks something more that is not understood.
    unknown: bool,
}

/// Whether a query finds a row. The cursor is over `SELECT …` and nothing else.
pub(in crate::sql) fn query(cursor: &mut Cursor<'_>, session: &mut Session) -> Condition {
    let mut asked = Asked::default();
    if !session.enter() {
        session.leave();
        return Condition::Unknown;
    }
    let read = asked.read(cursor, session);
    session.leave();
    if read.is_none() {
        return Condition::Unknown;
    }
    let dialect = cursor.dialect;
    match asked.subject(dialect) {
        Some(subject) => {
            let found = Condition::Exists(subject);
            if asked.unknown { Condition::All(vec![found, Condition::Unknown]) } else { found }
        }
        None => Condition::Unknown,
    }
}

impl Asked {
    fn read(&mut self, cursor: &mut Cursor<'_>, session: &mut Session) -> Option<()> {
        const JOINS: &[&str] = &["join", "inner", "left", "right", "cross", "full", "outer"];
        const ENDS: &[&str] =
            &["where", "on", "limit", "order", "group", "join", "inner", "left", "right", "cross", "full", "fetch"];
        cursor.expect("select").ok()?;
        cursor.skip_until(&["from"]);
        cursor.expect("from").ok()?;
        loop {
            let name = cursor.object_name().ok()?.name.to_lowercase();
            cursor.eat("as");
            let alias = if cursor.is_name(0) && !ENDS.iter().any(|word| cursor.is_word(0, word)) {
                cursor.name().ok()?.to_lowercase()
            } else {
                name.clone()
            };
            self.relations.push((alias, name));
            if cursor.eat("on") {
                self.conjuncts(cursor, session, &["where", "join", "inner", "left", "right", "limit", "order"]);
            }
            let mut joined = cursor.eat_symbol(',');
            while JOINS.iter().any(|word| cursor.eat(word)) {
                joined = true;
            }
            if !joined {
                break;
            }
        }
        if cursor.eat("where") {
            self.conjuncts(cursor, session, &["limit", "order", "group", "fetch", "for"]);
        }
        if cursor.is_word(0, "group") {
            self.unknown = true;
        }
        Some(())
    }

    /// Conditions between ANDs, up to one of `stops`.
    fn conjuncts(&mut self, cursor: &mut Cursor<'_>, session: &mut Session, stops: &[&str]) {
        let ends: Vec<&str> = stops.iter().copied().chain(["and", "or"]).collect();
        loop {
            let from = cursor.position();
            let understood = self.conjunct(cursor, session);
            let clean = cursor.at_end() || ends.iter().any(|word| cursor.is_word(0, word));
            if understood.is_none() || !clean {
                cursor.set_position(from);
                cursor.skip_until(&ends);
                self.unknown = true;
            }
            if cursor.eat("or") {
                self.unknown = true;
                continue;
            }
            if !cursor.eat("and") {
                return;
            }
        }
    }

    fn conjunct(&mut self, cursor: &mut Cursor<'_>, session: &mut Session) -> Option<()> {
        if cursor.is_symbol(0, '(') && !cursor.is_word(1, "select") {
            let mut inside = cursor.inside().ok()?;
            self.conjuncts(&mut inside, session, &[]);
            return inside.at_end().then_some(());
        }
        if cursor.eat("not") {
            // `NOT attisdropped`, `NOT tgisinternal`: what a catalog does not hold anyway.
            let column = self.column(cursor)?;
            return column.1.ends_with("dropped").then_some(());
        }
        let column = self.column(cursor)?;
        cast(cursor);
        if cursor.eat("in") {
            let mut inside = cursor.inside().ok()?;
            let mut values = Vec::new();
            loop {
                values.push(inside.string().ok()?);
                cast(&mut inside);
                if !inside.eat_symbol(',') {
                    break;
                }
            }
            self.facts.insert(column, values);
            return Some(());
        }
        let schema = SCHEMAS.contains(&column.1.as_str());
        let operator = cursor.text_of(cursor.token(0)?).to_owned();
        cursor.skip();
        if operator.eq_ignore_ascii_case("not") && schema && cursor.eat("in") {
            cursor.parentheses().ok()?;
            return Some(());
        }
        if operator != "=" {
            // `attnum > 0`, `table_schema <> 'pg_catalog'`.
            let harmless = (column.1 == "attnum" && cursor.number().is_ok()) || (schema && cursor.string().is_ok());
            return harmless.then_some(());
        }
        self.value(cursor, session, column)
    }

    /// A column, with the name of the relation where one is written.
    fn column(&self, cursor: &mut Cursor<'_>) -> Option<(String, String)> {
        let mut parts = vec![cursor.name().ok()?.to_lowercase()];
        while cursor.eat_symbol('.') {
            parts.push(cursor.name().ok()?.to_lowercase());
        }
        let column = parts.pop()?;
        let alias = parts.pop().unwrap_or_default();
        let relation = match self.relations.iter().find(|(known, _)| *known == alias) {
            Some((_, relation)) => relation.clone(),
            None if self.relations.len() == 1 => self.relations[0].1.clone(),
            None => alias,
        };
        Some((relation, column))
    }

    /// What a column is equal to.
    fn value(&mut self, cursor: &mut Cursor<'_>, session: &mut Session, column: (String, String)) -> Option<()> {
        if cursor.is_symbol(0, '(') {
            let mut inside = cursor.inside().ok()?;
            if inside.is_string() {
                return self.value(&mut inside, session, column);
            }
            // `conrelid = (SELECT oid FROM pg_class WHERE relname = 't')`
            let mut asked = Asked::default();
            asked.read(&mut inside, session)?;
            let name =
                ["relname", "typname", "nspname", "name"].iter().find_map(|column| asked.fact(&[], &[column]))?;
            self.unknown |= asked.unknown;
            self.facts.insert(column, vec![name]);
            return Some(());
        }
        if cursor.eat("object_id") {
            let text = cursor.inside().ok()?.string().ok()?;
            self.facts.insert(column, vec![text]);
            return Some(());
        }
        if cursor.is_word(0, "true") || cursor.is_word(0, "false") {
            let value = cursor.name().ok()?;
            self.facts.insert(column, vec![value]);
            return Some(());
        }
        if cursor.is_string() {
            let text = cursor.string().ok()?;
            cast(cursor);
            self.facts.insert(column, vec![text]);
            return Some(());
        }
        if let Some(Value::Text(text)) = cursor.token(0).and_then(|token| session.variable(cursor.text_of(token))) {
            self.facts.insert(column, vec![text.clone()]);
            cursor.skip();
            return Some(());
        }
        // `current_schema()`, `DATABASE()`, `ANY (current_schemas(false))`: wherever the script itself works.
        const HERE: &[&str] =
            &["current_schema", "current_database", "current_catalog", "database", "schema", "schema_name", "any"];
        if HERE.iter().any(|word| cursor.is_word(0, word)) {
            cursor.skip();
            if cursor.is_symbol(0, '(') {
                cursor.parentheses().ok()?;
            }
            cast(cursor);
            return Some(());
        }
        // A join: `c.oid = a.attrelid`.
        if cursor.is_name(0) && cursor.is_symbol(1, '.') {
            cursor.object_name().ok()?;
            return Some(());
        }
        if column.1 == "attnum" {
            return cursor.number().is_ok().then_some(());
        }
        None
    }

    /// The one value that one of the columns is compared with, in one of the relations (or any).
    fn fact(&self, relations: &[&str], columns: &[&str]) -> Option<String> {
        let matches = |(relation, column): &&(String, String)| {
            columns.contains(&column.as_str())
                && (relations.is_empty() || relation.is_empty() || relations.contains(&relation.as_str()))
        };
        let key = self.facts.keys().find(matches)?;
        self.facts.get(key).filter(|values| values.len() == 1).and_then(|values| values.first()).cloned()
    }

    fn reads(&self, relation: &str) -> bool {
        self.relations.iter().any(|(_, name)| name == relation)
    }

    /// What the query looks for.
    fn subject(&mut self, dialect: Dialect) -> Option<Subject> {
        let schema = self.fact(&[], SCHEMAS).filter(|_| dialect.has_schemas());
        let in_schema = |name: String| ObjectName { schema: schema.clone(), name };
        // A `::regclass` or OBJECT_ID is a name that may be qualified; a `relname` is the bare name.
        let written = |text: String| written_name(&text, dialect);
        let table = |asked: &Self| {
            asked
                .fact(&[], &["table_name", "tablename"])
                .or_else(|| asked.fact(&["pg_class", "pg_tables", "tables", "objects"], &["relname", "name"]))
                .map(in_schema)
                .or_else(|| {
                    asked
                        .fact(&[], &["conrelid", "attrelid", "indrelid", "object_id", "parent_object_id"])
                        .and_then(written)
                })
        };
        let name_in = |asked: &Self, relations: &[&str], columns: &[&str]| asked.fact(relations, columns);
        let any = |asked: &Self, names: &[&str]| names.iter().any(|name| asked.reads(name));
        if any(self, &["columns", "pg_attribute"]) {
            let own = &["columns", "pg_attribute"];
            let column = name_in(self, own, &["column_name", "attname", "name"])?;
            let nullable =
                match self.fact(&[], &["is_nullable", "attnotnull"]).map(|text| text.to_lowercase()).as_deref() {
                    Some("yes" | "false") => Some(true),
                    Some("no" | "true") => Some(false),
                    _ => None,
                };
            let ty = self.fact(&[], &["udt_name", "data_type"]).map(|text| asked_type(&text, dialect));
            let known = ["is_nullable", "attnotnull", "udt_name", "data_type", "column_name", "attname", "name"];
            self.unknown |= self.asks_more(&known);
            return Some(Subject::Column { table: table(self), column, nullable, ty });
        }
        if self.reads("pg_enum") {
            let label = self.fact(&[], &["enumlabel"])?;
            let name = self.fact(&[], &["typname"]).map(in_schema);
            let name = name.or_else(|| self.fact(&[], &["enumtypid", "oid"]).and_then(written))?;
            self.unknown |= self.asks_more(&["enumlabel", "typname", "enumtypid", "oid"]);
            return Some(Subject::EnumValue(name, label));
        }
        let constraints = [
            "pg_constraint",
            "table_constraints",
            "referential_constraints",
            "key_column_usage",
            "constraint_column_usage",
            "constraint_table_usage",
            "check_constraints",
            "foreign_keys",
            "key_constraints",
        ];
        if any(self, &constraints) {
            let name = name_in(self, &constraints, &["conname", "constraint_name", "name"]);
            let name = name.or_else(|| self.fact(&constraints, &["object_id"]).and_then(written).map(|name| name.name));
            let kind = self.fact(&[], &["contype", "constraint_type", "type"]);
            let kind = match kind.map(|kind| kind.to_lowercase()).as_deref() {
                Some("p" | "primary key" | "pk") => Some(ConstraintKind::PrimaryKey),
                Some("u" | "unique" | "uq") => Some(ConstraintKind::Unique),
                Some("f" | "foreign key") => Some(ConstraintKind::ForeignKey),
                Some("c" | "check") => Some(ConstraintKind::Check),
                Some(_) => return None,
                None => None,
            };
            let table = if any(self, &["foreign_keys", "key_constraints", "check_constraints"]) {
                self.fact(&[], &["parent_object_id"]).and_then(written)
            } else {
                table(self)
            };
            if name.is_none() && (table.is_none() || kind.is_none()) {
                return None;
            }
            self.unknown |=
                self.asks_more(&["conname", "constraint_name", "contype", "constraint_type", "name", "type"]);
            return Some(Subject::Constraint { table, name, kind });
        }
        let indexes = ["pg_indexes", "pg_index", "statistics", "indexes"];
        if any(self, &indexes) {
            let name = self.fact(&[], &["indexname", "index_name"]);
            let name = name.or_else(|| self.fact(&["indexes", "pg_class"], &["name", "relname"]))?;
            self.unknown |= self.asks_more(&["indexname", "index_name", "name", "relname"]);
            let table = if self.reads("pg_index") { None } else { table(self) };
            return Some(Subject::Index { table, name });
        }
        if self.reads("pg_type") {
            self.unknown |= self.asks_more(&["typname", "typtype"]);
            return self.fact(&[], &["typname"]).map(in_schema).map(Subject::Type);
        }
        if self.reads("pg_class") {
            let name = self.fact(&["pg_class"], &["relname"])?;
            let kinds = self.facts.iter().find(|((_, column), _)| column == "relkind").map(|(_, kinds)| kinds.clone());
            let kinds: Vec<&str> = kinds.iter().flatten().map(String::as_str).collect();
            self.unknown |= self.asks_more(&["relname", "relkind"]);
            return Some(match kinds.as_slice() {
                [] => Subject::Relation(in_schema(name)),
                ["m"] => Subject::View(in_schema(name), Some(true)),
                ["v"] => Subject::View(in_schema(name), Some(false)),
                ["v", "m"] | ["m", "v"] => Subject::View(in_schema(name), None),
                ["S"] => Subject::Sequence(in_schema(name)),
                ["i" | "I"] | ["i", "I"] | ["I", "i"] => Subject::Index { table: None, name },
                kinds if kinds.iter().all(|kind| matches!(*kind, "r" | "p" | "f")) => Subject::Table(in_schema(name)),
                _ => return None,
            });
        }
        self.plain_subject(dialect, &in_schema)
    }

    /// Subjects that are asked for by one name in one relation.
    fn plain_subject(&mut self, dialect: Dialect, in_schema: &dyn Fn(String) -> ObjectName) -> Option<Subject> {
        let (_, relation) = self.relations.first().cloned()?;
        let name = self.fact(&[], NAMES);
        let name = match name {
            Some(name) => in_schema(name),
            None => written_name(&self.fact(&[], &["object_id"])?, dialect)?,
        };
        let kind = self.fact(&[], &["table_type", "type", "xtype"]).map(|kind| kind.trim().to_lowercase());
        self.unknown |= self.asks_more(&[NAMES, &["table_type", "type", "xtype"]].concat());
        Some(match (relation.as_str(), kind.as_deref()) {
            ("tables", Some("base table" | "u")) | ("tables" | "pg_tables", None) => Subject::Table(name),
            ("tables", Some("view")) | ("views" | "pg_views", _) => Subject::View(name, Some(false)),
            ("pg_matviews", _) => Subject::View(name, Some(true)),
            ("schemata" | "pg_namespace" | "schemas", _) => Subject::Schema(name.name),
            ("sequences" | "pg_sequences", _) => Subject::Sequence(name),
            ("pg_extension", _) => Subject::Extension(name.name),
            ("objects" | "sysobjects", Some("u")) | ("sqlite_master" | "sqlite_schema", Some("table")) => {
                Subject::Table(name)
            }
            ("objects" | "sysobjects", Some("v")) | ("sqlite_master" | "sqlite_schema", Some("view")) => {
                Subject::View(name, None)
            }
            ("sqlite_master" | "sqlite_schema", Some("index")) => Subject::Index { table: None, name: name.name },
            ("objects" | "sysobjects", Some("f" | "c" | "pk" | "uq")) => {
                Subject::Constraint { table: None, name: Some(name.name), kind: None }
            }
            ("objects" | "sysobjects" | "sqlite_master" | "sqlite_schema", None) => Subject::Relation(name),
            _ => return None,
        })
    }

    /// Whether a column is compared that is neither among `known` nor says where to look.
    fn asks_more(&self, known: &[&str]) -> bool {
        const PLACES: &[&str] = &[
            "table_name",
            "tablename",
            "relname",
            "conrelid",
            "attrelid",
            "indrelid",
            "object_id",
            "parent_object_id",
            "table_catalog",
            "constraint_catalog",
            "relkind",
            "oid",
            "typtype",
        ];
        self.facts.keys().any(|(_, column)| {
            !known.contains(&column.as_str())
                && !PLACES.contains(&column.as_str())
                && !SCHEMAS.contains(&column.as_str())
        })
    }
}

/// Columns of the catalogs by which one row's object is named.
const NAMES: &[&str] = &[
    "table_name",
    "tablename",
    "viewname",
    "matviewname",
    "schema_name",
    "nspname",
    "sequence_name",
    "sequencename",
    "extname",
    "name",
];

/// Columns of the catalogs that name a schema.
const SCHEMAS: &[&str] = &[
    "table_schema",
    "schemaname",
    "nspname",
    "constraint_schema",
    "index_schema",
    "schema_name",
    "udt_schema",
    "connamespace",
    "relnamespace",
    "typnamespace",
    "sequence_schema",
    "schema_id",
];

/// The type that `information_schema.columns` calls so.
fn asked_type(text: &str, dialect: Dialect) -> ColumnType {
    if matches!(text, "USER-DEFINED" | "ARRAY") {
        return ColumnType::unknown();
    }
    let (element, array) = match text.strip_prefix('_') {
        Some(element) if dialect.is_postgres_like() => (element, true),
        _ => (text, false),
    };
    let mut ty = types::parse(element, dialect);
    ty.array |= array;
    ty
}

//! The tables that models declare, made in a catalog as `metadata.create_all()` makes them in a database.

use std::collections::{BTreeMap, BTreeSet};

use super::registry::Meta;
use super::resolve::{References, Unresolved, is_foreign_key, own_type};
use super::table::{TableColumn, TableSpec};
use crate::alembic::items::{Convention, Reader, Scheme, TableItem};
use crate::alembic::python::{Interpreter, SymbolKind, Value};
use crate::catalog::apply::ApplyError;
use crate::catalog::operation::{Constraint, NewTable, Operation, OperationKind};
use crate::catalog::{
    Catalog, Dialect, Enum, Index, IndexOn, Object, ObjectName, Opaque, Reach, Table, UserType, UserTypeKind,
};
use crate::source::{Place, Span};

/// Makes the catalog. `clean` says that everything that `env.py` imports could be followed: then what SQLAlchemy would
/// refuse is refused, and not a gap in the reading.
pub(super) fn make(
    interpreter: &mut Interpreter<'_>,
    tables: &[TableSpec],
    references: &References,
    dialect: Dialect,
    clean: bool,
) -> Catalog {
    let mut catalog = Catalog::new(dialect);
    let mut keys: Vec<Operation> = Vec::new();
    let mut problems: Vec<Unresolved> = Vec::new();
    for table in tables {
        let name = object_name(table);
        // A name is taken once in a `MetaData`, and each of several has its own; where the database knows no schemas, tables of
        // two of them are those of two databases.
        if catalog.table(&name).is_some() {
            catalog.doubts.push(Opaque {
                place: whole(&table.place),
                reason: format!("another table is called {} too, of another metadata or schema", table.name),
                reach: Reach::Table(name),
            });
            continue;
        }
        let Some(item) = read(interpreter, tables, table, references, dialect, &mut problems, &mut catalog.doubts)
        else {
            continue;
        };
        if let Some(schema) = &name.schema {
            catalog.schemas.insert(schema.clone());
        }
        create(&mut catalog, &name, item, &mut keys, &mut problems);
    }
    for key in keys {
        if let Err(error) = catalog.apply(&key) {
            if let Some(doubt) = refer_as_written(&mut catalog, &key, &error) {
                catalog.doubts.push(doubt);
                continue;
            }
            let table = key.table().cloned();
            catalog.doubts.push(Opaque {
                place: key.place.clone(),
                reason: error.to_string(),
                reach: table.map_or(Reach::Nothing, Reach::Table),
            });
        }
    }
    for problem in problems {
        let (reason, place, reach) = match problem {
            Unresolved::Refused(reason, place) if clean => {
                (format!("SQLAlchemy refuses the models: {reason}"), place, Reach::Everything)
            }
            Unresolved::Refused(reason, place) => (reason, place, Reach::Nothing),
            Unresolved::Doubt(reason, place) => (reason, place, Reach::Nothing),
        };
        catalog.doubts.push(Opaque { place, reason, reach });
    }
    catalog
}

/// Adds a foreign key that a database alone refuses (types that differ, a target that is not unique): SQLAlchemy looks at neither,
/// and Alembic compares what is declared. So is one of a name that is taken, as a convention gives it to two keys that begin with
/// the same column: Alembic compares foreign keys by their columns. So is one whose target is a table of which not all is known:
/// that a column of it was not found says nothing, and the key is what it is. What is said of it; none where the key is refused for another reason.
fn refer_as_written(catalog: &mut Catalog, operation: &Operation, error: &ApplyError) -> Option<Opaque> {
    let OperationKind::AddConstraint { table, constraint: Constraint::ForeignKey(new) } = &operation.kind else {
        return None;
    };
    let target = catalog.resolve(&catalog.tables, &new.target)?;
    let dialect = catalog.dialect;
    let lacks =
        |table: &Table, columns: &[String]| columns.iter().find(|name| table.column(dialect, name).is_none()).cloned();
    let reason = match lacks(catalog.tables.get(&target)?, &new.key.target_columns) {
        None if matches!(error, ApplyError::Refused(_) | ApplyError::Exists { .. }) => {
            format!("the database would refuse the key: {error}")
        }
        None => return None,
        Some(column) => {
            let object = Object::Column(&target, &column);
            // What is declared has no order: a doubt about a table is noted before the table is.
            let is_about = |doubt: &&Opaque| doubt.reach != Reach::Everything && doubt.reach.covers(&object, dialect);
            let doubt = catalog.doubts.iter().find(is_about)?;
            format!("whether there is a column {target}.{column}, which a foreign key refers to: {}", doubt.reason)
        }
    };
    let referring = catalog.resolve(&catalog.tables, table)?;
    let referring = catalog.tables.get_mut(&referring).filter(|table| lacks(table, &new.key.columns).is_none())?;
    let mut key = new.key.clone();
    key.target = target;
    key.place.get_or_insert_with(|| operation.place.clone());
    referring.foreign_keys.push(key);
    Some(Opaque { place: operation.place.clone(), reason, reach: Reach::Nothing })
}

/// The place of a class with its body, or of a call as it is: an edit of what is not looked at is another doubt.
pub(super) fn whole(place: &Place) -> Place {
    let text = place.source.text();
    let start = text.get(..place.span.start as usize).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.get(start..).unwrap_or_default().split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    let body = lines.take_while(|line| line.trim().is_empty() || indent(line) > indent(first)).map(str::len);
    let end = u32::try_from(start + first.len() + body.sum::<usize>()).unwrap_or(u32::MAX);
    Place::new(&place.source, Span { start: place.span.start, end: end.max(place.span.end) })
}

/// The name that operations use.
fn object_name(table: &TableSpec) -> ObjectName {
    let schema = table.schema().and_then(|schema| schema.as_str()).map(|schema| schema.to_string());
    ObjectName { schema, name: table.name.clone() }
}

/// Reads one table's items. What could not be evaluated is added to `doubts`.
fn read(
    interpreter: &mut Interpreter<'_>,
    tables: &[TableSpec],
    table: &TableSpec,
    references: &References,
    dialect: Dialect,
    problems: &mut Vec<Unresolved>,
    doubts: &mut Vec<Opaque>,
) -> Option<TableItem> {
    let name = object_name(table);
    let mut doubt = |reason: String, place: Place, reach: Reach| doubts.push(Opaque { place, reason, reach });
    if let Some(schema) = table.schema()
        && schema.as_str().is_none()
    {
        let reason = match schema {
            Value::Unknown(unknown) => format!("the schema of a table: {}", unknown.reason),
            _ => "the schema of a table, which is no text".to_owned(),
        };
        doubt(reason, whole(&table.place), Reach::Table(ObjectName::bare(&table.name)));
        return None;
    }
    if let Some((reason, place)) = &table.doubt {
        doubt(reason.clone(), place.clone(), Reach::Table(name.clone()));
    }
    for (column, reason, place) in &table.column_doubts {
        doubt(reason.clone(), place.clone(), Reach::Column(name.clone(), column.clone()));
    }
    let convention = match table.meta.as_ref().and_then(Meta::naming_convention) {
        None => Convention::default(),
        Some(value) => match Convention::of(&value) {
            Some(convention) => convention,
            None => {
                doubt(
                    "a naming convention that cannot be evaluated".to_owned(),
                    table.place.clone(),
                    Reach::Table(name.clone()),
                );
                Convention::default()
            }
        },
    };
    let schema = table.meta.as_ref().and_then(Meta::schema).and_then(|schema| schema.as_str());
    let mut items: Vec<Value> = Vec::new();
    for column in &table.columns {
        items.push(column_item(tables, table, column, references, problems));
    }
    for constraint in &table.constraints {
        if let Some(missing) = missing_column(table, constraint) {
            let place = constraint.place().unwrap_or_else(|| table.place.clone());
            problems.push(Unresolved::Refused(
                format!("a constraint of {} names the column {missing}, which is not there", table.name),
                place,
            ));
            continue;
        }
        let constraint = references.foreign_key(tables, table, constraint, None, problems);
        items.push(references.written(tables, &constraint, 0));
    }
    let mut by_text: Vec<(Place, Vec<usize>)> = Vec::new();
    for index in &table.indexes {
        if let Some(missing) = missing_column(table, index) {
            let place = index.place().unwrap_or_else(|| table.place.clone());
            problems.push(Unresolved::Refused(
                format!("an index of {} names the column {missing}, which is not there", table.name),
                place,
            ));
            continue;
        }
        let (index, ordered) = with_ordered_names(table, index);
        if let Some(place) = index.place().filter(|_| !ordered.is_empty()) {
            by_text.push((place, ordered));
        }
        items.push(references.written(tables, &index, 0));
    }
    let scheme = Scheme { dialect, convention: &convention, schema: schema.as_deref(), columns: None };
    let mut reader = Reader { interpreter, scheme, table: name.clone(), place: table.place.clone() };
    let mut item = reader.table(&items, &table.keyword);
    if dialect == Dialect::Sqlite {
        // SQLite's reflection leaves indexes on expressions out.
        for (place, ordered) in &by_text {
            for index in item.indexes.iter_mut().filter(|index| index.place.as_ref() == Some(place)) {
                for (at, part) in index.parts.iter_mut().enumerate().filter(|(at, _)| ordered.contains(at)) {
                    let _ = at;
                    if let IndexOn::Column(name) = &part.on {
                        part.on = IndexOn::Expression(name.clone());
                    }
                }
            }
        }
    }
    for (column, found) in &item.doubts {
        let place = found.place.clone().unwrap_or_else(|| table.place.clone());
        let reach = match column {
            Some(column) => Reach::Column(name.clone(), column.clone()),
            None => Reach::Table(name.clone()),
        };
        doubt(found.reason.clone(), place, reach);
    }
    // What a foreign key may be is a question of its columns, and of no other.
    for (columns, found) in &item.unread_keys {
        for column in columns {
            let place = found.place.clone().unwrap_or_else(|| table.place.clone());
            doubt(found.reason.clone(), place, Reach::Column(name.clone(), column.clone()));
        }
    }
    Some(item)
}

/// An index whose `desc("name")` and the like name columns, and the positions of those parts and of texts: SQLAlchemy
/// takes both for expressions.
fn with_ordered_names(table: &TableSpec, index: &Value) -> (Value, Vec<usize>) {
    let Some((path, args)) = index.call_of() else { return (index.clone(), Vec::new()) };
    let mut args = args.clone();
    let mut ordered = Vec::new();
    for (at, part) in args.positional.iter_mut().skip(1).enumerate() {
        let Some((order, inner)) = part.call_of() else { continue };
        if matches!(order, "sqlalchemy.text" | "sqlalchemy.literal_column") {
            ordered.push(at);
            continue;
        }
        let orders = matches!(
            order,
            "sqlalchemy.desc"
                | "sqlalchemy.asc"
                | "sqlalchemy.nulls_first"
                | "sqlalchemy.nulls_last"
                | "sqlalchemy.nullsfirst"
                | "sqlalchemy.nullslast"
        );
        let Some(key) = inner.positional.first().and_then(Value::as_str).filter(|_| orders) else { continue };
        let name = table.column_by_key(&key).map_or_else(|| key.to_string(), |column| column.name.clone());
        let column = super::annotations::call("sqlalchemy.column", vec![Value::str(name)]);
        let order = super::annotations::call(order, vec![column]);
        *part = order;
        ordered.push(at);
    }
    if ordered.is_empty() {
        return (index.clone(), ordered);
    }
    let kind = SymbolKind::Call { callee: Value::external(path), args };
    (Value::symbol(kind, index.place()), ordered)
}

/// A column with its type written out where it comes from a foreign key, and its foreign keys resolved.
fn column_item(
    tables: &[TableSpec],
    table: &TableSpec,
    column: &TableColumn,
    references: &References,
    problems: &mut Vec<Unresolved>,
) -> Value {
    let Some((path, args)) = column.value.call_of() else { return column.value.clone() };
    let mut args = args.clone();
    // `Column("name", None, ForeignKey(…))` leaves the type to the target.
    if args.positional.len() > 1 {
        args.positional.retain(|item| !item.is_none());
    }
    for item in &mut args.positional {
        if is_foreign_key(item) {
            *item = references.foreign_key(tables, table, item, Some(column), problems);
        }
    }
    if own_type(&args).is_none()
        && let Some(ty) = references.inherited_type(tables, table, column, 0)
    {
        let at = usize::from(args.positional.first().is_some_and(|first| first.as_str().is_some()));
        args.positional.insert(at, ty);
    }
    for (key, value) in &mut args.keyword {
        if matches!(&**key, "server_default" | "default" | "server_onupdate") {
            *value = references.written(tables, value, 0);
        }
    }
    Value::symbol(SymbolKind::Call { callee: Value::external(path), args }, Some(column.place.clone()))
}

/// A column that a constraint or index names by text and that its table does not have: SQLAlchemy refuses it.
fn missing_column(table: &TableSpec, item: &Value) -> Option<String> {
    if table.doubt.is_some() || !table.column_doubts.is_empty() {
        return None;
    }
    let (path, args) = item.call_of()?;
    let named: Vec<Value> = match path.rsplit('.').next()? {
        "UniqueConstraint" | "PrimaryKeyConstraint" => args.positional.clone(),
        "Index" => args.positional.iter().skip(1).cloned().collect(),
        "ForeignKeyConstraint" => args.get(0, "columns").and_then(Value::items).unwrap_or_default(),
        _ => return None,
    };
    named.iter().filter_map(Value::as_str).find(|key| table.column_by_key(key).is_none()).map(|key| key.to_string())
}

/// Puts an index, or a unique constraint, that the database would refuse beside its table where only its name is in the way:
/// SQLAlchemy takes one of a name that one of another table has, and the databases that do not are not asked.
fn keep_index(
    catalog: &mut Catalog,
    name: &ObjectName,
    index: Index,
    at: Place,
    error: &ApplyError,
    problems: &mut Vec<Unresolved>,
) {
    if let ApplyError::Exists { .. } = error
        && let Some(made) = catalog.resolve(&catalog.tables, name)
        && let Some(made) = catalog.tables.get_mut(&made)
    {
        let what = if index.constraint { "constraint" } else { "index" };
        made.indexes.push(index);
        let reason = format!("the database would refuse the {what}: {error}");
        catalog.doubts.push(Opaque { place: at, reason, reach: Reach::Nothing });
    } else {
        problems.push(Unresolved::Refused(error.to_string(), at));
    }
}

/// Creates a table, its enums and indexes. Foreign keys are kept for when every table is there.
fn create(
    catalog: &mut Catalog,
    name: &ObjectName,
    item: TableItem,
    keys: &mut Vec<Operation>,
    problems: &mut Vec<Unresolved>,
) {
    let TableItem { mut table, mut indexes, enumerations, sequences, .. } = item;
    // A column that a class of another package may bring is not missing where a constraint names it. Those that name one are not
    // known, as the table is not.
    let doubted = Object::Table(&catalog.new_name(name));
    if catalog
        .doubts
        .iter()
        .any(|doubt| doubt.reach != Reach::Everything && doubt.reach.covers(&doubted, catalog.dialect))
    {
        let named: BTreeSet<String> = table.columns.iter().map(|column| column.column.name.clone()).collect();
        let is_whole = |index: &Index| {
            index.parts.iter().all(|part| !matches!(&part.on, IndexOn::Column(column) if !named.contains(column)))
        };
        table.constraints.retain(|one| !matches!(one, Constraint::Index(index) if !is_whole(index)));
        indexes.retain(is_whole);
    }
    let place = table
        .columns
        .first()
        .and_then(|column| column.column.place.clone())
        .or_else(|| indexes.first().and_then(|index| index.place.clone()));
    let table_place = place.clone();
    for enumeration in enumerations {
        let full = catalog.new_name(&enumeration.name);
        catalog.schemas.insert(full.schema.clone());
        catalog.enums.entry(full.clone()).or_insert(Enum {
            name: full,
            labels: enumeration.labels,
            place: enumeration.place,
        });
    }
    let Some(place) = table_place else { return empty_table(catalog, name) };
    // Types of extensions and types that others make are taken to be there: no model declares them.
    for column in &table.columns {
        if let Some(name) = column.column.ty.kind.user_name() {
            let full = catalog.new_name(&name);
            if !catalog.enums.contains_key(&full) {
                let made = UserType { name: full.clone(), kind: UserTypeKind::Other, required: false, place: None };
                catalog.types.entry(full).or_insert(made);
            }
        }
    }
    for sequence in sequences {
        let operation = OperationKind::CreateSequence { name: sequence, owned_by: None };
        // Two columns may share a sequence.
        let _ = catalog
            .apply(&Operation::new(operation, place.clone()).guarded(crate::catalog::operation::Guard::IfAbsent));
    }
    let nullable: BTreeMap<String, bool> = table
        .columns
        .iter()
        .map(|column| {
            // An identity column takes no NULL, whatever is written.
            (column.column.name.clone(), column.column.nullable && column.column.auto_increment.is_none())
        })
        .collect();
    let mut later = Vec::new();
    let mut keep = |constraints: &mut Vec<Constraint>| {
        let (references, others) =
            std::mem::take(constraints).into_iter().partition(|one| matches!(one, Constraint::ForeignKey(_)));
        *constraints = others;
        let references: Vec<Constraint> = references;
        later.extend(references);
    };
    keep(&mut table.constraints);
    for column in &mut table.columns {
        keep(&mut column.constraints);
    }
    // Two constraints of one name: a metadata can hold them, and the later one is found by it.
    let mut named = BTreeSet::new();
    let mut constraints: Vec<Constraint> = Vec::new();
    for constraint in table.constraints.into_iter().rev() {
        let repeated = match &constraint {
            Constraint::Index(index) => index.name.clone().is_some_and(|name| !named.insert(name)),
            _ => false,
        };
        if !repeated {
            constraints.push(constraint);
        }
    }
    constraints.reverse();
    table.constraints = constraints;
    let uniques: Vec<Constraint> = table
        .constraints
        .iter()
        .filter(|one| matches!(one, Constraint::Index(index) if index.name.is_some()))
        .cloned()
        .collect();
    let dialect = catalog.dialect;
    let over_key = take_over_key(&mut table, dialect);
    let at = place.clone();
    let mut plain = table.clone();
    let mut made = catalog.apply(&Operation::new(OperationKind::CreateTable(Box::new(table)), place.clone()));
    if let Err(ApplyError::Exists { .. }) = &made
        && !uniques.is_empty()
    {
        // A constraint of a name that one of another table has: below it is put in beside the table.
        plain.constraints.retain(|one| !matches!(one, Constraint::Index(index) if index.name.is_some()));
        made = catalog.apply(&Operation::new(OperationKind::CreateTable(Box::new(plain.clone())), place.clone()));
    }
    if let Err(error) = made {
        // A default that the database would refuse is nothing that SQLAlchemy looks at.
        let defaults: Vec<_> = plain.columns.iter_mut().map(|column| column.column.default.take()).collect();
        let again = Operation::new(OperationKind::CreateTable(Box::new(plain)), place.clone());
        if defaults.iter().all(Option::is_none) || catalog.apply(&again).is_err() {
            problems.push(Unresolved::Refused(error.to_string(), at));
            return;
        }
        if let Some(made) = catalog.resolve(&catalog.tables, name)
            && let Some(made) = catalog.tables.get_mut(&made)
        {
            for (column, default) in made.columns.iter_mut().zip(defaults) {
                column.default = default;
            }
        }
        let reason = format!("the database would refuse the table: {error}");
        catalog.doubts.push(Opaque { place: at, reason, reach: Reach::Nothing });
    }
    // Of two unique constraints that say the same, PostgreSQL makes one; the metadata has both.
    for unique in uniques.into_iter().chain(over_key) {
        let is_made = catalog.table(name).is_some_and(|made| match &unique {
            Constraint::Index(wanted) => {
                wanted.name.is_some() && made.indexes.iter().any(|index| index.name == wanted.name)
            }
            _ => true,
        });
        if !is_made {
            let kind = OperationKind::AddConstraint { table: name.clone(), constraint: unique };
            let operation = Operation::new(kind, place.clone());
            let Err(error) = catalog.apply(&operation) else { continue };
            if let OperationKind::AddConstraint { constraint: Constraint::Index(index), .. } = operation.kind {
                let at = index.place.clone().unwrap_or_else(|| place.clone());
                keep_index(catalog, name, *index, at, &error, problems);
            }
        }
    }
    for index in unrepeated(indexes, name, &mut catalog.doubts) {
        let at = index.place.clone().unwrap_or_else(|| place.clone());
        let kind = OperationKind::CreateIndex { table: name.clone(), index: Box::new(index), concurrently: false };
        let operation = Operation::new(kind, at.clone());
        let Err(error) = catalog.apply(&operation) else { continue };
        if let OperationKind::CreateIndex { index, .. } = operation.kind {
            keep_index(catalog, name, *index, at, &error, problems);
        }
    }
    // Autogenerate compares what the model says, not what the database makes of it.
    if let Some(made) = catalog.resolve(&catalog.tables, name)
        && let Some(made) = catalog.tables.get_mut(&made)
    {
        for index in made.indexes.iter_mut().filter(|index| index.constraint && dialect == Dialect::Sqlite) {
            // What names it is the model.
            index.generated_name = index.name.is_none();
        }
        for column in &mut made.columns {
            if let Some(nullable) = nullable.get(&column.name) {
                column.nullable = *nullable;
            }
        }
    }
    for constraint in later {
        let at = match &constraint {
            Constraint::ForeignKey(key) => key.key.place.clone(),
            _ => None,
        };
        let kind = OperationKind::AddConstraint { table: name.clone(), constraint };
        keys.push(Operation::new(kind, at.unwrap_or_else(|| place.clone())));
    }
}

/// Takes the unique constraints on exactly the columns of the key out of a table (`unique=True, primary_key=True`): PostgreSQL makes
/// none of them in a CREATE TABLE (`transformIndexConstraints`), and each where ALTER TABLE adds it; the metadata has them.
fn take_over_key(table: &mut NewTable, dialect: Dialect) -> Vec<Constraint> {
    let all = || table.columns.iter().flat_map(|column| &column.constraints).chain(&table.constraints);
    let key =
        all().find_map(|one| if let Constraint::PrimaryKey(key) = one { Some(key.columns.clone()) } else { None });
    let Some(key) = key.filter(|_| dialect == Dialect::PostgreSql) else { return Vec::new() };
    let is_over =
        |one: &mut Constraint| matches!(one, Constraint::Index(index) if index.constraint && index.parts == key);
    let mut taken: Vec<Constraint> = table.constraints.extract_if(.., is_over).collect();
    for column in &mut table.columns {
        taken.extend(column.constraints.extract_if(.., is_over));
    }
    taken
}

/// Indexes of one name: `index=True` and an `Index` beside it. Autogenerate finds an index by its name and takes one of
/// them; which one is not said, so it is doubted where they differ.
fn unrepeated(indexes: Vec<Index>, table: &ObjectName, doubts: &mut Vec<Opaque>) -> Vec<Index> {
    let mut kept: Vec<Index> = Vec::new();
    for index in indexes {
        let Some(other) = kept.iter().find(|other| index.name.is_some() && other.name == index.name) else {
            kept.push(index);
            continue;
        };
        let same = other.parts == index.parts && other.unique == index.unique && other.predicate == index.predicate;
        if let Some(place) = index.place.filter(|_| !same) {
            let reason = format!("two indexes of one name, {}", other.name.as_deref().unwrap_or_default());
            doubts.push(Opaque { place, reason, reach: Reach::Table(table.clone()) });
        }
    }
    kept
}

/// A table without columns, as far as they could be read.
fn empty_table(catalog: &mut Catalog, name: &ObjectName) {
    let full = catalog.new_name(name);
    catalog.tables.entry(full.clone()).or_insert_with(|| crate::catalog::Table::new(full));
}

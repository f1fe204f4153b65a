//! Applying operations, dialect by dialect, on operations made by hand.

use super::*;
use crate::catalog::operation::{ColumnChange, Constraint, ConstraintKind, NewColumn, NewForeignKey, NewTable};
use crate::catalog::{Check, ColumnType, ForeignKey, IndexPart, Key, Object, ReferentialAction, TableKind, TypeKind};
use crate::source::{Place, Source};

fn place() -> Place {
    Place::start_of(&Source::new("migration.sql".into(), "x"))
}

fn name(text: &str) -> ObjectName {
    match text.split_once('.') {
        Some((schema, name)) => ObjectName::qualified(schema, name),
        None => ObjectName::bare(text),
    }
}

fn column(text: &str, ty: &str) -> NewColumn {
    NewColumn::plain(Column::new(text, ColumnType::builtin(ty), true))
}

fn key(columns: &[&str]) -> Constraint {
    let columns = columns.iter().copied().map(IndexPart::named).collect();
    Constraint::PrimaryKey(Key { name: None, columns, clustered: None, place: None })
}

fn foreign_key(columns: &[&str], target: &str, target_columns: &[&str]) -> Constraint {
    let owned = |columns: &[&str]| columns.iter().map(|&column| column.to_owned()).collect::<Vec<_>>();
    Constraint::ForeignKey(Box::new(NewForeignKey {
        key: ForeignKey {
            name: None,
            generated_name: false,
            columns: owned(columns),
            target: Name::new("", ""),
            target_columns: owned(target_columns),
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
            deferrable: false,
            initially_deferred: false,
            not_valid: false,
            place: None,
        },
        target: name(target),
    }))
}

fn table(text: &str, columns: &[(&str, &str)], constraints: Vec<Constraint>) -> K {
    K::CreateTable(Box::new(NewTable {
        name: name(text),
        kind: TableKind::Plain,
        columns: columns.iter().map(|(name, ty)| column(name, ty)).collect(),
        constraints,
        source: None,
        comment: None,
    }))
}

fn unique(columns: &[&str]) -> Constraint {
    let mut index = Index::new(None, columns.iter().copied().map(IndexPart::named).collect(), true);
    index.constraint = true;
    Constraint::Index(Box::new(index))
}

fn catalog(dialect: Dialect, operations: Vec<K>) -> Catalog {
    let mut catalog = Catalog::new(dialect);
    for kind in operations {
        let text = format!("{kind:?}");
        catalog.apply(&Operation::new(kind, place())).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
    catalog
}

fn error(catalog: &mut Catalog, kind: K) -> String {
    let before = format!("{:?}", catalog.tables);
    let error = catalog.apply(&Operation::new(kind, place())).expect_err("the database refuses it");
    assert_eq!(format!("{:?}", catalog.tables), before, "a refused operation changes nothing");
    error.to_string()
}

fn users_and_posts(dialect: Dialect) -> Catalog {
    catalog(
        dialect,
        vec![
            table("users", &[("id", "integer"), ("email", "text")], vec![key(&["id"]), unique(&["email"])]),
            table("posts", &[("id", "integer"), ("user_id", "integer")], vec![foreign_key(&["user_id"], "users", &[])]),
        ],
    )
}

#[test]
fn postgresql_names_what_is_left_unnamed() {
    let catalog = users_and_posts(Dialect::PostgreSql);
    let users = catalog.table(&name("users")).unwrap();
    assert_eq!(users.primary_key.as_ref().unwrap().name.as_deref(), Some("users_pkey"));
    assert!(!users.columns[0].nullable);
    assert_eq!(users.indexes[0].name.as_deref(), Some("users_email_key"));
    let posts = catalog.table(&name("posts")).unwrap();
    assert_eq!(posts.foreign_keys[0].name.as_deref(), Some("posts_user_id_fkey"));
    assert_eq!(posts.foreign_keys[0].target_columns, ["id"]);
}

#[test]
fn mysql_names_and_makes_indexes_for_foreign_keys() {
    let mut catalog = users_and_posts(Dialect::MySql);
    let posts = catalog.table(&name("posts")).unwrap();
    assert_eq!(posts.foreign_keys[0].name.as_deref(), Some("posts_ibfk_1"));
    assert_eq!(posts.indexes[0].name.as_deref(), Some("user_id"));
    let index =
        Box::new(Index::new(Some("x".into()), vec![IndexPart::named("user_id"), IndexPart::named("id")], false));
    let create = K::CreateIndex { table: name("posts"), index, concurrently: false };
    catalog.apply(&Operation::new(create, place())).unwrap();
    let posts = catalog.table(&name("posts")).unwrap();
    assert_eq!(posts.indexes.len(), 1, "an index that serves the key replaces the one made for it");
    let mut catalog = users_and_posts(Dialect::MySql);
    let index = Box::new(Index::new(Some("user_id".into()), vec![IndexPart::named("user_id")], false));
    let create = K::CreateIndex { table: name("posts"), index, concurrently: false };
    catalog.apply(&Operation::new(create.clone(), place())).unwrap();
    assert!(error(&mut catalog, create).contains("exists already"), "and only the one made for it, under its name");
}

#[test]
fn tables_that_others_refer_to_stay() {
    let drop = |cascade| K::DropTable { name: name("users"), cascade };
    for dialect in [Dialect::PostgreSql, Dialect::MySql, Dialect::SqlServer] {
        let mut catalog = users_and_posts(dialect);
        assert!(error(&mut catalog, drop(false)).contains("a foreign key of posts refers to it"), "{dialect}");
    }
    let mut catalog = users_and_posts(Dialect::PostgreSql);
    catalog.apply(&Operation::new(drop(true), place())).unwrap();
    assert!(catalog.table(&name("posts")).unwrap().foreign_keys.is_empty());
    let mut catalog = users_and_posts(Dialect::Sqlite);
    catalog.apply(&Operation::new(drop(false), place())).unwrap();
    assert_eq!(catalog.table(&name("posts")).unwrap().foreign_keys.len(), 1, "SQLite leaves the reference dangling");
    let mut catalog = users_and_posts(Dialect::PostgreSql);
    catalog.drop_together(&[&name("users"), &name("posts")]);
    catalog.apply(&Operation::new(drop(false), place())).unwrap();
}

#[test]
fn sqlite_redefines_a_table() {
    let mut catalog = users_and_posts(Dialect::Sqlite);
    for kind in [
        table("new_users", &[("id", "integer"), ("name", "text")], vec![key(&["id"])]),
        K::DropTable { name: name("users"), cascade: false },
        K::RenameTable { from: name("new_users"), to: name("users") },
    ] {
        catalog.apply(&Operation::new(kind, place())).unwrap();
    }
    assert!(catalog.table(&name("users")).unwrap().column(Dialect::Sqlite, "NAME").is_some());
    assert_eq!(catalog.table(&name("posts")).unwrap().foreign_keys[0].target.name, "users");
    assert_eq!(catalog.referrers(&Name::new("", "users")), [Name::new("", "posts")]);
}

#[test]
fn sqlite_keeps_references_where_it_is_told_to() {
    let mut catalog = users_and_posts(Dialect::Sqlite);
    for kind in [
        K::KeepReferences(true),
        K::RenameTable { from: name("users"), to: name("users_old") },
        table("users", &[("id", "integer")], vec![key(&["id"])]),
        K::DropTable { name: name("users_old"), cascade: false },
    ] {
        catalog.apply(&Operation::new(kind, place())).unwrap();
    }
    assert_eq!(catalog.table(&name("posts")).unwrap().foreign_keys[0].target.name, "users");
}

#[test]
fn renames_propagate() {
    let mut catalog = users_and_posts(Dialect::PostgreSql);
    for kind in [
        K::RenameColumn { table: name("users"), from: "id".into(), to: "uid".into() },
        K::RenameTable { from: name("users"), to: name("people") },
    ] {
        catalog.apply(&Operation::new(kind, place())).unwrap();
    }
    let key = &catalog.table(&name("posts")).unwrap().foreign_keys[0];
    assert_eq!((key.target.name.as_str(), key.target_columns[0].as_str()), ("people", "uid"));
    let people = catalog.table(&name("people")).unwrap();
    assert_eq!(people.primary_key.as_ref().unwrap().columns[0].column(), Some("uid"));
    assert_eq!(people.primary_key.as_ref().unwrap().name.as_deref(), Some("users_pkey"));
    assert!(error(&mut catalog, K::RenameTable { from: name("posts"), to: name("people") }).contains("exists already"));
}

#[test]
fn a_dropped_column_takes_what_involves_it() {
    let drop = || K::DropColumn { table: name("posts"), column: "user_id".into(), if_present: false, cascade: false };
    let mut catalog = users_and_posts(Dialect::PostgreSql);
    catalog.apply(&Operation::new(drop(), place())).unwrap();
    assert!(catalog.table(&name("posts")).unwrap().foreign_keys.is_empty());
    let of_users = K::DropColumn { table: name("users"), column: "id".into(), if_present: false, cascade: false };
    assert!(error(&mut users_and_posts(Dialect::PostgreSql), of_users).contains("a foreign key of posts refers to it"));
    for dialect in [Dialect::MySql, Dialect::Sqlite, Dialect::SqlServer] {
        assert!(error(&mut users_and_posts(dialect), drop()).contains("foreign key"), "{dialect}");
    }
}

#[test]
fn enums_and_the_columns_of_them() {
    let mut status = column("status", "text");
    status.column.ty.kind = TypeKind::Named(name("status"));
    let mut catalog = catalog(
        Dialect::PostgreSql,
        vec![
            K::CreateEnum { name: name("status"), labels: vec!["a".into()] },
            table("t", &[("id", "integer")], vec![]),
            K::AddColumn { table: name("t"), column: Box::new(status), if_absent: false },
            K::RenameType { from: name("status"), to: "status_old".into() },
        ],
    );
    let ty = &catalog.table(&name("t")).unwrap().columns[1].ty;
    assert_eq!(ty.kind, TypeKind::Named(name("public.status_old")));
    let drop = |cascade| K::DropType { name: name("status_old"), cascade };
    assert_eq!(error(&mut catalog, drop(false)), "the type status_old cannot be dropped: t.status is of it");
    catalog.apply(&Operation::new(drop(true), place())).unwrap();
    assert_eq!(catalog.table(&name("t")).unwrap().columns.len(), 1);
    let mut unknown = column("x", "text");
    unknown.column.ty.kind = TypeKind::Named(name("vector"));
    let add = K::AddColumn { table: name("t"), column: Box::new(unknown), if_absent: false };
    assert_eq!(error(&mut catalog, add.clone()), "the type vector does not exist");
    let extension = K::CreateExtension { name: "vector".into(), schema: None, version: None };
    catalog.apply(&Operation::new(extension, place())).unwrap();
    catalog.apply(&Operation::new(add, place())).unwrap();
}

#[test]
fn serial_columns_own_their_sequence() {
    let mut catalog = catalog(Dialect::PostgreSql, vec![table("t", &[("id", "serial")], vec![])]);
    let column = &catalog.table(&name("t")).unwrap().columns[0];
    assert_eq!((column.ty.to_string().as_str(), column.nullable), ("integer", false));
    assert!(matches!(&column.default, Some(crate::catalog::ColumnDefault::NextVal(name)) if name.name == "t_id_seq"));
    let sequence = K::DropSequence { name: name("t_id_seq"), cascade: false };
    assert!(error(&mut catalog, sequence).contains("t.id needs it"));
    catalog.apply(&Operation::new(K::DropTable { name: name("t"), cascade: false }, place())).unwrap();
    assert!(catalog.sequences.is_empty());
}

#[test]
fn indexes_share_the_namespace_of_tables_in_postgresql() {
    let index = |table: &str, text: &str| K::CreateIndex {
        table: name(table),
        index: Box::new(Index::new(Some(text.into()), vec![IndexPart::named("id")], false)),
        concurrently: false,
    };
    let mut postgres = users_and_posts(Dialect::PostgreSql);
    postgres.apply(&Operation::new(index("users", "i"), place())).unwrap();
    assert_eq!(error(&mut postgres, index("posts", "i")), "the index i exists already");
    assert_eq!(error(&mut postgres, index("posts", "users")), "the table users exists already");
    let guarded = Operation::new(index("posts", "i"), place()).guarded(Guard::IfAbsent);
    assert!(postgres.apply(&guarded).unwrap().is_empty());
    let mut mysql = users_and_posts(Dialect::MySql);
    mysql.apply(&Operation::new(index("users", "i"), place())).unwrap();
    mysql.apply(&Operation::new(index("posts", "i"), place())).unwrap();
    assert!(error(&mut mysql, index("posts", "i")).contains("exists already"));
    let key =
        K::DropIndex { name: name("users_pkey"), table: None, concurrently: false, cascade: false, beside: Vec::new() };
    assert!(error(&mut postgres, key).contains("primary key"));
    let of = |table: &str| K::DropIndex {
        name: name("i"),
        table: Some(name(table)),
        concurrently: false,
        cascade: false,
        beside: Vec::new(),
    };
    assert_eq!(error(&mut mysql, of("nobody")), "the table nobody does not exist");
    postgres.apply(&Operation::new(of("nobody"), place())).expect("found by its own name");
}

#[test]
fn foreign_keys_need_their_target() {
    let add = |target: &str, columns: &[&str]| K::AddConstraint {
        table: name("posts"),
        constraint: foreign_key(&["user_id"], target, columns),
    };
    for dialect in [Dialect::PostgreSql, Dialect::MySql] {
        let mut catalog = users_and_posts(dialect);
        assert_eq!(error(&mut catalog, add("nobody", &["id"])), "the table nobody does not exist");
        assert_eq!(error(&mut catalog, add("users", &["x"])), "the column users.x does not exist");
        assert!(error(&mut catalog, add("posts", &["id"])).starts_with("there is no"), "{dialect}");
    }
    let mut sqlite = users_and_posts(Dialect::Sqlite);
    sqlite.apply(&Operation::new(add("nobody", &["id"]), place())).unwrap();
}

#[test]
fn keys_that_are_referred_to_stay() {
    let mut catalog = users_and_posts(Dialect::PostgreSql);
    let drop =
        |cascade| K::DropConstraint { table: name("users"), name: Some("users_pkey".into()), kind: None, cascade };
    assert!(error(&mut catalog, drop(false)).contains("a foreign key of posts needs"));
    assert!(
        error(&mut catalog, K::AddConstraint { table: name("users"), constraint: key(&["id"]) }).contains("already")
    );
    catalog.apply(&Operation::new(drop(true), place())).unwrap();
    assert!(catalog.table(&name("users")).unwrap().primary_key.is_none());
    let mysql =
        K::DropConstraint { table: name("users"), name: None, kind: Some(ConstraintKind::PrimaryKey), cascade: false };
    let mut catalog = users_and_posts(Dialect::MySql);
    assert!(error(&mut catalog, mysql).contains("the foreign key posts_ibfk_1 of posts needs it"));
}

#[test]
fn a_default_holds_a_change_to_an_enum_back() {
    let mut status = column("status", "text");
    status.column.default = Some(crate::catalog::ColumnDefault::Text("a".into()));
    let mut catalog = catalog(
        Dialect::PostgreSql,
        vec![
            K::CreateEnum { name: name("status"), labels: vec!["a".into()] },
            table("t", &[("id", "integer")], vec![]),
            K::AddColumn { table: name("t"), column: Box::new(status), if_absent: false },
        ],
    );
    let ty = ColumnType { kind: TypeKind::Named(name("status")), array: false };
    let change = |change| K::AlterColumn { table: name("t"), column: "status".into(), change };
    let to_enum = ColumnChange::Type { ty, using: Some("status::text::status".to_owned()), collation: None };
    assert!(error(&mut catalog, change(to_enum.clone())).contains("default cannot be cast"));
    catalog.apply(&Operation::new(change(ColumnChange::DropDefault), place())).unwrap();
    catalog.apply(&Operation::new(change(to_enum), place())).unwrap();
}

#[test]
fn a_counter_of_mysql_holds_no_null() {
    let nullable = |dialect| {
        let mut counter = column("id", "integer");
        counter.column.auto_increment = Some(crate::catalog::AutoIncrement::Counter);
        let new = NewTable {
            name: name("t"),
            kind: TableKind::Plain,
            columns: vec![counter],
            constraints: vec![unique(&["id"])],
            source: None,
            comment: None,
        };
        let catalog = catalog(dialect, vec![K::CreateTable(Box::new(new))]);
        catalog.tables.values().flat_map(|table| &table.columns).map(|column| column.nullable).collect::<Vec<_>>()
    };
    assert_eq!(nullable(Dialect::MySql), [false]);
    assert_eq!(nullable(Dialect::Sqlite), [true]);
}

#[test]
fn a_doubt_explains_why_what_names_its_object_fails() {
    let mut catalog = catalog(Dialect::PostgreSql, vec![table("t", &[("id", "integer")], vec![])]);
    let add = |column_name: &str, ty: Option<&str>| {
        let mut column = column(column_name, "integer");
        column.column.ty.kind = ty.map_or(column.column.ty.kind, |ty| TypeKind::Named(name(ty)));
        Operation::new(K::AddColumn { table: name("t"), column: Box::new(column), if_absent: false }, place())
    };
    for reach in [Reach::Type(name("mood")), Reach::Column(name("t"), "m".to_owned())] {
        catalog.doubts = vec![Opaque { place: place(), reason: "not known".to_owned(), reach }];
        let error = missing("the type", "mood");
        assert!(catalog.could_explain(&add("m", Some("mood")), &error));
        assert!(!catalog.could_explain(&add("n", None), &error));
    }
}

#[test]
fn a_check_of_a_column_that_is_not_there_is_refused_where_it_is_sure_to_be_one() {
    let fails = |expression: &str| {
        let mut catalog =
            catalog(Dialect::PostgreSql, vec![table("t", &[("kind", "text"), ("size", "integer")], vec![])]);
        let check = crate::catalog::Check {
            name: None,
            expression: Some(expression.to_owned()),
            not_valid: false,
            place: None,
        };
        let add = K::AddConstraint { table: name("t"), constraint: Constraint::Check(check) };
        catalog.apply(&Operation::new(add, place())).err().map(|error| error.to_string())
    };
    assert_eq!(fails("kind = 'a' and gone is null").as_deref(), Some("the column t.gone does not exist"));
    assert_eq!(fails("kind = 'a' and size is null"), None);
    assert_eq!(fails("CASE WHEN kind = 'a' THEN size is not null ELSE size is null END"), None);
    assert_eq!(fails("kind is distinct from 'a'"), None);
}

#[test]
fn a_constraint_is_known_from_the_statement_on_that_makes_or_drops_it() {
    let known = |kind: K, guard: Guard, part: &str| {
        let mut catalog = users_and_posts(Dialect::PostgreSql);
        let posts = catalog.table(&name("posts")).unwrap().name.clone();
        catalog.doubts = vec![Opaque { place: place(), reason: "not known".to_owned(), reach: Reach::Everything }];
        let operation = Operation::new(kind, place()).guarded(guard);
        let effects = catalog.apply(&operation).unwrap();
        catalog.note_known(&operation, &effects, 1);
        catalog.doubts_since(&Object::Part(&posts, part)).count() == 0
    };
    let check = Check { name: Some("c".into()), expression: None, not_valid: false, place: None };
    let add = K::AddConstraint { table: name("posts"), constraint: Constraint::Check(check) };
    assert!(known(add.clone(), Guard::None, "c"), "had it been there, the statement would have failed");
    assert!(!known(add.clone(), Guard::IfAbsent, "c"), "it may have been there, and otherwise");
    assert!(!known(add, Guard::None, "posts_user_id_fkey"), "it says nothing of the others");
    let foreign = || Some("posts_user_id_fkey".to_owned());
    let drop = K::DropConstraint { table: name("posts"), name: foreign(), kind: None, cascade: false };
    for guard in [Guard::None, Guard::IfPresent] {
        assert!(known(drop.clone(), guard, "posts_user_id_fkey"), "gone it is in any case");
    }
}

#[test]
fn a_doubt_about_a_column_follows_its_new_name() {
    let mut catalog = users_and_posts(Dialect::PostgreSql);
    let doubt = |column: &str| Reach::Column(name("users"), column.to_owned());
    let opaque = |reach| Opaque { place: place(), reason: "not known".to_owned(), reach };
    catalog.doubts = vec![opaque(doubt("email")), opaque(doubt("id"))];
    let rename = K::RenameColumn { table: name("users"), from: "email".into(), to: "mail".into() };
    catalog.apply(&Operation::new(rename, place())).unwrap();
    let users = catalog.table(&name("users")).unwrap().name.clone();
    for (column, doubted) in [("mail", true), ("email", false), ("id", true)] {
        assert_eq!(catalog.doubt_about(&Object::Column(&users, column)).is_some(), doubted, "{column}");
    }
}

#[test]
fn a_constraint_that_is_given_no_name_costs_the_search_for_one() {
    // What it costs more than one with a name, on a table of so many columns beside so many others.
    let search = |columns: usize, others: usize| {
        let names: Vec<String> = (0..columns).map(|at| format!("c{at}")).collect();
        let columns: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "integer")).collect();
        let mut made = vec![table("t", &columns, vec![])];
        made.extend((0..others).map(|at| table(&format!("o{at}"), &[("id", "integer")], vec![])));
        let catalog = catalog(Dialect::PostgreSql, made);
        let cost = |constraint_name: Option<&str>| {
            let mut index = Index::new(constraint_name.map(str::to_owned), vec![IndexPart::named("c0")], true);
            index.constraint = true;
            let constraint = Constraint::Index(Box::new(index));
            let add = K::AddConstraint { table: name("t"), constraint };
            i64::try_from(catalog.cost(&Operation::new(add, place()))).unwrap()
        };
        cost(None) - cost(Some("named"))
    };
    let few = search(2, 1);
    assert!(few > 0, "{few}");
    // Each name that is tried is compared with all that the table has, and with the relations.
    assert!(search(40, 1) > 50 * few, "{} {few}", search(40, 1));
    assert!(search(2, 40) > 10 * few, "{} {few}", search(2, 40));
}

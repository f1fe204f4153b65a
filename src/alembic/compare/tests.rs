use super::*;
use crate::catalog::{
    Check, ColumnDefault, ColumnType, Enum, ForeignKey, Index, IndexOn, IndexPart, Key, ReferentialAction,
};

fn table(name: &str, dialect: Dialect) -> Table {
    let mut table = Table::new(Name::new(dialect.default_schema(), name));
    table.columns.push(Column::new("id", ColumnType::builtin("integer"), false));
    table.columns.push(Column::new("email", ColumnType::builtin_with("varchar", vec![120]), true));
    table
}

fn catalog(dialect: Dialect, edit: impl FnOnce(&mut Table)) -> Catalog {
    let mut catalog = Catalog::new(dialect);
    let mut users = table("users", dialect);
    edit(&mut users);
    catalog.tables.insert(users.name.clone(), users);
    catalog
}

/// Every difference as `kind name`, with `*` behind those that autogenerate does not see.
fn told(declared: &Catalog, replayed: &Catalog) -> Vec<String> {
    compare(declared, replayed, &Options::default())
        .iter()
        .map(|d| format!("{} {}{}", d.kind, d.name, if d.beyond_engine { "*" } else { "" }))
        .collect()
}

fn unique(name: Option<&str>, column: &str) -> Index {
    let mut index = Index::new(name.map(str::to_owned), vec![IndexPart::named(column)], true);
    index.constraint = true;
    index
}

const PG: Dialect = Dialect::PostgreSql;
const LITE: Dialect = Dialect::Sqlite;

#[test]
fn mysql_indexes_made_for_foreign_keys_are_not_looked_at() {
    let made = |t: &mut Table| {
        let mut index = Index::new(Some("id".into()), vec![IndexPart::named("id")], false);
        index.generated_name = true;
        t.indexes.push(index);
    };
    let (with, without) = (catalog(Dialect::MySql, made), catalog(Dialect::MySql, |_| {}));
    assert_eq!(told(&with, &with), [""; 0], "made for the model as well");
    assert_eq!(told(&without, &with), [""; 0]);
}

#[test]
fn further_tables_of_an_open_metadata_are_not_certain() {
    let replayed = catalog(PG, |_| {});
    let mut declared = Catalog::new(PG);
    let certain = |declared: &Catalog| compare(declared, &replayed, &Options::default())[0].certain;
    assert!(certain(&declared));
    declared.open = true;
    assert!(!certain(&declared));
}

#[test]
fn tables_and_columns() {
    let declared = catalog(PG, |t| t.columns.push(Column::new("age", ColumnType::builtin("integer"), true)));
    let mut replayed = catalog(PG, |t| {
        t.columns.push(Column::new("old", ColumnType::builtin("integer"), true));
        t.columns[1].nullable = false;
    });
    replayed.tables.insert(Name::new("public", "alembic_version"), table("alembic_version", PG));
    replayed.tables.insert(Name::new("public", "gone"), table("gone", PG));
    assert_eq!(
        told(&declared, &replayed),
        ["extra-table gone", "missing-column age", "extra-column old", "changed-nullability email"]
    );
}

#[test]
fn unnamed_uniques_go_by_their_columns() {
    let declared = catalog(PG, |t| t.indexes.push(unique(None, "email")));
    let named = catalog(PG, |t| t.indexes.push(unique(Some("uq_any"), "email")));
    assert_eq!(told(&declared, &named), [""; 0]);
    assert_eq!(told(&declared, &catalog(PG, |_| ())), ["missing-unique "]);
    let mut generated = unique(Some("users_email_key"), "email");
    generated.generated_name = true;
    let generated = catalog(PG, |t| t.indexes.push(generated));
    assert_eq!(told(&catalog(PG, |_| ()), &generated), ["extra-unique users_email_key"]);
    let unnamed = catalog(LITE, |t| t.indexes.push(unique(None, "email")));
    assert_eq!(told(&catalog(LITE, |_| ()), &unnamed), ["extra-unique *"]);
}

#[test]
fn what_mysql_makes_for_a_foreign_key_is_no_difference() {
    let index = |generated: bool| {
        let mut index = Index::new(Some("email".into()), vec![IndexPart::named("email")], false);
        index.generated_name = generated;
        index
    };
    let made = catalog(Dialect::MySql, |t| t.indexes.push(index(true)));
    assert_eq!(told(&catalog(Dialect::MySql, |_| ()), &made), [""; 0]);
    let generated = catalog(Dialect::MySql, |t| t.indexes.push(index(true)));
    assert_eq!(told(&generated, &made), [""; 0], "the declared key has one as well");
    let asked_for = catalog(Dialect::MySql, |t| t.indexes.push(index(false)));
    assert_eq!(told(&asked_for, &made), [""; 0]);
    assert_eq!(told(&asked_for, &catalog(Dialect::MySql, |_| ())), ["missing-index email"]);
}

#[test]
fn a_unique_constraint_is_no_unique_index() {
    let index = |t: &mut Table| {
        t.indexes.push(Index::new(Some("x".into()), vec![IndexPart::named("email")], true));
    };
    let constraint = |t: &mut Table| t.indexes.push(unique(Some("x"), "email"));
    assert_eq!(told(&catalog(PG, index), &catalog(PG, constraint)), ["changed-index x"]);
    assert_eq!(told(&catalog(Dialect::MySql, index), &catalog(Dialect::MySql, constraint)), [""; 0]);
}

#[test]
fn order_and_conditions_of_indexes() {
    let make = |dialect, edit: fn(&mut Index)| {
        catalog(dialect, |t| {
            let mut index = Index::new(Some("ix".into()), vec![IndexPart::named("email")], false);
            edit(&mut index);
            t.indexes.push(index);
        })
    };
    let plain = |dialect| make(dialect, |_| ());
    assert_eq!(told(&make(PG, |i| i.parts[0].descending = true), &plain(PG)), ["changed-index ix"]);
    assert_eq!(told(&make(LITE, |i| i.parts[0].descending = true), &plain(LITE)), ["changed-index ix*"]);
    assert_eq!(told(&make(PG, |i| i.predicate = Some("id > 1".into())), &plain(PG)), ["changed-index ix*"]);
    assert_eq!(told(&make(PG, |i| i.method = Some("btree".into())), &plain(PG)), [""; 0]);
    let expression = |i: &mut Index| i.parts[0].on = IndexOn::Expression("lower(email)".into());
    assert_eq!(told(&make(LITE, expression), &catalog(LITE, |_| ())), ["missing-index ix*"]);
    assert_eq!(told(&make(PG, expression), &catalog(PG, |_| ())), ["missing-index ix"]);
    let cast = |i: &mut Index| i.parts[0].on = IndexOn::Expression("lower((email)::text)".into());
    assert_eq!(told(&make(PG, expression), &make(PG, cast)), [""; 0]);
}

#[test]
fn the_conditions_of_an_index_are_compared_by_the_rows_that_they_take() {
    let make = |predicate: &str, ty: &str| {
        catalog(PG, |t| {
            t.columns.push(Column::new("main", ColumnType::builtin(ty), true));
            let mut index = Index::new(Some("ix".into()), vec![IndexPart::named("email")], true);
            index.predicate = Some(predicate.into());
            t.indexes.push(index);
        })
    };
    let of = |a: &str, b: &str, ty: &str| told(&make(a, ty), &make(b, ty));
    let table = catalog(PG, |_| ()).tables.values().next().unwrap().name.name.clone();
    assert_eq!(of("main", "main = true", "boolean"), [""; 0]);
    assert_eq!(of(&format!("\"{table}\".email = 'a'"), "((email)::text = 'a'::text)", "boolean"), [""; 0]);
    assert_eq!(of("main", "main = false", "boolean"), ["changed-index ix*"]);
    assert_eq!(of("main", "main = true", "integer"), ["changed-index ix*"]);
    assert_eq!(of("\"other\".email = 'a'", "email = 'a'", "boolean"), ["changed-index ix*"]);
}

#[test]
fn the_index_of_a_search_vector_is_the_librarys() {
    let make = |index: Option<(&str, &str)>| {
        catalog(PG, |t| {
            t.columns.push(Column::new("vector", ColumnType::builtin("tsvector"), true));
            t.indexes.extend(index.map(|(name, method)| {
                let mut index = Index::new(Some(name.into()), vec![IndexPart::named("vector")], false);
                index.method = Some(method.into());
                index
            }));
        })
    };
    assert_eq!(told(&make(None), &make(Some(("ix_users_vector", "gin")))), [""; 0]);
    assert_eq!(told(&make(None), &make(Some(("ix_users_vector", "gist")))), ["extra-index ix_users_vector"]);
    assert_eq!(told(&make(None), &make(Some(("search", "gin")))), ["extra-index search"]);
    let declared = make(Some(("ix_users_vector", "gin")));
    assert_eq!(told(&declared, &make(None)), ["missing-index ix_users_vector"]);
    assert_eq!(told(&declared, &declared), [""; 0]);
}

fn key(on_delete: ReferentialAction, name: &str) -> ForeignKey {
    ForeignKey {
        name: Some(name.into()),
        generated_name: false,
        columns: vec!["id".into()],
        target: Name::new("", "users"),
        target_columns: vec!["id".into()],
        on_delete,
        on_update: ReferentialAction::NoAction,
        deferrable: false,
        initially_deferred: false,
        not_valid: false,
        place: None,
    }
}

#[test]
fn foreign_keys_have_no_name() {
    let make = |dialect, key: ForeignKey| catalog(dialect, |t| t.foreign_keys.push(key));
    let plain = make(LITE, key(ReferentialAction::NoAction, "a"));
    assert_eq!(told(&plain, &make(LITE, key(ReferentialAction::NoAction, "b"))), [""; 0]);
    assert_eq!(told(&plain, &make(LITE, key(ReferentialAction::Cascade, "a"))), ["changed-foreign-key a"]);
    assert_eq!(told(&plain, &catalog(LITE, |_| ())), ["missing-foreign-key a"]);
    let restrict = make(Dialect::MySql, key(ReferentialAction::Restrict, "a"));
    assert_eq!(told(&restrict, &make(Dialect::MySql, key(ReferentialAction::NoAction, "a"))), [""; 0]);
}

#[test]
fn what_autogenerate_never_sees() {
    let check = |name: Option<&str>, text: &str| Check {
        name: name.map(str::to_owned),
        expression: Some(text.to_owned()),
        not_valid: false,
        place: None,
    };
    let with = |check: Check| catalog(PG, |t| t.checks.push(check));
    assert_eq!(told(&with(check(None, "id > 0")), &with(check(Some("users_id_check"), "(id > 0)"))), [""; 0]);
    assert_eq!(told(&with(check(Some("c"), "id > 0")), &with(check(Some("c"), "id > 1"))), ["changed-check c*"]);
    assert_eq!(told(&with(check(Some("users_id_check"), "id > 0")), &with(check(Some("d"), "(id > 0)"))), [""; 0]);
    assert_eq!(told(&with(check(Some("users_chk_1"), "id > 0")), &with(check(Some("d"), "(id > 0)"))), [""; 0]);
    assert_eq!(told(&with(check(Some("c"), "id > 0")), &with(check(Some("d"), "(id > 0)"))).len(), 2);
    assert_eq!(told(&catalog(PG, |_| ()), &with(check(Some("c"), "id > 1"))), ["extra-check c*"]);

    let keyed = catalog(PG, |t| {
        t.primary_key = Some(Key { name: None, columns: vec![IndexPart::named("id")], clustered: None, place: None });
        t.columns[0].default = Some(ColumnDefault::Number("1".into()));
    });
    assert_eq!(told(&keyed, &catalog(PG, |_| ())), ["missing-default id*", "missing-primary-key *"]);

    let labelled = |labels: &[&str]| {
        let mut catalog = Catalog::new(PG);
        let name = Name::new("public", "mood");
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        catalog.enums.insert(name.clone(), Enum { name, labels, place: None });
        catalog
    };
    assert_eq!(told(&labelled(&["a", "b"]), &labelled(&["a", "c"])), ["missing-enum-value b*", "extra-enum-value c*"]);
}

#[test]
fn comments_only_where_they_are_kept() {
    let with = |dialect| catalog(dialect, |t| t.columns[0].comment = Some("the id".into()));
    assert_eq!(told(&with(PG), &catalog(PG, |_| ())), ["missing-comment id"]);
    assert_eq!(told(&with(LITE), &catalog(LITE, |_| ())), [""; 0]);
}

#[test]
fn defaults_are_compared_by_what_they_do() {
    let same = |a: ColumnDefault, b: ColumnDefault| defaults::same_value(PG, &a, &b);
    assert!(same(ColumnDefault::Text("0".into()), ColumnDefault::Number("0.0".into())));
    assert!(same(ColumnDefault::Bool(true), ColumnDefault::Text("t".into())));
    assert!(same(ColumnDefault::Expression("uuid()".into()), ColumnDefault::Expression("(UUID())".into())));
    assert!(!same(ColumnDefault::Text("a".into()), ColumnDefault::Text("b".into())));
    assert!(same(ColumnDefault::Bool(false), ColumnDefault::Text("no".into())));
    assert!(!same(ColumnDefault::Bool(false), ColumnDefault::Text("o".into())));
}

/// What PostgreSQL says of `SELECT a = b`, cast to the type.
#[test]
fn texts_of_one_value_are_one_default() {
    let same = |dialect: Dialect, ty: &str, a: &str, b: &str| {
        let with = |text: &str| {
            let mut column = Column::new("c", ColumnType::builtin(ty), true);
            column.default = Some(ColumnDefault::Text(text.to_owned()));
            column
        };
        defaults::same(dialect, &with(a), &with(b))
    };
    for text in ["FALSE", "f", "fal", "0", "no", "n", "off", "of", " False "] {
        assert!(same(PG, "boolean", "False", text), "{text}");
        assert!(!same(PG, "boolean", "true", text), "{text}");
    }
    assert!(!same(PG, "boolean", "False", "o") && !same(PG, "boolean", "False", "falsehood"));
    assert!(!same(PG, "varchar", "False", "FALSE"), "a text is what it is");
    let id = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    assert!(same(PG, "uuid", id, &id.to_uppercase()) && !same(PG, "uuid", id, &id.replace('9', "8")));
    assert!(same(PG, "jsonb", "{}", "{ }") && same(PG, "json", r#"{"a":1, "b": []}"#, r#"{"b": [], "a" : 1}"#));
    assert!(!same(PG, "jsonb", "{}", "[]"));
    assert!(same(PG, "integer", "1", "01") && !same(PG, "integer", "1", "10"));
}

/// How the two sides of the only difference are told.
fn sides(declared: &Catalog, replayed: &Catalog) -> (String, String) {
    let found = compare(declared, replayed, &Options::default());
    assert_eq!(found.len(), 1, "{found:?}");
    let (declared, replayed) = found[0].sides();
    (declared.unwrap_or_default().to_owned(), replayed.unwrap_or_default().to_owned())
}

#[test]
fn two_forms_of_one_index_are_told_once() {
    let plain = |name: &str, unique| Index::new(Some(name.into()), vec![IndexPart::named("email")], unique);
    let of = |index: Index| catalog(PG, |t| t.indexes.push(index));
    // A model says `unique=True, index=True`, the revision makes a constraint.
    let pair = sides(&of(plain("ix_users_email", true)), &of(unique(Some("users_email_key"), "email")));
    assert_eq!(pair.0, "as an index and with the name ix_users_email");
    assert_eq!(pair.1, "as a constraint and with the name users_email_key");
    let pair = sides(&of(unique(None, "email")), &of(plain("ix_users_email", false)));
    assert_eq!((pair.0.as_str(), pair.1.as_str()), ("UNIQUE", "not UNIQUE"));
    let pair = sides(&of(unique(Some("uq_a"), "email")), &of(unique(Some("uq_b"), "email")));
    assert_eq!((pair.0.as_str(), pair.1.as_str()), ("with the name uq_a", "with the name uq_b"));
    // One on other columns is another one.
    let other = Index::new(Some("ix_users_id".into()), vec![IndexPart::named("id")], true);
    assert_eq!(
        told(&of(plain("ix_users_email", true)), &of(other)),
        ["missing-index ix_users_email", "extra-index ix_users_id"]
    );
}

#[test]
fn two_forms_of_one_foreign_key_are_told_once() {
    let key = |name: Option<&str>, column: &str, target: &str, on_delete| ForeignKey {
        name: name.map(str::to_owned),
        generated_name: name.is_none(),
        columns: vec![column.into()],
        target: Name::new("public", target),
        ..self::key(on_delete, "")
    };
    let of = |key: ForeignKey| catalog(PG, |t| t.foreign_keys.push(key));
    let none = ReferentialAction::NoAction;
    let pair = sides(
        &of(key(None, "id", "a", ReferentialAction::Cascade)),
        &of(key(None, "id", "a", ReferentialAction::SetNull)),
    );
    assert_eq!((pair.0.as_str(), pair.1.as_str()), ("ON DELETE CASCADE", "ON DELETE SET NULL"));
    let pair = sides(&of(key(Some("fk"), "id", "a", none)), &of(key(Some("fk"), "email", "a", none)));
    assert_eq!((pair.0.as_str(), pair.1.as_str()), ("ON (id)", "ON (email)"));
    let pair = sides(&of(key(None, "id", "a", none)), &of(key(None, "id", "b", none)));
    assert_eq!((pair.0.as_str(), pair.1.as_str()), ("REFERENCES a (id)", "REFERENCES b (id)"));
    let apart = told(&of(key(None, "id", "a", none)), &of(key(None, "email", "a", none)));
    assert_eq!(apart, ["missing-foreign-key ", "extra-foreign-key "]);
}

#[test]
fn a_model_for_a_view_is_no_missing_table() {
    let declared = catalog(PG, |_| {});
    let mut replayed = Catalog::new(PG);
    let sql = "CREATE VIEW users AS SELECT 1 AS id;";
    for operation in &crate::sql::read(&crate::source::Source::new("m.sql".into(), sql), PG).operations {
        replayed.apply(operation).unwrap();
    }
    assert_eq!(told(&declared, &replayed), ["changed-table users"]);
    assert_eq!(sides(&declared, &replayed), ("as a table".to_owned(), "a view".to_owned()));
    assert_eq!(told(&declared, &Catalog::new(PG)), ["missing-table users"]);
}

/// A default that asks a sequence of the column's own is left out as that of a SERIAL; one that asks another is compared.
#[test]
fn the_default_of_an_owned_sequence_is_none_that_autogenerate_sees() {
    use crate::catalog::Sequence;
    let declared = catalog(PG, |_| {});
    let seen = |owner: Option<&str>| {
        let mut replayed = catalog(PG, |t| t.columns[0].default = Some(ColumnDefault::NextVal(ObjectName::bare("s"))));
        let (name, table) = (Name::new("public", "s"), Name::new("public", "users"));
        let owned_by = owner.map(|column| (table, column.to_owned()));
        replayed.sequences.insert(name.clone(), Sequence { name, owned_by, place: None });
        let options = Options { compare_server_default: true, ..Options::default() };
        compare(&declared, &replayed, &options).iter().map(|one| one.beyond_engine).collect::<Vec<_>>()
    };
    assert_eq!(seen(Some("id")), [true]);
    assert_eq!(seen(Some("email")), [false]);
    assert_eq!(seen(None), [false]);
}

//! What each attribute makes of a catalog, per provider.

use crate::catalog::{AutoIncrement, Catalog, ColumnDefault, Dialect, Name, ReferentialAction, Table};
use crate::prisma::declare::{Context, catalog};
use crate::prisma::schema;
use crate::source::Source;

fn declared(dialect: Dialect, version: u32, text: &str) -> Catalog {
    let parsed = schema::parse(&[Source::new("schema.prisma".into(), text)]);
    assert!(parsed.problems.is_empty(), "{:?}\n{text}", parsed.problems);
    catalog(&parsed, &Context::new(dialect, version))
}

fn table(dialect: Dialect, text: &str) -> Table {
    let mut tables = declared(dialect, 7, text).tables;
    tables.pop_first().expect("a table").1
}

/// A model `T` with an `id` and these lines.
fn model(dialect: Dialect, lines: &str) -> Table {
    table(
        dialect,
        &format!(
            "enum Role {{\n USER @map(\"user\")\n ADMIN\n @@map(\"role\")\n}}\nmodel T {{\n id Int @id\n {lines}\n}}\n"
        ),
    )
}

const ALL: [Dialect; 5] =
    [Dialect::PostgreSql, Dialect::CockroachDb, Dialect::MySql, Dialect::Sqlite, Dialect::SqlServer];

#[test]
fn native_types_become_the_databases_types() {
    use Dialect::{CockroachDb, MySql, PostgreSql, SqlServer};
    for (dialect, field, expected) in [
        (PostgreSql, "String @db.VarChar(20)", "varchar(20)"),
        (PostgreSql, "String[] @db.Uuid", "uuid[]"),
        (PostgreSql, "DateTime @db.Timestamptz(6)", "timestamptz(6)"),
        (PostgreSql, "DateTime @db.Timestamptz", "timestamptz"),
        (PostgreSql, "Decimal @db.Decimal(10, 2)", "numeric(10,2)"),
        (PostgreSql, "Int @db.SmallInt", "smallint"),
        (PostgreSql, "String @db.Citext", "citext"),
        (PostgreSql, "Role", "public.role"),
        (PostgreSql, "Unsupported(\"circle\")", "circle"),
        (CockroachDb, "String @db.String(9)", "text(9)"),
        (CockroachDb, "Float @db.Float4", "real"),
        (MySql, "Int @db.UnsignedInt", "int unsigned"),
        (MySql, "Boolean @db.Bit(1)", "bit(1)"),
        (MySql, "String @db.LongText", "longtext"),
        (MySql, "DateTime @db.Timestamp(0)", "timestamp(0)"),
        (MySql, "Role", "enum('user','ADMIN')"),
        (SqlServer, "String @db.NVarChar(Max)", "nvarchar(max)"),
        (SqlServer, "DateTime @db.DateTimeOffset", "datetimeoffset"),
        (SqlServer, "Decimal @db.Money", "money"),
        (Dialect::Sqlite, "Role", "text"),
    ] {
        let table = model(dialect, &format!("x {field}"));
        assert_eq!(table.columns[1].ty.to_string(), expected, "{dialect} {field}");
    }
}

#[test]
fn arity_decides_nullability() {
    let table = model(Dialect::PostgreSql, "a Int\n b Int?\n c Int[]\n d Int @ignore");
    let nullable: Vec<bool> = table.columns.iter().map(|column| column.nullable).collect();
    // A list has no NOT NULL in the engine's statements.
    assert_eq!(nullable, [false, false, true, true, false]);
}

#[test]
fn defaults_become_what_the_database_applies() {
    use ColumnDefault::{Bool, Expression, List, Now, Number, Text, Unknown};
    let text = |text: &str| Text(text.to_owned());
    for (field, expected) in [
        ("Int @default(18)", Some(Number("18".to_owned()))),
        ("Float @default(-1.50)", Some(Number("-1.50".to_owned()))),
        ("Decimal @default(\"1.5\")", Some(Number("1.5".to_owned()))),
        ("String @default(\"it's\")", Some(text("it's"))),
        ("Boolean @default(true)", Some(Bool(true))),
        ("Json @default(\"{}\")", Some(text("{}"))),
        ("Bytes @default(\"aGk=\")", Some(text("\\x6869"))),
        ("Role @default(USER)", Some(text("user"))),
        ("Role[] @default([USER, ADMIN])", Some(List(vec![text("user"), text("ADMIN")]))),
        ("Int[] @default([])", Some(List(Vec::new()))),
        ("DateTime @default(now())", Some(Now(None))),
        ("DateTime @default(now()) @updatedAt", Some(Now(None))),
        ("DateTime @updatedAt", None),
        ("String @default(dbgenerated(\"f()\"))", Some(Expression("f()".to_owned()))),
        ("String @default(dbgenerated())", Some(Unknown)),
        ("String @default(cuid(2))", None),
        ("String @default(uuid(7))", None),
        ("String @default(nanoid(10))", None),
        ("String @default(ulid())", None),
    ] {
        let table = model(Dialect::PostgreSql, &format!("x {field}"));
        assert_eq!(table.columns[1].default, expected, "{field}");
    }
    let mysql = model(Dialect::MySql, "x DateTime @default(now())\n y DateTime @default(now()) @db.DateTime(0)");
    assert_eq!(mysql.columns[1].default, Some(Now(Some(3))));
    assert_eq!(mysql.columns[2].default, Some(Now(Some(0))));
}

#[test]
fn counters_follow_the_provider() {
    for (dialect, expected) in [
        (Dialect::PostgreSql, AutoIncrement::Serial),
        (Dialect::CockroachDb, AutoIncrement::RowId),
        (Dialect::MySql, AutoIncrement::Counter),
        (Dialect::Sqlite, AutoIncrement::Counter),
        (Dialect::SqlServer, AutoIncrement::IdentityAlways),
    ] {
        let table = table(dialect, "model T {\n id BigInt @id @default(autoincrement())\n}\n");
        assert_eq!(table.columns[0].auto_increment, Some(expected), "{dialect}");
        assert_eq!(table.columns[0].default, None);
    }
    let sequence = model(Dialect::CockroachDb, "n Int @default(sequence(start: 2))");
    assert_eq!(sequence.columns[1].auto_increment, Some(AutoIncrement::IdentityByDefault));
}

#[test]
fn primary_keys_are_named_where_the_provider_names_them() {
    let names = ALL.map(|dialect| model(dialect, "").primary_key.and_then(|key| key.name));
    let pkey = Some("T_pkey".to_owned());
    assert_eq!(names, [pkey.clone(), pkey.clone(), None, None, pkey]);
    let key = table(
        Dialect::SqlServer,
        "model T {\n a Int\n b Int\n @@id([b(sort: Desc), a], map: \"pk\", clustered: false)\n}\n",
    )
    .primary_key
    .expect("a key");
    assert_eq!((key.name.as_deref(), key.clustered), (Some("pk"), Some(false)));
    let columns: Vec<_> = key.columns.iter().map(|part| (part.column(), part.descending)).collect();
    assert_eq!(columns, [(Some("b"), true), (Some("a"), false)]);
}

#[test]
fn indexes_keep_all_that_is_written_on_them() {
    let pg = model(
        Dialect::PostgreSql,
        "a String @map(\"aa\") @unique\n b Json\n @@unique([a, id], name: \"client\")\n @@index([b(ops: JsonbPathOps)], type: Gin)\n \
         @@index([a(sort: Desc)], name: \"old\")\n @@index([a], map: \"new\", type: BTree)",
    );
    let all: Vec<_> = pg
        .indexes
        .iter()
        .map(|index| (index.name.as_deref().unwrap_or_default(), index.unique, index.method.as_deref()))
        .collect();
    for expected in [
        ("T_aa_key", true, None),
        ("T_aa_id_key", true, None),
        ("T_b_idx", false, Some("gin")),
        ("old", false, None),
        ("new", false, None),
    ] {
        assert!(all.contains(&expected), "{expected:?} in {all:?}");
    }
    let index = |name: &str| pg.indexes.iter().find(|index| index.name.as_deref() == Some(name)).expect("the index");
    assert_eq!(index("T_b_idx").parts[0].operator_class.as_deref(), Some("jsonb_path_ops"));
    assert!(index("old").parts[0].descending);
    let mysql = model(Dialect::MySql, "a String\n @@index([a(length: 10)])\n @@fulltext([a], map: \"ft\")");
    assert!(mysql.indexes.iter().any(|index| index.parts[0].length == Some(10)));
    assert!(mysql.indexes.iter().any(|index| index.method.as_deref() == Some("fulltext")));
    let server = model(Dialect::SqlServer, "a Int @unique(clustered: true)\n @@index([a])");
    assert!(server.indexes.iter().any(|index| index.constraint && index.clustered == Some(true)));
    assert!(server.indexes.iter().any(|index| !index.constraint && index.clustered == Some(false)));
}

#[test]
fn places_point_at_fields_and_attributes() {
    let table = model(Dialect::PostgreSql, "a Int @unique\n @@index([a])");
    let text = |place: &Option<crate::source::Place>| place.as_ref().map(|place| place.text().to_owned());
    assert_eq!(text(&table.place).as_deref(), Some("model T"));
    assert_eq!(text(&table.columns[1].place).as_deref(), Some("a Int @unique"));
    assert_eq!(text(&table.primary_key.expect("a key").place).as_deref(), Some("@id"));
    let places: Vec<_> = table.indexes.iter().filter_map(|index| text(&index.place)).collect();
    assert_eq!(places, ["@unique", "@@index([a])"]);
}

const RELATION: &str = "model A {\n id Int @id\n bs B[]\n}\nmodel B {\n id Int @id\n aId Int? @map(\"a_id\")\n a A? @relation(fields: [aId], references: [id])\n}\n";

#[test]
fn foreign_keys_have_the_engines_actions() {
    use ReferentialAction::{Cascade, NoAction, Restrict, SetNull};
    let action = |dialect, text: &str| {
        let catalog = declared(dialect, 7, text);
        let key = catalog.tables.values().find_map(|table| table.foreign_keys.first().cloned()).expect("a key");
        (key.on_delete, key.on_update)
    };
    let required = RELATION.replace("Int? @map", "Int @map").replace("A? @rel", "A @rel");
    // Any required field makes the relation required.
    let mixed = RELATION.replace("Int? @map", "Int @map");
    let explicit = RELATION.replace("[id])", "[id], onDelete: NoAction, onUpdate: SetNull)");
    for (dialect, text, expected) in [
        (Dialect::PostgreSql, RELATION, (SetNull, Cascade)),
        (Dialect::PostgreSql, &required, (Restrict, Cascade)),
        (Dialect::PostgreSql, &mixed, (Restrict, Cascade)),
        (Dialect::MySql, &required, (Restrict, Cascade)),
        (Dialect::SqlServer, &required, (NoAction, Cascade)),
        (Dialect::PostgreSql, &explicit, (NoAction, SetNull)),
    ] {
        assert_eq!(action(dialect, text), expected, "{dialect} {text}");
    }
    let catalog = declared(Dialect::PostgreSql, 7, RELATION);
    let key = &catalog.tables[&Name::new("public", "B")].foreign_keys[0];
    assert_eq!(key.name.as_deref(), Some("B_a_id_fkey"));
    assert_eq!((key.columns.as_slice(), &key.target), (&["a_id".to_owned()][..], &Name::new("public", "A")));
    let emulated = format!("datasource d {{\n provider = \"postgresql\"\n relationMode = \"prisma\"\n}}\n{RELATION}");
    assert!(declared(Dialect::PostgreSql, 7, &emulated).tables.values().all(|table| table.foreign_keys.is_empty()));
}

#[test]
fn join_tables_follow_the_version_and_the_provider() {
    let text =
        "model Tag {\n id String @id\n posts Post[]\n}\nmodel Post {\n id Int @id @map(\"pid\")\n tags Tag[]\n}\n";
    let join = |dialect, version| {
        let catalog = declared(dialect, version, text);
        catalog.tables.into_values().find(|table| table.name.name == "_PostToTag").expect("the join table")
    };
    let new = join(Dialect::PostgreSql, 6);
    assert_eq!(new.primary_key.and_then(|key| key.name).as_deref(), Some("_PostToTag_AB_pkey"));
    let columns: Vec<_> = new.columns.iter().map(|column| format!("{} {}", column.name, column.ty)).collect();
    assert_eq!(columns, ["A integer", "B text"]);
    let keys: Vec<_> =
        new.foreign_keys.iter().map(|key| (key.target.name.as_str(), key.target_columns[0].as_str())).collect();
    assert_eq!(keys, [("Post", "pid"), ("Tag", "id")]);
    for (dialect, version) in
        [(Dialect::PostgreSql, 5), (Dialect::MySql, 7), (Dialect::Sqlite, 7), (Dialect::CockroachDb, 7)]
    {
        let old = join(dialect, version);
        assert!(old.primary_key.is_none(), "{dialect}");
        let names: Vec<_> = old.indexes.iter().filter_map(|index| index.name.as_deref()).collect();
        assert_eq!(names, ["_PostToTag_AB_unique", "_PostToTag_B_index"], "{dialect}");
    }
}

#[test]
fn schemas_enums_and_extensions_are_declared() {
    let catalog = declared(
        Dialect::PostgreSql,
        7,
        "datasource d {\n provider = \"postgresql\"\n schemas = [\"auth\", \"shop\"]\n extensions = [citext, x(map: \"uuid-ossp\", schema: \"ext\")]\n}\n\
         enum E {\n A\n B @map(\"b\")\n @@map(\"e_t\")\n @@schema(\"shop\")\n}\n\
         model U {\n id Int @id\n e E\n ps P[]\n @@schema(\"auth\")\n}\nmodel P {\n id Int @id\n us U[]\n @@map(\"ps\")\n @@schema(\"shop\")\n}\n",
    );
    let tables: Vec<_> = catalog.tables.keys().map(ToString::to_string).collect();
    assert_eq!(tables, ["auth.U", "shop._PToU", "shop.ps"]);
    assert_eq!(catalog.enums[&Name::new("shop", "e_t")].labels, ["A", "b"]);
    assert_eq!(catalog.tables[&Name::new("auth", "U")].columns[1].ty.to_string(), "shop.e_t");
    assert_eq!(catalog.extensions.keys().collect::<Vec<_>>(), ["citext", "uuid-ossp"]);
    assert_eq!(catalog.extensions["uuid-ossp"].schema.as_deref(), Some("ext"));
    assert_eq!(catalog.schemas.iter().collect::<Vec<_>>(), ["auth", "shop"]);
    let listless = declared(Dialect::PostgreSql, 7, "model A {\n id Int @id\n}\n");
    assert_eq!(listless.schemas.iter().collect::<Vec<_>>(), ["public"]);
    assert!(declared(Dialect::MySql, 7, "enum E {\n A\n}\n").enums.is_empty());
}

#[test]
fn views_are_not_made_and_ignored_models_are() {
    let catalog = declared(
        Dialect::PostgreSql,
        7,
        "model A {\n id Int @id\n v V?\n}\nview V {\n id Int @unique\n a A @relation(fields: [id], references: [id])\n}\nmodel Old {\n x Int?\n @@ignore\n}\n",
    );
    assert_eq!(catalog.tables.keys().map(|name| name.name.as_str()).collect::<Vec<_>>(), ["A", "Old"]);
}

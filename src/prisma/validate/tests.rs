use std::path::Path;

use super::problems;
use crate::prisma::discover::NEWEST_VERSION;
use crate::prisma::schema;
use crate::prisma::schema::resolve::Settings;
use crate::source::Source;

/// What is refused in a schema, one message each.
fn refused(text: &str) -> Vec<String> {
    let parsed = schema::parse(&[Source::new("schema.prisma".into(), text)]);
    let dialect = Settings::of(&parsed).dialect().expect("a provider");
    let found = if parsed.problems.is_empty() { problems(&parsed, dialect, NEWEST_VERSION) } else { parsed.problems };
    found.into_iter().map(|problem| problem.message).collect()
}

/// A schema for a provider: lines of `model A`, which has an `id`, then further blocks.
fn schema(provider: &str, fields: &str, blocks: &str) -> String {
    format!("datasource db {{\n provider = \"{provider}\"\n}}\nmodel A {{\n id Int @id\n{fields}\n}}\n{blocks}")
}

/// Each line is refused by the engine too.
#[test]
fn the_engine_refuses_these() {
    let b = "model B {\n id Int @id\n aId Int\n";
    let relation = |line: &str| format!("{b} {line}\n}}\n");
    for (provider, fields, blocks) in [
        ("postgresql", " a Int\n @@index([a])\n @@index([a])", ""),
        ("postgresql", " a Int @unique\n @@unique([a])", ""),
        ("postgresql", " a Int\n @@schema(\"x\")", ""),
        ("mysql", " a Int\n @@schema(\"x\")", ""),
        ("sqlserver", " e E", "enum E {\n X\n}"),
        ("sqlite", " a Int @default(autoincrement())", ""),
        ("sqlite", " a Json @default(\"{\")", ""),
        ("sqlite", " a Int[]", ""),
        ("mysql", " a Int[]", ""),
        ("sqlite", " e E[]", "enum E {\n X\n}"),
        ("postgresql", " a-b Int", ""),
        ("postgresql", " 1x Int", ""),
        ("postgresql", " _x Int", ""),
        ("postgresql", "", "model String {\n x Int @id\n}"),
        ("postgresql", " a Int @foo", ""),
        ("postgresql", " a Int\n @@foo", ""),
        ("postgresql", " a Strin", ""),
        ("postgresql", " t T", "type T {\n a Int\n}"),
        ("postgresql", " c Int[] @default(1)", ""),
        ("postgresql", " c Int @default([1])", ""),
        ("postgresql", " c Int @default(\"1\")", ""),
        ("postgresql", " c String @default(1)", ""),
        ("postgresql", " c String @default(foo())", ""),
        ("postgresql", " c Int @default(1.5)", ""),
        ("postgresql", " c Int? @default(null)", ""),
        ("postgresql", " c Int @default(now())", ""),
        ("postgresql", " c Boolean @default(\"true\")", ""),
        ("postgresql", " c Unsupported(\"x\") @default(\"1\")", ""),
        ("postgresql", " e E @default(Y)", "enum E {\n X\n}"),
        ("postgresql", " c Int @updatedAt", ""),
        ("postgresql", " c Int @db.Text", ""),
        ("postgresql", " c Int @db.Foo", ""),
        ("postgresql", " c String @db.VarChar(1, 2)", ""),
        ("postgresql", " c Decimal @db.Decimal(3)", ""),
        ("mysql", " c String @db.VarChar", ""),
        ("sqlite", " c String @db.Text", ""),
        ("postgresql", " c Int @unique @unique", ""),
        ("postgresql", " c Int @db.Integer @db.SmallInt", ""),
        ("postgresql", " c Int @default(1, map: \"x\")", ""),
        ("postgresql", " c Int @map(\"x\")\n d Int @map(\"x\")", ""),
        ("postgresql", " c Int\n c Int", ""),
        ("postgresql", " @@map(\"B\")", "model B {\n id Int @id\n}"),
        ("postgresql", "", "model A {\n id Int @id\n}"),
        ("postgresql", "", "enum A {\n x\n}"),
        ("postgresql", "", "enum E {\n}"),
        ("postgresql", "", "enum E {\n a\n a\n}"),
        ("postgresql", " c Int @unique(map: \"x\")", "model B {\n id Int @id\n c Int @unique(map: \"x\")\n}"),
        ("sqlite", " c Int @unique(map: \"x\")", "model B {\n id Int @id\n c Int @unique(map: \"x\")\n}"),
        ("postgresql", " c Int\n @@index([d])", ""),
        ("postgresql", " c Int\n @@index([c], type: Foo)", ""),
        ("postgresql", " c String\n @@index([c(length: 3)])", ""),
        ("postgresql", " c String\n @@fulltext([c])", ""),
        ("mysql", " c Int\n @@index([c], type: Hash)", ""),
        ("postgresql", "", "model B {\n id Int?\n}"),
        ("postgresql", "", "model B {\n id Int? @id\n}"),
        ("postgresql", "", "model B {\n id Int? @unique\n}"),
        ("postgresql", " b Int @id", ""),
        ("postgresql", " b Int\n @@id([id, b])", ""),
        ("sqlite", "", "model B {\n a Int\n b Int\n @@id([a, b], map: \"x\")\n}"),
        ("mysql", "", "model B {\n id Int @id(map: \"x\")\n}"),
        ("postgresql", " b B", "model B {\n id Int @id\n}"),
        ("postgresql", " b B[]", "model B {\n id Int @id\n a A?\n}"),
        ("postgresql", " b B?", &relation("a A @relation(fields: [aId], references: [id])")),
        (
            "postgresql",
            " b B[]",
            "model B {\n id Int @id\n aId String\n a A @relation(fields: [aId], references: [id])\n}",
        ),
        (
            "postgresql",
            " b B[]",
            "model B {\n id Int @id\n aId Int?\n a A @relation(fields: [aId], references: [id])\n}",
        ),
        ("mysql", " b B[]", &relation("a A @relation(fields: [aId], references: [id], onDelete: SetNull)")),
        ("postgresql", " x Int\n b B[]", &relation("a A @relation(fields: [aId], references: [x])")),
        ("postgresql", " b B[]", &relation("a A @relation(fields: [no], references: [id])")),
        ("postgresql", " b B[]", &relation("a A @relation(fields: [aId], references: [no])")),
        ("postgresql", " b B[]", &relation("a A @relation(fields: [aId])")),
        ("sqlite", " b B[]", &relation("a A @relation(fields: [aId], references: [id], map: \"x\")")),
        ("sqlserver", " b B[]", &relation("a A @relation(fields: [aId], references: [id], onDelete: Restrict)")),
        ("postgresql", " b B[]\n c B[]", &relation("a A @relation(fields: [aId], references: [id])")),
        ("postgresql", " bs B[]", "model B {\n a Int\n b Int\n as A[]\n @@id([a, b])\n}"),
        ("postgresql", " bs B[]", "model B {\n a Int @unique\n as A[]\n}"),
        ("postgresql", " p A? @relation(\"x\")", ""),
        ("postgresql", " pid Int?\n p A? @relation(fields: [pid], references: [id])\n c A[]", ""),
        ("cockroachdb", " n Int @default(autoincrement())", ""),
        ("sqlserver", " j Json", ""),
        ("postgresql", " c Int @relation(\"x\")", ""),
        ("postgresql", " b B[] @map(\"x\")", &relation("a A @relation(fields: [aId], references: [id])")),
        ("postgresql", " b B[] @db.Text", &relation("a A @relation(fields: [aId], references: [id])")),
    ] {
        let text = schema(provider, fields, blocks);
        assert!(!refused(&text).is_empty(), "{provider}\n{text}");
    }
}

/// Each of these is taken by the engine.
#[test]
fn the_engine_takes_these() {
    let b = "model B {\n id Int @id\n aId Int\n";
    for (provider, fields, blocks) in [
        ("postgresql", " c Int[] @default([1, 2])\n e E[] @default([X])", "enum E {\n X\n Y\n}"),
        ("postgresql", " c Int @default(9999999999)\n d Json @default(\"[]\")\n f Float @default(1)", ""),
        ("postgresql", " c Unsupported(\"x\")? @default(dbgenerated(\"y()\"))", ""),
        ("postgresql", " c Decimal @db.Decimal(10, 2)\n d String @db.VarChar @default(\"x\")", ""),
        ("mysql", " c Int @unique(map: \"x\")", "model B {\n id Int @id\n c Int @unique(map: \"x\")\n}"),
        ("mysql", " c String\n @@fulltext([c])\n @@index([c(length: 10, sort: Desc)], map: \"c\")", ""),
        ("mysql", "", "model B {\n id BigInt @id @default(autoincrement())\n}"),
        ("sqlite", "", "model B {\n id BigInt @id @default(autoincrement())\n}"),
        ("sqlserver", "", "model B {\n id Int @id(map: \"pk\", clustered: false)\n n Int @default(1, map: \"df\")\n}"),
        ("postgresql", " b B[]", &format!("{b} a A @relation(fields: [aId], references: [id], onDelete: SetNull)\n}}")),
        ("postgresql", " b B?", "model B {\n id Int @id\n a A @relation(fields: [id], references: [id])\n}"),
        ("postgresql", " b B[]", "model B {\n id Int @id\n a A[]\n}"),
        ("postgresql", " x A[] @relation(\"f\")\n y A[] @relation(\"f\")", ""),
        (
            "postgresql",
            " pid Int?\n p A? @relation(\"t\", fields: [pid], references: [id])\n c A[] @relation(\"t\")",
            "",
        ),
        ("postgresql", "", "model Old {\n a Int?\n @@ignore\n}\nview V {\n a Int\n}"),
        ("postgresql", " c Bytes @default(\"aGk=\")\n d DateTime @default(\"2020-01-01T00:00:00Z\")", ""),
        ("postgresql", " c String\n @@index([c(ops: raw(\"gin_trgm_ops\"))], type: Gin)", ""),
        ("cockroachdb", " n Int @default(sequence(start: 2))\n s String @db.String(3)", ""),
    ] {
        let text = schema(provider, fields, blocks);
        assert_eq!(refused(&text), Vec::<String>::new(), "{provider}\n{text}");
    }
}

/// Of the labelled cases the engine refuses some schemas; the others fail in their migrations.
#[test]
fn labelled_schemas_are_judged_as_the_engine_judges_them() {
    // The engine takes these schemas and fails on their migrations.
    let in_migrations = ["sql:", "trip: x Unsupported", "trip: x Json @default"];
    for provider in ["postgresql", "sqlite"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/prisma/{provider}.jsonl"));
        for line in std::fs::read_to_string(path).expect("the labelled cases").lines() {
            let case: serde_json::Value = serde_json::from_str(line).expect("a case");
            let id = case["id"].as_str().unwrap_or_default();
            let expected = case["verdict"] == "error" && !in_migrations.iter().any(|prefix| id.starts_with(prefix));
            let found = refused(case["schema"].as_str().unwrap_or_default());
            assert_eq!(!found.is_empty(), expected, "{provider} {id}: {found:?}");
        }
    }
}

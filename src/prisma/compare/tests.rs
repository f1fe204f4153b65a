//! Edits of a schema, against the schema before them: what the engine counts, without any SQL.

use super::{CompareOptions, compare};
use crate::catalog::difference::Difference;
use crate::catalog::{Catalog, Dialect};
use crate::prisma::declare::{Context, catalog};
use crate::prisma::schema::parse;
use crate::source::Source;

fn declared(dialect: Dialect, text: &str) -> Option<Catalog> {
    let schema = parse(&[Source::new("schema.prisma".into(), text)]);
    schema.problems.is_empty().then(|| catalog(&schema, &Context::new(dialect, 7)))
}

fn differences(dialect: Dialect, before: &str, after: &str) -> Option<Vec<Difference>> {
    let (before, after) = (declared(dialect, before)?, declared(dialect, after)?);
    Some(compare(&after, &before, &CompareOptions::default()))
}

fn cases(provider: &str) -> Vec<serde_json::Value> {
    let path = format!("{}/tests/cases/prisma/{provider}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The schema that most cases edit.
fn base(cases: &[serde_json::Value]) -> &str {
    let unedited =
        |case: &&serde_json::Value| ["schema: nothing", "sql: add column"].iter().any(|id| case["id"] == *id);
    cases.iter().find(unedited).unwrap()["schema"].as_str().unwrap()
}

/// The statements of a script of the engine, each with its heading.
fn steps(script: &str) -> Vec<String> {
    let mut steps: Vec<String> = script
        .split("\n\n-- ")
        .map(|step| step.trim().trim_start_matches("-- ").to_owned())
        .filter(|step| !step.is_empty())
        .collect();
    steps.sort();
    steps
}

#[test]
fn a_schema_agrees_with_itself() {
    for provider in ["postgresql", "postgresql-more", "sqlite", "sqlite-more", "mysql", "cockroachdb", "sqlserver"] {
        for case in cases(provider).into_iter().filter(|case| case["verdict"] != "error") {
            let dialect: Dialect = case["provider"].as_str().unwrap().parse().unwrap();
            let schema = case["schema"].as_str().unwrap();
            // A schema says more of a truth value than a column does.
            if case["id"] == "schema: boolean to @db.TinyInt" {
                continue;
            }
            let found = differences(dialect, schema, schema).unwrap_or_default();
            assert!(found.is_empty(), "{provider} {}: {found:?}", case["id"]);
        }
    }
}

#[test]
fn suggestions_are_the_statements_that_the_engine_writes() {
    let mut wrong = Vec::new();
    for provider in ["postgresql", "postgresql-more", "sqlite", "sqlite-more", "cockroachdb"] {
        let cases = cases(provider);
        let base = base(&cases);
        for case in &cases {
            let id = case["id"].as_str().unwrap();
            // A schema has no sequences of its own to drop and does not hold their options; what never settles is no
            // difference; the engine writes an ASC that says nothing, and forgets a blank.
            let beyond = ["autoincrement() -> none", "autoincrement removed", "sequence options", "dbgenerated"]
                .iter()
                .any(|word| id.contains(word))
                || matches!(
                    (provider, id),
                    ("sqlite-more", "schema: index sort") | ("cockroachdb", "schema: enum value removed")
                );
            if !id.starts_with("schema:") || case["verdict"] != "drift" || beyond {
                continue;
            }
            let dialect: Dialect = case["provider"].as_str().unwrap().parse().unwrap();
            let before = declared(dialect, case["schema_before"].as_str().unwrap_or(base)).unwrap();
            let after = declared(dialect, case["schema"].as_str().unwrap()).unwrap();
            let found = compare(&after, &before, &CompareOptions::default());
            let written: Vec<String> = crate::prisma::suggest::sql(&found, &after, &before)
                .iter()
                .map(|step| step.trim().trim_start_matches("-- ").to_owned())
                .collect();
            let mut written = written;
            written.sort();
            let needed = steps(case["needed_sql"].as_str().unwrap());
            if written != needed {
                wrong.push(format!("{provider} {id}\n{}\n  and not\n{}", written.join("\n"), needed.join("\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What a schema lacks or has too much beside the database that these statements build.
fn against(schema: &str, sql: &str, options: &CompareOptions) -> Vec<Difference> {
    let mut built = Catalog::new(Dialect::PostgreSql);
    for operation in &crate::sql::read(&Source::new("migration.sql".into(), sql), Dialect::PostgreSql).operations {
        built.apply(operation).unwrap();
    }
    compare(&declared(Dialect::PostgreSql, schema).unwrap(), &built, options)
}

/// Kind, and what is told of the two sides.
fn told(differences: &[Difference]) -> Vec<String> {
    let one = |one: &Difference| {
        let (declared, replayed) = one.sides();
        format!("{} {}: {} / {}", one.kind, one.name, declared.unwrap_or("-"), replayed.unwrap_or("-"))
    };
    differences.iter().map(one).collect()
}

const POSTS: &str = r#"
model User {
  id Int @id
  posts Post[]
}
model Post {
  id Int @id
  authorId Int?
  title String
  author User? @relation(fields: [authorId], references: [id])
  // here
}
"#;

const TABLES: &str = r#"
CREATE TABLE "User" ("id" INTEGER NOT NULL, CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
CREATE TABLE "Post" ("id" INTEGER NOT NULL, "authorId" INTEGER, "title" TEXT NOT NULL, CONSTRAINT "Post_pkey" PRIMARY KEY ("id"));
"#;

#[test]
fn a_foreign_key_that_differs_is_told_once() {
    let made = |rest: &str| {
        let sql = format!("{TABLES}\nALTER TABLE \"Post\" ADD CONSTRAINT {rest};");
        against(POSTS, &sql, &CompareOptions::default())
    };
    let action = made(
        "\"Post_authorId_fkey\" FOREIGN KEY (\"authorId\") REFERENCES \"User\" (\"id\") ON DELETE CASCADE ON UPDATE CASCADE",
    );
    assert_eq!(told(&action), ["changed-foreign-key Post_authorId_fkey: ON DELETE SET NULL / ON DELETE CASCADE"]);
    assert_eq!(action[0].sql.len(), 2, "{:?}", action[0].sql);
    assert!(action[0].sql[0].contains("DROP CONSTRAINT") && action[0].sql[1].contains("ON DELETE SET NULL"));
    let other =
        made("\"old\" FOREIGN KEY (\"authorId\") REFERENCES \"Post\" (\"id\") ON DELETE SET NULL ON UPDATE CASCADE");
    assert_eq!(
        told(&other),
        [
            "changed-foreign-key Post_authorId_fkey: REFERENCES User (id) and with the name Post_authorId_fkey / REFERENCES \
          Post (id) and with the name old"
        ]
    );
    let renamed =
        made("\"old\" FOREIGN KEY (\"authorId\") REFERENCES \"User\" (\"id\") ON DELETE SET NULL ON UPDATE CASCADE");
    assert_eq!(
        told(&renamed),
        ["changed-foreign-key Post_authorId_fkey: with the name Post_authorId_fkey / with the name old"]
    );
    assert!(renamed[0].sql[0].contains("RENAME CONSTRAINT"), "{:?}", renamed[0].sql);
    // Another key is no form of this one.
    let another =
        made("\"other\" FOREIGN KEY (\"id\") REFERENCES \"User\" (\"id\") ON DELETE SET NULL ON UPDATE CASCADE");
    let kinds: Vec<String> = another.iter().map(|one| one.kind.to_string()).collect();
    assert_eq!(kinds, ["missing-foreign-key", "extra-foreign-key"]);
}

#[test]
fn an_index_that_differs_is_told_once() {
    let schema = |index: &str| POSTS.replace("// here", index);
    let keyed = format!(
        "{TABLES}\nALTER TABLE \"Post\" ADD CONSTRAINT \"Post_authorId_fkey\" FOREIGN KEY (\"authorId\") REFERENCES \
         \"User\" (\"id\") ON DELETE SET NULL ON UPDATE CASCADE;"
    );
    let found = |index: &str, sql: &str, major: u32| {
        let options = CompareOptions { prisma_major: major, ..CompareOptions::default() };
        against(&schema(index), &format!("{keyed}\n{sql};"), &options)
    };
    let cases = [
        (
            "@@index([title])",
            "CREATE INDEX \"Post_title_idx\" ON \"Post\" (\"title\") WHERE \"title\" <> ''",
            "changed-index Post_title_idx: without WHERE / WHERE title<>''",
        ),
        (
            "@@index([title])",
            "CREATE INDEX \"Post_title_idx\" ON \"Post\" (lower(\"title\"))",
            "changed-index Post_title_idx: ON (title) / ON (lower(title))",
        ),
        (
            "@@index([title], type: Hash)",
            "CREATE INDEX \"Post_title_idx\" ON \"Post\" (\"title\")",
            "changed-index Post_title_idx: USING hash / USING btree",
        ),
        (
            "@@unique([title])",
            "CREATE INDEX \"Post_title_idx\" ON \"Post\" (\"title\")",
            "changed-index Post_title_key: UNIQUE and with the name Post_title_key / not UNIQUE and with the name \
             Post_title_idx",
        ),
        (
            "@@index([title, authorId], map: \"i\")",
            "CREATE INDEX \"i\" ON \"Post\" (\"title\")",
            "changed-index i: ON (title, authorId) / ON (title)",
        ),
    ];
    for (index, sql, expected) in cases {
        let differences = found(index, sql, 6);
        assert_eq!(told(&differences), [expected]);
        let sql = differences[0].sql.join("\n");
        assert!(sql.contains("DROP INDEX") && sql.contains("INDEX"), "{sql}");
    }
    // One that nothing makes is missing, whatever else is there.
    let apart = found("@@index([title])", "CREATE INDEX \"other\" ON \"Post\" (\"authorId\")", 6);
    let kinds: Vec<String> = apart.iter().map(|one| one.kind.to_string()).collect();
    assert_eq!(kinds, ["missing-index", "extra-index"]);
    let partial = found("@@index([title])", "CREATE INDEX \"other\" ON \"Post\" (\"title\") WHERE \"title\" <> ''", 6);
    assert_eq!(told(&partial).len(), 1);
    assert_eq!(partial[0].kind.to_string(), "missing-index", "the engine does not see the other one");
}

#[test]
fn names_of_defaults_are_asked_for_since_schemas_can_give_them() {
    use crate::prisma::Prisma;
    use crate::project::{Ecosystem, EcosystemKind, Project};

    let schema = "model T {\n  id Int @id\n  a Int @default(1)\n}\n";
    let found = |version: &str, default: &str| {
        let sql = format!(
            "CREATE TABLE [T] ([id] INT NOT NULL CONSTRAINT [T_pkey] PRIMARY KEY, [a] INT NOT NULL {default});"
        );
        let mut built = Catalog::new(Dialect::SqlServer);
        for operation in &crate::sql::read(&Source::new("migration.sql".into(), sql), Dialect::SqlServer).operations {
            built.apply(operation).unwrap();
        }
        let project = Project {
            name: ".".to_owned(),
            ecosystem: EcosystemKind::Prisma,
            dialect: Some(Dialect::SqlServer),
            root: crate::source::RepoPath::root(),
            schema: Vec::new(),
            migrations: Vec::new(),
            settings: Vec::new(),
            command: String::new(),
            facts: std::collections::BTreeMap::from([("prisma-version", version.to_owned())]),
            parsed: crate::project::Parsed::default(),
        };
        let found = Prisma.compare(&project, &declared(Dialect::SqlServer, schema).unwrap(), &built);
        (told(&found), found.iter().all(|one| one.certain))
    };
    let named = "CONSTRAINT [DF__T__a] DEFAULT 1";
    let told = vec!["changed-default a: with the name T_a_df / with the name DF__T__a".to_owned()];
    assert_eq!(found("7.0.0", named), (told.clone(), true));
    assert_eq!(found("2.19.0", named), (told, false), "what that version wrote by itself");
    let unnamed = found("7.0.0", "DEFAULT 1").0;
    assert_eq!(unnamed, ["changed-default a: with the name T_a_df / without a name of its own"]);
    // Another value is another value.
    assert!(found("2.19.0", "CONSTRAINT [DF__T__a] DEFAULT 2").1);
    assert_eq!(found("7.0.0", "CONSTRAINT [T_a_df] DEFAULT 1").0, Vec::<String>::new());
}

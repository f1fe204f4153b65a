use crate::catalog::{Dialect, Reach};
use crate::git::MemorySnapshot;
use crate::prisma::Prisma;
use crate::project::{Ecosystem, Project, ProjectOverride, Touch};

const PG: &str = "datasource db {\n provider = \"postgresql\"\n}\n";
const MYSQL: &str = "datasource db {\n provider = \"mysql\"\n}\n";
const MODEL: &str = "model A {\n id Int @id\n}\n";

fn discover(files: &[(&str, &str)]) -> Vec<Project> {
    with_policy(files, &[])
}

fn with_policy(files: &[(&str, &str)], overrides: &[ProjectOverride]) -> Vec<Project> {
    Prisma.discover(&MemorySnapshot::new(files.iter().copied()), overrides).expect("memory can be read")
}

fn whole(datasource: &str) -> String {
    format!("{datasource}{MODEL}")
}

/// Name, schema and migrations of each project.
fn summary(projects: &[Project]) -> Vec<(String, String, String)> {
    let list = |paths: &[crate::source::RepoPath]| {
        paths.iter().map(|path| path.as_str().to_owned()).collect::<Vec<_>>().join(" ")
    };
    projects.iter().map(|p| (p.name.clone(), list(&p.schema), list(&p.migrations))).collect()
}

fn entry(name: &str, schema: &str, migrations: &str) -> (String, String, String) {
    (name.to_owned(), schema.to_owned(), migrations.to_owned())
}

#[test]
fn the_default_place_is_found() {
    let schema = whole(PG);
    let projects = discover(&[
        ("package.json", r#"{"devDependencies":{"prisma":"^5.0.0"}}"#),
        ("pnpm-lock.yaml", ""),
        ("prisma/schema.prisma", &schema),
        ("prisma/migrations/1_a/migration.sql", ""),
        ("prisma/notes.prisma", "model Stray {\n id Int @id\n}\n"),
    ]);
    assert_eq!(summary(&projects), [entry(".", "prisma/schema.prisma", "prisma/migrations")]);
    let project = &projects[0];
    assert_eq!(project.dialect, Some(Dialect::PostgreSql));
    assert_eq!(project.facts.get("prisma-version").map(String::as_str), Some("5"));
    assert!(!project.facts.contains_key("no-migrations"));
    assert_eq!(Prisma.command_new_migration(project, "add_users"), "pnpm prisma migrate dev --name add_users");
}

#[test]
fn a_folder_of_another_runner_holds_no_migrations() {
    let schema = whole(PG);
    let unmigrated = |file: &str| {
        let projects = discover(&[("prisma/schema.prisma", &schema), (file, "")]);
        projects[0].facts.contains_key("no-migrations")
    };
    for file in ["prisma/migrations/01_users.sql", "prisma/migrations/.prettierrc.js", "prisma/seed.sql"] {
        assert!(unmigrated(file), "{file}");
    }
    for file in [
        "prisma/migrations/20250101000000_a/migration.sql",
        "prisma/migrations/20250101000000_a/down.sql",
        "prisma/migrations/migration_lock.toml",
        "prisma/migrations/.gitkeep",
    ] {
        assert!(!unmigrated(file), "{file}");
    }
}

#[test]
fn a_copy_beside_the_schema_is_no_project() {
    let (pg, mysql) = (whole(PG), whole(MYSQL));
    let migration = ("db/mysql/migrations/1_a/migration.sql", "");
    for copy in ["schema_old", "schema.bak", "old-schema", "schema-copy"] {
        let path = format!("db/mysql/{copy}.prisma");
        let projects = discover(&[("db/mysql/schema.prisma", &mysql), (&path, &mysql), migration]);
        assert_eq!(projects.len(), 1, "{copy}");
        assert_eq!(projects[0].schema, ["db/mysql/schema.prisma".into()], "{copy}");
    }
    // What has migrations of its own is used.
    let projects = discover(&[
        ("prisma/schema.prisma", &pg),
        ("prisma/schema_old.prisma", &mysql),
        ("prisma/migrations/1_a/migration.sql", ""),
        ("prisma/old-migrations/1_a/migration.sql", ""),
    ]);
    assert_eq!(projects.len(), 2);
}

#[test]
fn a_schema_with_the_client_of_the_previews_is_one_of_prisma_2() {
    let version = |client: &str| {
        let schema = format!("generator c {{\n provider = \"{client}\"\n}}\n{}", whole(PG));
        discover(&[("package.json", "{}"), ("prisma/schema.prisma", &schema)])[0].facts.get("prisma-version").cloned()
    };
    assert_eq!(version("photonjs").as_deref(), Some("2"));
    assert_eq!(version("prisma-client-js"), None);
}

#[test]
fn a_folder_of_migrations_is_that_of_one_schema() {
    let schema = whole(PG);
    let migration = ("prisma/migrations/1_a/migration.sql", "");
    for sketch in ["schema.draft", "next", "schema-v2"] {
        let path = format!("prisma/{sketch}.prisma");
        let projects = discover(&[("prisma/schema.prisma", &schema), (&path, &schema), migration]);
        assert_eq!(projects.len(), 1, "{sketch}");
        assert_eq!(projects[0].schema, ["prisma/schema.prisma".into()], "{sketch}");
    }
    // Without one of that name nobody can say whose it is.
    let projects = discover(&[("prisma/one.prisma", &schema), ("prisma/two.prisma", &schema), migration]);
    assert_eq!(projects.len(), 2);
}

#[test]
fn a_folder_called_much_the_same_holds_the_migrations_where_there_is_no_other() {
    let schema = whole(PG);
    let of = |folders: &[&str]| {
        let scripts: Vec<String> = folders.iter().map(|folder| format!("db/{folder}/1_a/migration.sql")).collect();
        let mut files = vec![("db/schema.prisma", schema.as_str())];
        files.extend(scripts.iter().map(|path| (path.as_str(), "")));
        let project = discover(&files).remove(0);
        (project.migrations[0].to_string(), project.facts.contains_key("no-migrations"))
    };
    assert_eq!(of(&["migration"]), ("db/migration".to_owned(), false));
    assert_eq!(of(&["migration", "migrations"]), ("db/migrations".to_owned(), false));
    assert_eq!(of(&["custom"]), ("db/migrations".to_owned(), true));
    let config = "export default { schema: 'db/schema.prisma', migrations: { path: 'db/migrations' } }\n";
    let named = |script: &str| {
        let files = [("prisma.config.ts", config), ("db/schema.prisma", &schema), (script, "")];
        discover(&files).remove(0).migrations[0].to_string()
    };
    assert_eq!(named("db/migration/1_a/migration.sql"), "db/migration");
    assert_eq!(named("old/migrations/1_a/migration.sql"), "db/migrations");
}

#[test]
fn before_prisma_4_no_schema_is_refused_for_what_later_ones_refuse() {
    let schema = format!(
        "{PG}model User {{\n id Int @id\n card Card?\n}}\n\
         model Card {{\n id Int @id\n owner User @relation(fields: [ownerId], references: [id])\n ownerId Int\n}}\n"
    );
    let one_sided = schema.replace(" card Card?\n", "");
    let declared = |schema: &str, version: &str| {
        let package = format!(r#"{{"devDependencies":{{"prisma":"^{version}"}}}}"#);
        let snapshot = MemorySnapshot::new([("package.json", package.as_str()), ("prisma/schema.prisma", schema)]);
        let project = Prisma.discover(&snapshot, &[]).expect("memory can be read").remove(0);
        Prisma.declared(&project, &snapshot).expect("memory can be read")
    };
    let uniques = |version: &str| {
        let declared = declared(&schema, version);
        let indexes = declared.catalog.tables.values().flat_map(|table| &table.indexes).filter(|index| index.unique);
        (declared.problems.len(), indexes.filter_map(|index| index.name.clone()).collect::<Vec<String>>())
    };
    assert_eq!(uniques("4.0.0"), (1, Vec::new()));
    assert_eq!(uniques("3.15.0"), (0, vec!["Card_ownerId_key".to_owned()]));
    // What an old version made of it is not known: nothing is certain then.
    let old = declared(&one_sided, "2.30.0");
    assert_eq!(old.problems.len(), 0);
    assert!(old.catalog.doubts.iter().any(|doubt| doubt.reach == Reach::Everything));
    assert_eq!(declared(&one_sided, "4.0.0").problems.len(), 1);
}

#[test]
fn packages_of_a_monorepo_are_projects_of_their_own() {
    let schema = whole(PG);
    let projects = discover(&[
        ("yarn.lock", ""),
        ("package.json", "{}"),
        ("apps/api/package.json", r#"{"dependencies":{"@prisma/client":"6.1.0"}}"#),
        ("apps/api/prisma/schema.prisma", &schema),
        ("apps/api/prisma/migrations/1_a/migration.sql", ""),
        ("packages/db/package.json", r#"{"prisma":{"schema":"./sql/main.prisma"}}"#),
        ("packages/db/sql/main.prisma", &schema),
        ("packages/prisma/package.json", "{}"),
        ("packages/prisma/schema.prisma", &schema),
        ("node_modules/x/prisma/schema.prisma", &schema),
        ("apps/api/dist/prisma/schema.prisma", &schema),
        ("apps/web/src/fixtures/schema.prisma", &schema),
    ]);
    assert_eq!(
        summary(&projects),
        [
            entry("api", "apps/api/prisma/schema.prisma", "apps/api/prisma/migrations"),
            entry("db", "packages/db/sql/main.prisma", "packages/db/sql/migrations"),
            entry("prisma", "packages/prisma/schema.prisma", "packages/prisma/migrations"),
        ]
    );
    assert_eq!(
        Prisma.command_new_migration(&projects[0], "<name>"),
        "cd apps/api && yarn prisma migrate dev --name <name>"
    );
    assert_eq!(projects[1].facts.get("no-migrations").map(String::as_str), Some("yes"));
}

#[test]
fn configurations_name_schema_and_migrations() {
    let schema = whole(PG);
    let projects = discover(&[
        ("package.json", "{}"),
        (
            "prisma.config.ts",
            "export default defineConfig({ schema: 'db/models', migrations: { path: 'db/migration' } })",
        ),
        ("db/models/base.prisma", PG),
        ("db/models/a.prisma", MODEL),
        ("db/migration/1_a/migration.sql", ""),
        ("db/migration/1_a/schema.prisma", &schema),
    ]);
    assert_eq!(summary(&projects), [entry("models", "db/models/a.prisma db/models/base.prisma", "db/migration")]);
    assert_eq!(projects[0].settings.len(), 2);
    assert_eq!(Prisma.command_new_migration(&projects[0], "x"), "npx prisma migrate dev --name x");
}

#[test]
fn a_schema_left_over_beside_the_one_that_is_configured_is_no_project() {
    let leftover = format!("{PG}generator client {{\n provider = \"prisma-client\"\n}}\n");
    let schema = whole(PG);
    let config = "export default defineConfig({ schema: 'prisma/schema', migrations: { path: 'prisma/migrations' } })";
    let files = [
        ("db/package.json", "{}"),
        ("db/prisma.config.ts", config),
        ("db/prisma/schema/schema.prisma", &schema),
        ("db/prisma/migrations/1_a/migration.sql", ""),
    ];
    let configured = entry("db", "db/prisma/schema/schema.prisma", "db/prisma/migrations");
    for text in [&leftover, &schema] {
        let files = [&files[..], &[("db/prisma/schema.prisma", text)]].concat();
        assert_eq!(summary(&discover(&files)), std::slice::from_ref(&configured));
        // The policy's word is over it.
        let wanted = ProjectOverride {
            name: "old".to_owned(),
            schema: vec!["db/prisma/schema.prisma".into()],
            ..ProjectOverride::default()
        };
        assert_eq!(with_policy(&files, &[wanted]).len(), 2);
    }
    // One with migrations of its own is a project.
    let own = [("db/other/schema.prisma", schema.as_str()), ("db/other/migrations/1_a/migration.sql", "")];
    assert_eq!(discover(&[&files[..], &own].concat()).len(), 2);
    // A configuration that computes which schema it is says nothing about the others.
    let mut computed = files.to_vec();
    computed[1].1 = "export default { schema: place(), migrations: { path: 'prisma/migrations' } }";
    computed.push(("db/prisma/schema.prisma", &schema));
    assert!(summary(&discover(&computed)).iter().any(|(_, schema, _)| schema == "db/prisma/schema.prisma"));
}

#[test]
fn the_settings_of_another_package_do_not_take_a_schema_away() {
    let schema = whole(PG);
    let config = "export default { schema: 'schema.prisma', migrations: { path: '../db/prisma/migrations' } }";
    let files = [
        ("db/package.json", "{}"),
        ("db/prisma/schema.prisma", schema.as_str()),
        ("db/prisma/migrations/1_a/migration.sql", ""),
        ("worker/package.json", "{}"),
        ("worker/prisma.config.ts", config),
        ("worker/schema.prisma", &schema),
    ];
    let of = |projects: &[Project]| summary(projects).into_iter().map(|(_, schema, _)| schema).collect::<Vec<_>>();
    assert_eq!(of(&discover(&files)), ["db/prisma/schema.prisma", "worker/schema.prisma"]);
}

#[test]
fn a_folder_that_a_build_gathers_stands_for_the_one_that_is_kept() {
    let schema = whole(PG);
    let config = "export default defineConfig({ schema: './schema', migrations: { path: './.prisma-migrations' } })";
    let files = [
        ("db/package.json", "{}"),
        ("db/prisma.config.ts", config),
        ("db/schema/main.prisma", &schema),
        ("db/migration/1_a/migration.sql", ""),
        ("other/prisma/migrations/1_a/migration.sql", ""),
    ];
    assert_eq!(summary(&discover(&files)), [entry("db", "db/schema/main.prisma", "db/migration")]);
    // Where there is more than one folder, or the named one is there, nothing is made up.
    let kept = entry("db", "db/schema/main.prisma", "db/.prisma-migrations");
    for more in ["db/old/1_a/migration.sql", "db/.prisma-migrations/1_a/migration.sql"] {
        let mut files = files.to_vec();
        files.push((more, ""));
        assert_eq!(summary(&discover(&files)), std::slice::from_ref(&kept), "{more}");
    }
}

#[test]
fn a_schema_whose_text_is_not_there_is_a_project_by_its_migrations() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
    let script = ("prisma/migrations/1_a/migration.sql", "");
    let one = discover(&[("package.json", "{}"), ("prisma/schema.prisma", pointer), script]);
    assert_eq!(summary(&one), [entry(".", "prisma/schema.prisma", "prisma/migrations")]);
    // Part of a schema of several files, and a copy of which nobody keeps migrations.
    let parts = discover(&[
        ("package.json", "{}"),
        ("prisma/schema/base.prisma", PG),
        ("prisma/schema/a.prisma", MODEL),
        ("prisma/schema/b.prisma", pointer),
        ("copy/schema.prisma", pointer),
        script,
    ]);
    let schema = "prisma/schema/a.prisma prisma/schema/b.prisma prisma/schema/base.prisma";
    assert_eq!(summary(&parts), [entry(".", schema, "prisma/migrations")]);
}

#[test]
fn schemas_of_several_files_are_put_together() {
    let user = "model User {\n id Int @id\n posts Post[]\n}\n";
    let post = "model Post {\n id Int @id\n userId Int\n user User @relation(fields: [userId], references: [id])\n}\n";
    // The migrations beside the datasource, beside the folder, and models in a folder next to it.
    for (datasource, models, migrations) in [
        ("prisma/schema/main.prisma", "prisma/schema", "prisma/schema/migrations"),
        ("prisma/schema/schema.prisma", "prisma/schema", "prisma/migrations"),
        ("prisma/src/schema.prisma", "prisma/src/models", "prisma/src/migrations"),
        ("prisma/base/datasource.prisma", "prisma/models", "prisma/base/migrations"),
    ] {
        let paths = [
            format!("{models}/user.prisma"),
            format!("{models}/post.prisma"),
            format!("{migrations}/1_a/migration.sql"),
        ];
        let projects = discover(&[
            ("package.json", "{}"),
            (datasource, PG),
            (&paths[0], user),
            (&paths[1], post),
            (&paths[2], ""),
        ]);
        assert_eq!(projects.len(), 1, "{datasource}");
        assert_eq!(projects[0].schema.len(), 3, "{datasource}");
        assert_eq!(projects[0].migrations[0].as_str(), migrations, "{datasource}");
    }
}

#[test]
fn schemas_of_several_providers_have_their_own_migrations() {
    let (pg, mysql) = (whole(PG), whole(MYSQL));
    let projects = discover(&[
        ("package.json", "{}"),
        ("prisma/mysql-schema.prisma", &mysql),
        ("prisma/postgresql-schema.prisma", &pg),
        ("prisma/bouncer-schema.prisma", &pg),
        ("prisma/mysql-migrations/1_a/migration.sql", ""),
        ("prisma/postgresql-migrations/1_a/migration.sql", ""),
        ("prisma/postgresql-migrations/1_a/schema.prisma", &pg),
    ]);
    assert_eq!(
        summary(&projects),
        [
            entry("bouncer", "prisma/bouncer-schema.prisma", "prisma/migrations"),
            entry("mysql", "prisma/mysql-schema.prisma", "prisma/mysql-migrations"),
            entry("postgresql", "prisma/postgresql-schema.prisma", "prisma/postgresql-migrations"),
        ]
    );
    assert_eq!(
        Prisma.command_new_migration(&projects[1], "x"),
        "npx prisma migrate dev --name x --schema prisma/mysql-schema.prisma"
    );
    let projects = discover(&[
        ("db/schema.postgres.prisma", &pg),
        ("db/schema.mysql.prisma", &mysql),
        ("db/migrations/postgresql/1_a/migration.sql", ""),
        ("db/migrations/mysql/1_a/migration.sql", ""),
    ]);
    assert_eq!(
        summary(&projects),
        [
            entry("mysql", "db/schema.mysql.prisma", "db/migrations/mysql"),
            entry("postgres", "db/schema.postgres.prisma", "db/migrations/postgresql"),
        ]
    );
}

#[test]
fn other_peoples_schemas_are_no_projects() {
    let mongo = format!("datasource db {{\n provider = \"mongodb\"\n}}\n{MODEL}");
    let schema = whole(PG);
    let projects = discover(&[
        ("prisma/schema.prisma", mongo.as_str()),
        ("src/import/shop.prisma", &schema),
        ("prisma/contract.prisma", &schema),
        ("lib/part.prisma", MODEL),
    ]);
    assert_eq!(summary(&projects), []);
}

#[test]
fn a_policy_names_what_it_knows_better() {
    let schema = whole(PG);
    let files = [
        ("a/prisma/schema.prisma", schema.as_str()),
        ("a/prisma/migrations/1_a/migration.sql", ""),
        ("b/prisma/schema.prisma", &schema),
        ("sql/1_a/migration.sql", ""),
    ];
    let wanted = ProjectOverride {
        name: "shop".to_owned(),
        schema: vec!["b/prisma/schema.prisma".into()],
        migrations: vec!["sql".into()],
        dialect: Some(Dialect::CockroachDb),
        ..ProjectOverride::default()
    };
    let projects = with_policy(&files, &[wanted]);
    assert_eq!(
        summary(&projects),
        [entry("a", "a/prisma/schema.prisma", "a/prisma/migrations"), entry("shop", "b/prisma/schema.prisma", "sql")]
    );
    assert_eq!(projects[1].dialect, Some(Dialect::CockroachDb));
}

#[test]
fn a_policy_may_name_a_folder_or_files_without_a_datasource() {
    let schema = whole(PG);
    let files = [
        ("a/prisma/schema.prisma", schema.as_str()),
        ("a/other/schema.prisma", &schema),
        ("b/models/x.prisma", MODEL),
        ("b/models/y.prisma", "enum E {\n a\n}\n"),
    ];
    let folder =
        ProjectOverride { name: "one".to_owned(), root: Some("a/prisma".into()), ..ProjectOverride::default() };
    let fragments = ProjectOverride {
        name: "two".to_owned(),
        schema: vec!["b/models".into()],
        dialect: Some(Dialect::MySql),
        ..ProjectOverride::default()
    };
    let projects = with_policy(&files, &[folder, fragments]);
    assert_eq!(
        summary(&projects),
        [
            entry("one", "a/prisma/schema.prisma", "a/prisma/migrations"),
            entry("other", "a/other/schema.prisma", "a/other/migrations"),
            entry("two", "b/models/x.prisma b/models/y.prisma", "b/models/migrations"),
        ]
    );
    assert_eq!(projects[2].dialect, Some(Dialect::MySql));
}

#[test]
fn paths_are_told_apart() {
    let projects = discover(&[
        ("package.json", "{}"),
        ("prisma/schema/main.prisma", PG),
        ("prisma/schema/a.prisma", MODEL),
        ("prisma/schema/migrations/1_a/migration.sql", ""),
    ]);
    let touch = |path: &str| Prisma.touch(&projects[0], &path.into());
    assert_eq!(touch("prisma/schema/main.prisma"), Some(Touch::Schema));
    assert_eq!(touch("prisma/schema/gone.prisma"), Some(Touch::Schema));
    assert_eq!(touch("prisma/schema/migrations/1_a/migration.sql"), Some(Touch::Migration));
    assert_eq!(touch("prisma/schema/migrations/migration_lock.toml"), Some(Touch::Migration));
    assert_eq!(touch("package.json"), Some(Touch::Settings));
    assert_eq!(touch("prisma/other.prisma"), None);
    for (path, expected) in [
        ("a/schema.prisma", true),
        ("x/migrations/1/readme.md", true),
        ("prisma.config.ts", true),
        ("src/index.ts", false),
        ("pnpm-lock.yaml", false),
    ] {
        assert_eq!(Prisma.may_matter(&path.into()), expected, "{path}");
    }
}

const LOCK: &str = "packages/db/prisma/migrations/migration_lock.toml";

/// The major version of the only project of these files, empty where nothing says one.
fn version_of(files: &[(&str, &str)], overrides: &[ProjectOverride]) -> String {
    let schema = whole(PG);
    let mut files = files.to_vec();
    files.push(("packages/db/prisma/schema.prisma", &schema));
    files.push(("packages/db/prisma/migrations/1_a/migration.sql", ""));
    with_policy(&files, overrides)[0].facts.get("prisma-version").cloned().unwrap_or_default()
}

#[test]
fn the_version_is_the_one_that_the_package_manager_settles_on() {
    let any = r#"{"dependencies":{"@prisma/client":"*"}}"#;
    let catalog = r#"{"dependencies":{"prisma":"catalog:"}}"#;
    for (files, expected) in [
        // The package's own range, before any lock file.
        (
            vec![
                ("packages/db/package.json", r#"{"dependencies":{"prisma":"~5.1.0"}}"#),
                ("yarn.lock", "prisma@^6.0.0:\n  version \"6.3.1\"\n"),
            ],
            "5",
        ),
        // The root's, where the package has none.
        (vec![("packages/db/package.json", "{}"), ("package.json", r#"{"devDependencies":{"prisma":"4.16.2"}}"#)], "4"),
        (
            vec![
                ("packages/db/package.json", any),
                (
                    "package-lock.json",
                    "{\n  \"node_modules/prisma\": {\n  \"version\": \"6.1.0\"\n},\n  \"packages/db/node_modules/prisma\": {\n  \"version\": \"5.1.0\"\n}\n}",
                ),
            ],
            "5",
        ),
        (
            vec![
                ("packages/db/package.json", any),
                (
                    "pnpm-lock.yaml",
                    "lockfileVersion: '9.0'\n\nimporters:\n\n  apps/web:\n    dependencies:\n      prisma:\n        specifier: '*'\n        version: 7.0.0\n\n  packages/db:\n    dependencies:\n      '@prisma/client':\n        specifier: '*'\n        version: 5.0.0(prisma@5.0.0)\n\npackages:\n\n  prisma@7.0.0:\n    x: y\n",
                ),
            ],
            "5",
        ),
        (
            vec![
                ("packages/db/package.json", catalog),
                ("pnpm-workspace.yaml", "packages:\n  - packages/*\ncatalog:\n  prisma: ^6.3.0\n"),
            ],
            "6",
        ),
        (vec![("packages/db/package.json", any), ("yarn.lock", "prisma@*:\n  version \"5.3.1\"\n")], "5"),
        (vec![("packages/db/package.json", any), ("yarn.lock", "\"prisma@npm:*\":\n  version: 6.2.0\n")], "6"),
        (vec![("packages/db/package.json", any), ("bun.lock", "  \"prisma\": [\"prisma@5.0.0\", \"\"],\n")], "5"),
        // The range settles nothing, and no lock file does.
        (vec![("packages/db/package.json", any)], ""),
        // The command line of 6.6 and later writes the lock file of the migrations, the engine did before.
        (
            vec![(LOCK, "# It should be added in your version-control system (i.e. Git)\nprovider = \"postgresql\"\n")],
            "",
        ),
        (
            vec![(
                LOCK,
                "# It should be added in your version-control system (e.g., Git)\nprovider = \"postgresql\"\n",
            )],
            "7",
        ),
    ] {
        assert_eq!(version_of(&files, &[]), expected, "{files:?}");
    }
}

/// What a schema and a migration of a many-to-many relation differ in for certain, with a client and a list of packages.
fn relation_differences(client: &str, list: (&str, &str), key: &str) -> Vec<String> {
    let schema = format!(
        "{PG}generator client {{\n provider = \"{client}\"\n}}\nmodel A {{\n id Int @id\n bs B[]\n}}\nmodel B {{\n id Int @id\n as A[]\n}}\n"
    );
    let id = "(\"id\" INTEGER NOT NULL PRIMARY KEY)";
    let side = |to: &str| {
        format!(
            "ALTER TABLE \"_AToB\" ADD CONSTRAINT \"_AToB_{to}_fkey\" FOREIGN KEY (\"{to}\") REFERENCES \"{to}\"(\"id\") ON DELETE CASCADE ON UPDATE CASCADE;"
        )
    };
    let sql = format!(
        "CREATE TABLE \"A\" {id}; CREATE TABLE \"B\" {id}; CREATE TABLE \"_AToB\" (\"A\" INTEGER NOT NULL, \"B\" INTEGER NOT NULL); {key} CREATE INDEX \"_AToB_B_index\" ON \"_AToB\"(\"B\"); {}{}",
        side("A"),
        side("B")
    );
    let snapshot = MemorySnapshot::new([
        ("prisma/schema.prisma", schema.as_str()),
        ("prisma/migrations/1_a/migration.sql", &sql),
        list,
    ]);
    let project = super::discover(&snapshot, &[]).expect("a snapshot in memory").remove(0);
    let declared = Prisma.declared(&project, &snapshot).expect("readable");
    let replay = crate::history::replay(&Prisma.history(&project, &snapshot).expect("readable"), Dialect::PostgreSql);
    let gap = Prisma.compare(&project, &declared.catalog, &replay.catalog);
    let is_said = declared.catalog.doubts.iter().any(|doubt| doubt.reason.contains("which version of Prisma"));
    assert_eq!(is_said, !project.facts.contains_key("prisma-version"), "{:?}", declared.catalog.doubts);
    gap.iter().filter(|one| one.certain).map(|one| format!("{} {}", one.kind, one.name)).collect()
}

#[test]
fn the_key_of_a_many_to_many_relation_is_that_of_the_version() {
    const UNIQUE: &str = "CREATE UNIQUE INDEX \"_AToB_AB_unique\" ON \"_AToB\"(\"A\", \"B\");";
    const PRIMARY: &str = "ALTER TABLE \"_AToB\" ADD CONSTRAINT \"_AToB_AB_pkey\" PRIMARY KEY (\"A\", \"B\");";
    let go = "go run github.com/steebchen/prisma-client-go";
    let module = |version: &str| format!("require github.com/steebchen/prisma-client-go {version}\n");
    let none: [&str; 0] = [];
    let (old, new) = (module("v0.31.0"), module("v0.47.0"));
    assert_eq!(relation_differences(go, ("go.mod", &old), UNIQUE), none);
    assert_eq!(
        relation_differences(go, ("go.mod", &new), UNIQUE),
        ["missing-primary-key _AToB_AB_pkey", "extra-index _AToB_AB_unique"]
    );
    assert_eq!(relation_differences(go, ("go.mod", &new), PRIMARY), none);
    let python = "prisma-client-py";
    assert_eq!(relation_differences(python, ("requirements.txt", "prisma==0.15.0\n"), UNIQUE), none);
    assert_eq!(relation_differences(python, ("pyproject.toml", "prisma = \"^0.13\"\n"), UNIQUE), none);
    // Where nothing says the version either key is taken, but one of them there has to be.
    let nothing = ("README.md", "");
    assert_eq!(relation_differences("prisma-client-js", nothing, UNIQUE), none);
    assert_eq!(relation_differences("prisma-client-js", nothing, PRIMARY), none);
    assert_eq!(relation_differences("prisma-client-js", nothing, ""), ["missing-primary-key _AToB_AB_pkey"]);
    let plain = UNIQUE.replace("UNIQUE ", "");
    assert_eq!(
        relation_differences("prisma-client-js", nothing, &plain),
        ["missing-primary-key _AToB_AB_pkey", "extra-index _AToB_AB_unique"]
    );
}

#[test]
fn the_policy_decides_over_the_version_that_is_found() {
    let wanted = ProjectOverride {
        name: "db".to_owned(),
        schema: vec!["packages/db/prisma/schema.prisma".into()],
        facts: [("prisma-version", "4".to_owned())].into(),
        ..ProjectOverride::default()
    };
    let package = ("packages/db/package.json", r#"{"dependencies":{"prisma":"^6.1.0"}}"#);
    assert_eq!(version_of(&[package], &[wanted]), "4");
}

#[test]
fn a_list_of_external_tables_that_is_computed_is_a_doubt() {
    let schema = whole(PG);
    for (list, certain) in [("['audit']", true), ("[...outside]", false)] {
        let config = format!("export default {{ schema: 'prisma/schema.prisma', tables: {{ external: {list} }} }}");
        let snapshot = MemorySnapshot::new([
            ("prisma.config.ts", config.as_str()),
            ("prisma/schema.prisma", schema.as_str()),
            ("prisma/migrations/1_a/migration.sql", "CREATE TABLE audit (id int); CREATE TABLE other (id int);"),
        ]);
        let project = super::discover(&snapshot, &[]).expect("a snapshot in memory").remove(0);
        let declared = Prisma.declared(&project, &snapshot).expect("readable");
        let history = Prisma.history(&project, &snapshot).expect("readable");
        let replay = crate::history::replay(&history, Dialect::PostgreSql);
        let gap = Prisma.compare(&project, &declared.catalog, &replay.catalog);
        let extra: Vec<_> = gap.iter().filter(|one| one.replayed.is_some()).collect();
        assert!(extra.iter().all(|one| one.certain == certain), "{list}: {extra:?}");
        assert_eq!(extra.iter().any(|one| one.name == "audit"), !certain, "{list}: {extra:?}");
    }
}

#[test]
fn a_part_of_a_schema_may_be_called_like_a_folder_of_copies() {
    let schema = whole(PG);
    let part = "model Offer {\n id Int @id\n}\n";
    let config = ("package.json", r#"{"prisma":{"schema":"prisma/schema"}}"#);
    let script = ("prisma/schema/migrations/1_a/migration.sql", "");
    let of = |files: &[(&str, &str)]| {
        let projects = discover(&[&[config, ("prisma/schema/main.prisma", &schema), script], files].concat());
        projects
            .iter()
            .map(|project| project.schema.iter().map(ToString::to_string).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(&[("prisma/schema/vendor/offer.prisma", part)]),
        [["prisma/schema/main.prisma", "prisma/schema/vendor/offer.prisma"]]
    );
    // A copy of the whole, a package's own, and what was built elsewhere.
    for path in [
        "prisma/schema/dist/main.prisma",
        "prisma/schema/node_modules/x/offer.prisma",
        "dist/prisma/schema/offer.prisma",
    ] {
        let text = if path.ends_with("main.prisma") { schema.as_str() } else { part };
        assert_eq!(of(&[(path, text)]), [["prisma/schema/main.prisma"]], "{path}");
    }
}

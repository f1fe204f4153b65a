//! The replayed catalog against PostgreSQL's own: every history of the labelled cases is run on a throw-away database, and
//! what `pg_catalog` reports must be what the replay built.
//!
//! Needs `psql` and a server: `DRIFTGATE_TEST_PG_URL`, or 127.0.0.1:5432, database `test`. Where there is none the test
//! says so and passes. `DRIFTGATE_TEST_PG_ALL=1` runs every history and not one in eight.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use driftgate::catalog::{AutoIncrement, Catalog, ColumnType, Dialect, IndexOn, IndexPart, Table, TableKind, TypeKind};
use driftgate::git::snapshot::MemorySnapshot;
use driftgate::history::replay;
use driftgate::prisma::Prisma;
use driftgate::project::{Ecosystem, EcosystemKind, Project};
use driftgate::source::RepoPath;

/// One line for each object, in the form of [`objects`].
const QUERY: &str = r"
WITH spaces AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
), relations AS (
  SELECT c.oid, s.nspname || '.' || c.relname AS name, c.relname, c.relkind, c.relispartition
  FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
  WHERE c.relpersistence <> 't' AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
), types AS (
  SELECT t.oid, s.nspname || '.' || t.typname AS name, t.typtype, t.typarray
  FROM pg_type t JOIN spaces s ON s.oid = t.typnamespace
  WHERE t.typtype IN ('e', 'd') OR t.typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c')
)
SELECT 'table ' || name FROM relations WHERE relkind IN ('r', 'p', 'f')
UNION ALL SELECT 'view ' || name FROM relations WHERE relkind IN ('v', 'm')
UNION ALL SELECT 'sequence ' || name FROM relations WHERE relkind = 'S'
UNION ALL SELECT 'column ' || r.name || '.' || a.attname || ' '
    || coalesce((SELECT name FROM types WHERE oid = a.atttypid), (SELECT name || '[]' FROM types WHERE typarray = a.atttypid),
                format_type(a.atttypid, a.atttypmod))
    || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
    || CASE WHEN a.attidentity <> '' THEN ' identity' WHEN a.attgenerated <> '' THEN ' generated'
            WHEN a.atthasdef THEN ' default' ELSE '' END
  FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid
  WHERE r.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'index ' || t.name || ' ' || r.relname || ' ' || m.amname
    || CASE WHEN i.indisprimary THEN ' primary' WHEN i.indisunique THEN ' unique' ELSE '' END
    || CASE WHEN k.conindid IS NOT NULL THEN ' constraint' ELSE '' END || ' ('
    || (SELECT string_agg(coalesce(a.attname, 'expression')
          || CASE WHEN n < i.indnkeyatts AND (i.indoption[n] & 1) = 1 THEN ' desc' ELSE '' END, ', ' ORDER BY n)
        FROM generate_series(0, i.indnatts - 1) n
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] AND i.indkey[n] <> 0)
    || ')' || CASE WHEN i.indpred IS NOT NULL THEN ' where' ELSE '' END
  FROM pg_index i JOIN relations t ON t.oid = i.indrelid JOIN relations r ON r.oid = i.indexrelid
  JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
  LEFT JOIN (SELECT DISTINCT conindid FROM pg_constraint WHERE contype IN ('u', 'p')) k ON k.conindid = i.indexrelid
  WHERE t.relkind IN ('r', 'p') AND NOT i.indisexclusion
UNION ALL SELECT 'foreign key ' || t.name || ' ' || c.conname || ' ('
    || (SELECT string_agg(a.attname, ', ' ORDER BY n) FROM unnest(c.conkey) WITH ORDINALITY u(k, n)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = u.k) || ') ' || f.name || ' ('
    || (SELECT string_agg(a.attname, ', ' ORDER BY n) FROM unnest(c.confkey) WITH ORDINALITY u(k, n)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = u.k) || ') '
    || c.confdeltype::text || c.confupdtype::text || CASE WHEN c.convalidated THEN '' ELSE ' not valid' END
    || CASE WHEN c.condeferrable THEN ' deferrable' ELSE '' END
  FROM pg_constraint c JOIN relations t ON t.oid = c.conrelid JOIN relations f ON f.oid = c.confrelid WHERE c.contype = 'f'
UNION ALL SELECT 'check ' || t.name || ' ' || c.conname
  FROM pg_constraint c JOIN relations t ON t.oid = c.conrelid WHERE c.contype = 'c'
UNION ALL SELECT 'enum ' || t.name || ' ' || (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)
  FROM types t WHERE t.typtype = 'e'
UNION ALL SELECT 'schema ' || nspname FROM spaces
";

/// How the server is reached.
#[derive(Clone)]
struct Server {
    url: String,
}

impl Server {
    fn find() -> Option<Self> {
        let url =
            std::env::var("DRIFTGATE_TEST_PG_URL").unwrap_or_else(|_| "postgresql://127.0.0.1:5432/test".to_owned());
        let server = Self { url };
        server.run(None, &["SELECT 1".to_owned()]).ok().map(|_| server)
    }

    /// Sends each text as one query of one session: a migration is one implicit transaction.
    fn run(&self, database: Option<&str>, texts: &[String]) -> Result<String, String> {
        let url = match (database, self.url.rsplit_once('/')) {
            (Some(database), Some((server, _))) => format!("{server}/{database}"),
            _ => self.url.clone(),
        };
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &url]);
        for text in texts {
            command.args(["-c", text]);
        }
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// What the database holds after the migrations.
    fn report(&self, database: &str, migrations: &[String]) -> Result<BTreeSet<String>, String> {
        self.run(None, &[format!("CREATE DATABASE {database} TEMPLATE template0")])?;
        let marker = "SELECT 'the catalog'".to_owned();
        let mut texts = migrations.to_vec();
        texts.extend([marker, "RESET search_path".to_owned(), QUERY.to_owned()]);
        let answer = self.run(Some(database), &texts);
        self.run(None, &[format!("DROP DATABASE {database} WITH (FORCE)")])?;
        let answer = answer?;
        let report = answer.rsplit_once("the catalog\n").map_or("", |(_, report)| report);
        Ok(report.lines().map(spelled).collect())
    }
}

/// A line with the type in it as the catalog spells it.
fn spelled(line: &str) -> String {
    let Some(rest) = line.strip_prefix("column ") else { return line.to_owned() };
    let Some((name, definition)) = rest.split_once(' ') else { return line.to_owned() };
    let at = [" not null", " identity", " generated", " default"].iter().filter_map(|word| definition.find(word)).min();
    let (ty, flags) = definition.split_at(at.unwrap_or(definition.len()));
    let own = ty.contains('.') && !ty.starts_with("numeric");
    let ty = if own { ty.to_owned() } else { driftgate::sql::types::parse(ty, Dialect::PostgreSql).to_string() };
    format!("column {name} {ty}{flags}")
}

/// What a replayed catalog holds, one line for each object.
fn objects(catalog: &Catalog) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let full = |name: &driftgate::catalog::Name| format!("{}.{}", name.schema, name.name);
    lines.extend(catalog.schemas.iter().map(|schema| format!("schema {schema}")));
    lines.extend(catalog.views.keys().map(|name| format!("view {}", full(name))));
    lines.extend(catalog.sequences.keys().map(|name| format!("sequence {}", full(name))));
    for one in catalog.enums.values() {
        lines.insert(format!("enum {} {}", full(&one.name), one.labels.join(",")));
    }
    for table in catalog.tables.values().filter(|table| table.kind != TableKind::Temporary) {
        let name = full(&table.name);
        lines.insert(format!("table {name}"));
        for column in &table.columns {
            let identity =
                matches!(column.auto_increment, Some(AutoIncrement::IdentityAlways | AutoIncrement::IdentityByDefault));
            let flag = match (&column.generated, &column.default) {
                _ if identity => " identity",
                (Some(_), _) => " generated",
                (None, Some(_)) => " default",
                (None, None) => "",
            };
            let null = if column.nullable { "" } else { " not null" };
            lines.insert(format!("column {name}.{} {}{null}{flag}", column.name, type_text(&column.ty)));
        }
        indexes(table, &name, &mut lines);
        for key in &table.foreign_keys {
            let action = |action: driftgate::catalog::ReferentialAction| match action.as_sql() {
                "NO ACTION" => 'a',
                "RESTRICT" => 'r',
                "CASCADE" => 'c',
                "SET NULL" => 'n',
                _ => 'd',
            };
            lines.insert(format!(
                "foreign key {name} {} ({}) {} ({}) {}{}{}{}",
                key.name.as_deref().unwrap_or_default(),
                key.columns.join(", "),
                full(&key.target),
                key.target_columns.join(", "),
                action(key.on_delete),
                action(key.on_update),
                if key.not_valid { " not valid" } else { "" },
                if key.deferrable { " deferrable" } else { "" },
            ));
        }
        for check in &table.checks {
            lines.insert(format!("check {name} {}", check.name.as_deref().unwrap_or_default()));
        }
    }
    lines
}

fn indexes(table: &Table, name: &str, lines: &mut BTreeSet<String>) {
    let part = |part: &IndexPart| {
        let column = match &part.on {
            IndexOn::Column(column) => column.as_str(),
            IndexOn::Expression(_) => "expression",
        };
        format!("{column}{}", if part.descending { " desc" } else { "" })
    };
    if let Some(key) = &table.primary_key {
        let columns: Vec<String> = key.columns.iter().map(part).collect();
        let key_name = key.name.as_deref().unwrap_or_default();
        lines.insert(format!("index {name} {key_name} btree primary constraint ({})", columns.join(", ")));
    }
    for index in &table.indexes {
        let columns: Vec<String> = index.parts.iter().map(part).chain(index.include.iter().cloned()).collect();
        lines.insert(format!(
            "index {name} {} {}{}{} ({}){}",
            index.name.as_deref().unwrap_or_default(),
            index.method.as_deref().unwrap_or("btree"),
            if index.unique { " unique" } else { "" },
            if index.constraint { " constraint" } else { "" },
            columns.join(", "),
            if index.predicate.is_some() { " where" } else { "" },
        ));
    }
}

fn type_text(ty: &ColumnType) -> String {
    let text = match &ty.kind {
        TypeKind::Named(name) => name.to_string(),
        _ => return ty.to_string(),
    };
    if ty.array { format!("{text}[]") } else { text }
}

/// The histories of the labelled cases, each once, by the id of the first case that has it.
fn histories() -> BTreeMap<Vec<String>, String> {
    let mut histories = BTreeMap::new();
    for file in ["postgresql", "postgresql-more"] {
        let path = format!("{}/tests/cases/prisma/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let migrations = case["migrations"].as_array().unwrap().iter();
            let texts: Vec<String> = migrations.map(|one| one["sql"].as_str().unwrap().to_owned()).collect();
            histories.entry(texts).or_insert_with(|| case["id"].as_str().unwrap().to_owned());
        }
    }
    histories
}

/// What the replay builds, or why it cannot.
fn replayed(migrations: &[String]) -> Result<Catalog, String> {
    let project = Project {
        name: ".".to_owned(),
        ecosystem: EcosystemKind::Prisma,
        dialect: Some(Dialect::PostgreSql),
        root: RepoPath::root(),
        schema: Vec::new(),
        migrations: vec!["migrations".into()],
        settings: Vec::new(),
        command: "npx prisma".to_owned(),
        facts: BTreeMap::new(),
    };
    let files =
        migrations.iter().enumerate().map(|(at, text)| (format!("migrations/{at:04}_step/migration.sql"), text));
    let snapshot = MemorySnapshot::new(files.map(|(path, text)| (path, text.as_str())));
    let history = Prisma.history(&project, &snapshot).unwrap();
    let replay = replay(&history, Dialect::PostgreSql);
    let failure = replay.migrations.iter().flat_map(|one| &one.failures).find(|failure| failure.certain);
    match failure {
        Some(failure) => Err(failure.error.to_string()),
        None => Ok(replay.catalog),
    }
}

/// Histories whose outcome hangs on what a catalog does not hold.
const BEYOND: &[(&str, &str)] = &[
    ("sql: exclude constraint", "whether an expression is immutable is not known"),
    ("sql: grant to missing role", "roles are not part of a history"),
    ("sql: do block raises", "what a block raises is not evaluated"),
    ("sql: update missing column", "the columns of an UPDATE are not read"),
];

#[test]
fn the_replay_builds_what_postgresql_builds() {
    let Some(server) = Server::find() else {
        println!("skipped: no PostgreSQL");
        return;
    };
    let all = std::env::var_os("DRIFTGATE_TEST_PG_ALL").is_some();
    let histories: Vec<(Vec<String>, String)> = histories().into_iter().collect();
    let chosen: Vec<_> =
        histories.into_iter().enumerate().filter(|(at, _)| all || at % 8 == 0).map(|(_, one)| one).collect();
    let threads = 4;
    let process = std::process::id();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let (server, chosen) = (server.clone(), &chosen);
                scope.spawn(move || {
                    let mut wrong = Vec::new();
                    for (at, (migrations, id)) in chosen.iter().enumerate().filter(|(at, _)| at % threads == worker) {
                        if BEYOND.iter().any(|(beyond, _)| beyond == id) {
                            continue;
                        }
                        wrong.extend(compare(&server, &format!("driftgate_{process}_{at}"), migrations, id));
                    }
                    wrong
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    println!("{} histories, {} of them built otherwise", chosen.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How a history ends differently in the replay and in the database.
fn compare(server: &Server, database: &str, migrations: &[String], id: &str) -> Option<String> {
    match (server.report(database, migrations), replayed(migrations)) {
        (Err(_), Err(_)) => None,
        (Err(refused), Ok(_)) => Some(format!("{id}: PostgreSQL refuses it: {}", refused.trim())),
        (Ok(_), Err(refused)) => Some(format!("{id}: the replay refuses it: {refused}")),
        (Ok(report), Ok(catalog)) => {
            // What could not be read has its doubt; only tables that it cannot reach are compared then.
            let doubted: Vec<String> = catalog
                .doubts
                .iter()
                .map(|doubt| format!("{:?}", doubt.reach))
                .filter(|reach| reach != "Nothing")
                .collect();
            let objects = objects(&catalog);
            if objects == report || !doubted.is_empty() {
                return None;
            }
            let built: Vec<_> = report.difference(&objects).cloned().collect();
            let replayed: Vec<_> = objects.difference(&report).cloned().collect();
            Some(format!("{id}:\n  only in PostgreSQL: {built:#?}\n  only in the replay: {replayed:#?}"))
        }
    }
}

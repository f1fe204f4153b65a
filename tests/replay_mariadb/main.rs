//! The replay against MariaDB: what the server refuses the replay must refuse, and what it builds the replay must build.
//! Three sources: the histories of the labelled cases, single statements over a rich schema (`statements/`), and
//! generated histories. `DRIFTGATE_TEST_ONLY=text` tries the statements that contain the text.
//!
//! Needs the `mariadb` client and a server it reaches by its own settings (`DRIFTGATE_TEST_MARIADB` may hold further
//! arguments). Where there is none the test says so and passes. MySQL and MariaDB differ in places; the cases that hang
//! on one of them are listed with the reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
#[path = "../support/random.rs"]
mod random;

use std::io::Write as _;
use std::process::{Command, Stdio};

use driftgate::catalog::{Catalog, ColumnType, Dialect, IndexPart, Reach};
use driftgate::history::{History, Migration, Operations, Replay, replay};
use driftgate::source::Source;
use random::Random;

/// One line for each object, in the form of [`objects`].
const QUERY: &str = "
SELECT CONCAT('table ', table_name) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
UNION ALL SELECT CONCAT('view ', table_name) FROM information_schema.views WHERE table_schema = DATABASE()
UNION ALL SELECT CONCAT('type ', c.table_name, '.', c.column_name, ' ', c.column_type)
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'
UNION ALL SELECT CONCAT('order ', c.table_name, ' ', GROUP_CONCAT(c.column_name ORDER BY c.ordinal_position SEPARATOR ', '))
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' GROUP BY c.table_name
UNION ALL SELECT CONCAT('comment ', table_name, ' ', table_comment) FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_comment <> ''
UNION ALL SELECT CONCAT('comment ', c.table_name, '.', c.column_name, ' ', c.column_comment)
  FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.column_comment <> ''
UNION ALL SELECT CONCAT('column ', c.table_name, '.', c.column_name, IF(c.is_nullable = 'NO', ' not null', ''),
    IF(c.extra LIKE '%GENERATED%', ' generated', ''), IF(c.extra LIKE '%on update%', ' on update', ''),
    IF(c.extra LIKE '%auto_increment%', ' auto_increment', ''),
    IF(c.column_default IS NOT NULL AND c.column_default <> 'NULL', ' default', ''))
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'
UNION ALL SELECT CONCAT('index ', table_name, ' ', index_name, IF(non_unique = 0, ' unique', ''), ' (',
    GROUP_CONCAT(CONCAT(column_name, IF(sub_part IS NULL OR index_type = 'FULLTEXT', '', CONCAT('(', sub_part, ')')))
      ORDER BY seq_in_index SEPARATOR ', '), ')')
  FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name, non_unique
UNION ALL SELECT CONCAT('foreign key ', k.table_name, ' ', k.constraint_name, ' (',
    GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR ', '), ') ', k.referenced_table_name, ' (',
    GROUP_CONCAT(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR ', '), ') ', r.delete_rule, ' ', r.update_rule)
  FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
    ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
  WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
  GROUP BY k.table_name, k.constraint_name, k.referenced_table_name, r.delete_rule, r.update_rule;
";

/// What hangs on one of the two products.
const BEYOND: &[(&str, &str)] = &[
    ("sql: functional index", "MariaDB has none"),
    ("sql: two tables dropped at once", "MariaDB drops them in the order written, MySQL 8 together"),
    ("sql: boolean as TINYINT", "the describer's matter"),
    ("sql: foreign key name taken in the database", "MariaDB 10.11 keeps names of foreign keys per table"),
];

/// A database of the server, made when it is first needed and gone at the end.
struct Database {
    name: String,
    extra: Vec<String>,
    /// What is in it before a script is tried.
    start: String,
    /// Whether it is as `start` makes it.
    fresh: bool,
}

impl Database {
    /// None where no server answers.
    fn new(name: &str, start: &str) -> Option<Self> {
        let extra = std::env::var("DRIFTGATE_TEST_MARIADB").unwrap_or_default();
        let database = Self {
            name: format!("driftgate_{name}_{}", std::process::id()),
            extra: extra.split_whitespace().map(str::to_owned).collect(),
            start: start.to_owned(),
            fresh: false,
        };
        database.client(None, "SELECT 1").ok().map(|_| database)
    }

    fn client(&self, database: Option<&str>, text: &str) -> Result<String, String> {
        let mut command = Command::new("mariadb");
        command.args(&self.extra).args(["-N", "-B", "-r"]).args(database);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let mut stdin = child.stdin.take().unwrap();
        // A client that stops at an error reads no further.
        let _ = stdin.write_all(text.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Runs statements of one line each on an empty database, whatever becomes of those before: which are refused and
    /// why, and what is there then.
    fn report_all(&mut self, statements: &[String]) -> (BTreeMap<usize, String>, BTreeSet<String>) {
        let name = &self.name;
        let made = format!("DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4; USE {name};");
        self.client(None, &made).unwrap();
        let mut command = Command::new("mariadb");
        command.args(&self.extra).args(["--force", "-N", "-B", "-r"]).arg(name);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(format!("{};\n", statements.join(";\n")).as_bytes()).unwrap();
        drop(stdin);
        let errors = String::from_utf8_lossy(&child.wait_with_output().unwrap().stderr).into_owned();
        let refused = errors.lines().filter_map(line_of_error).map(|(line, why)| (line - 1, why)).collect();
        let built = self.client(Some(name), QUERY).unwrap();
        (refused, built.lines().filter(|line| line.contains(' ')).map(spelled).collect())
    }

    /// Runs scripts behind the start, and reports what is there then.
    fn report(&mut self, texts: &[String]) -> Result<BTreeSet<String>, String> {
        if !self.fresh {
            let name = &self.name;
            let made =
                format!("DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4; USE {name};");
            self.client(None, &format!("{made}\n{}", self.start)).unwrap();
        }
        // One statement that is refused leaves nothing behind.
        let single = texts.len() == 1 && texts[0].matches(';').count() <= 1;
        let answer = self.client(Some(&self.name), &format!("{}\n;\n{QUERY}", texts.join("\n;\n")));
        self.fresh = answer.is_err() && single;
        Ok(answer?.lines().filter(|line| line.contains(' ')).map(spelled).collect())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.client(None, &format!("DROP DATABASE IF EXISTS {}", self.name));
    }
}

/// The number of the line that an error of the client speaks of, and what it says.
fn line_of_error(error: &str) -> Option<(usize, String)> {
    let (_, rest) = error.strip_prefix("ERROR ")?.split_once(" at line ")?;
    let (number, why) = rest.split_once(": ")?;
    Some((number.parse().ok()?, why.to_owned()))
}

/// A line with the type in it as the catalog spells it: widths of integers are not kept.
fn spelled(line: &str) -> String {
    let Some(rest) = line.strip_prefix("type ") else { return line.replace("NO ACTION", "RESTRICT") };
    let Some((column, ty)) = rest.split_once(' ') else { return line.to_owned() };
    format!("type {column} {}", type_text(&driftgate::sql::types::parse(ty, Dialect::MySql)))
}

/// A type in words that do not depend on the product: MariaDB's JSON is a LONGTEXT.
fn type_text(ty: &ColumnType) -> String {
    let text = ty.to_string();
    let whole =
        ["int(", "bigint(", "smallint(", "mediumint(", "tinyint(", "year("].iter().any(|word| text.starts_with(word));
    let text = match (text.split_once('('), text.split_once(')')) {
        (Some((word, _)), Some((_, rest))) if whole && text != "tinyint(1)" => format!("{word}{rest}"),
        _ => text,
    };
    match text.as_str() {
        "json" => "longtext".to_owned(),
        "boolean" => "tinyint(1)".to_owned(),
        _ => text,
    }
}

/// What the replay builds, or why it cannot; and whether it says that it could not read everything.
fn replayed(texts: &[String]) -> (Result<Catalog, String>, bool) {
    let replay = replay_of(texts);
    let failure = replay.migrations.iter().flat_map(|one| &one.failures).find(|failure| failure.certain);
    let doubted = replay.catalog.doubts.iter().any(|doubt| doubt.reach != Reach::Nothing);
    match failure {
        Some(failure) => (Err(failure.error.to_string()), doubted),
        None => (Ok(replay.catalog), doubted),
    }
}

/// Runs the texts, each whatever became of those before it.
fn replay_of(texts: &[String]) -> Replay {
    let migrations = texts.iter().enumerate().map(|(at, text)| {
        let source = Source::new(format!("{at}.sql").as_str().into(), text.as_str());
        let operations = driftgate::sql::read(&source, Dialect::MySql).operations;
        Migration {
            id: at.to_string(),
            name: at.to_string(),
            path: source.path().clone(),
            source: None,
            script: std::sync::Arc::new(Operations { operations, refusals: Vec::new(), fingerprint: at as u64 }),
            parents: Vec::new(),
            depends_on: Vec::new(),
            labels: Vec::new(),
            message: None,
            place: None,
            parents_place: None,
        }
    });
    let history = History { migrations: migrations.collect(), ..History::default() };
    replay(&history, Dialect::MySql)
}

fn objects(catalog: &Catalog) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    lines.extend(catalog.views.keys().map(|name| format!("view {}", name.name)));
    for table in catalog.tables.values().filter(|table| table.kind != driftgate::catalog::TableKind::Temporary) {
        let name = &table.name.name;
        lines.insert(format!("table {name}"));
        let order: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        lines.insert(format!("order {name} {}", order.join(", ")));
        if let Some(comment) = &table.comment {
            lines.insert(format!("comment {name} {comment}"));
        }
        for column in &table.columns {
            let null = if column.nullable { "" } else { " not null" };
            let counter = if column.auto_increment.is_some() { " auto_increment" } else { "" };
            let default = if column.default.is_some() { " default" } else { "" };
            let generated = if column.generated.is_some() { " generated" } else { "" };
            let update = if column.on_update.is_some() { " on update" } else { "" };
            lines.insert(format!("column {name}.{}{null}{generated}{update}{counter}{default}", column.name));
            if column.generated.is_none() || column.ty != ColumnType::unknown() {
                lines.insert(format!("type {name}.{} {}", column.name, type_text(&column.ty)));
            }
            if let Some(comment) = &column.comment {
                lines.insert(format!("comment {name}.{} {comment}", column.name));
            }
        }
        let parts = |parts: &[IndexPart]| {
            let part = |part: &IndexPart| {
                let length = part.length.map(|length| format!("({length})")).unwrap_or_default();
                format!("{}{length}", part.column().unwrap_or("expression"))
            };
            parts.iter().map(part).collect::<Vec<_>>().join(", ")
        };
        if let Some(key) = &table.primary_key {
            lines.insert(format!("index {name} PRIMARY unique ({})", parts(&key.columns)));
        }
        for index in &table.indexes {
            let unique = if index.unique { " unique" } else { "" };
            let index_name = index.name.as_deref().unwrap_or_default();
            lines.insert(format!("index {name} {index_name}{unique} ({})", parts(&index.parts)));
        }
        for key in &table.foreign_keys {
            // The server reports RESTRICT where no action is written.
            let action =
                |action: driftgate::catalog::ReferentialAction| action.as_sql().replace("NO ACTION", "RESTRICT");
            lines.insert(format!(
                "foreign key {name} {} ({}) {} ({}) {} {}",
                key.name.as_deref().unwrap_or_default(),
                key.columns.join(", "),
                key.target.name,
                key.target_columns.join(", "),
                action(key.on_delete),
                action(key.on_update),
            ));
        }
    }
    lines
}

/// What comparing an outcome with the replay gives.
enum Verdict {
    Agrees,
    NotJudged,
    Differs(String),
}

fn compare(texts: &[String], built: Result<BTreeSet<String>, String>) -> Verdict {
    let (replayed, doubted) = replayed(texts);
    match (built, replayed) {
        (Err(_), Err(_)) => Verdict::Agrees,
        (Err(_), Ok(_)) if doubted => Verdict::NotJudged,
        (Err(refused), Ok(_)) => Verdict::Differs(format!("MariaDB refuses it: {}", refused.trim())),
        (Ok(_), Err(refused)) => Verdict::Differs(format!("the replay refuses it: {refused}")),
        (Ok(built), Ok(catalog)) => {
            let objects = objects(&catalog);
            let there: Vec<_> = built.difference(&objects).collect();
            let here: Vec<_> = objects.difference(&built).collect();
            if there.is_empty() && here.is_empty() {
                Verdict::Agrees
            } else if doubted {
                Verdict::NotJudged
            } else {
                Verdict::Differs(format!("only in MariaDB: {there:#?}\n  only in the replay: {here:#?}"))
            }
        }
    }
}

/// Runs every history behind the start, on several databases at once: the server waits for its disk most of the time.
fn try_all(
    what: &str,
    start: &str,
    histories: &[(String, Vec<String>)],
) -> Option<Vec<Result<BTreeSet<String>, String>>> {
    const THREADS: usize = 6;
    let mut outcomes = BTreeMap::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|worker| {
                scope.spawn(move || {
                    let mut database = Database::new(&format!("{what}_{worker}"), start)?;
                    let own = histories.iter().enumerate().filter(|(at, _)| at % THREADS == worker);
                    Some(own.map(|(at, (_, texts))| (at, database.report(texts))).collect::<Vec<_>>())
                })
            })
            .collect();
        for worker in workers {
            outcomes.extend(worker.join().unwrap()?);
        }
        Some(())
    })?;
    Some(outcomes.into_values().collect())
}

/// Tries histories that begin with `start`, prints the figures, and fails where anything differs that is not known to be
/// `beyond` the replay, or where anything is beyond it no longer.
fn settle(what: &str, start: &str, histories: &[(String, Vec<String>)], beyond: &BTreeSet<String>) {
    let Some(outcomes) = try_all(&what.replace(' ', "_"), start, histories) else {
        println!("skipped: no MariaDB");
        return;
    };
    let (mut agree, mut known, mut refused, mut not_judged, mut wrong) = (0, 0, 0, Vec::new(), Vec::new());
    for ((name, texts), built) in histories.iter().zip(outcomes) {
        refused += usize::from(built.is_err());
        let all: Vec<String> = std::iter::once(start.to_owned()).chain(texts.iter().cloned()).collect();
        match compare(&all, built) {
            Verdict::Agrees | Verdict::NotJudged if beyond.contains(name) => {
                wrong.push(format!("{name}\n  is beyond the replay no longer"));
            }
            Verdict::Differs(_) if beyond.contains(name) => known += 1,
            Verdict::Agrees => agree += 1,
            Verdict::NotJudged => not_judged.push(name.as_str()),
            Verdict::Differs(how) => wrong.push(format!("{name}\n  {how}")),
        }
    }
    println!(
        "{what}: {} tried, {refused} of them refused by MariaDB; {agree} agree, {} not judged, {known} known to differ, \
         {} differ",
        histories.len(),
        not_judged.len(),
        wrong.len()
    );
    for name in not_judged {
        println!("  not judged: {}", name.lines().next().unwrap_or_default());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_replay_builds_what_mariadb_builds() {
    let path = format!("{}/tests/cases/prisma/mysql.jsonl", env!("CARGO_MANIFEST_DIR"));
    let mut histories = Vec::new();
    for (at, line) in std::fs::read_to_string(path).unwrap().lines().enumerate() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        // The cases that edit the schema share one history.
        if (id.starts_with("schema:") && at > 0) || BEYOND.iter().any(|(beyond, _)| *beyond == id) {
            continue;
        }
        let migrations = case["migrations"].as_array().unwrap().iter();
        let texts = migrations.map(|one| one["sql"].as_str().unwrap().to_owned()).collect();
        histories.push((id.to_owned(), texts));
    }
    settle("labelled cases", "", &histories, &BTreeSet::new());
}

/// The scripts in a file of statements: one a line where every line of a paragraph ends in a semicolon, else the whole
/// paragraph. Comments stand on lines of their own.
fn scripts(text: &str) -> Vec<String> {
    let mut scripts = Vec::new();
    for paragraph in text.split("\n\n") {
        let lines: Vec<&str> = paragraph.lines().filter(|line| !line.is_empty() && !line.starts_with("-- ")).collect();
        if lines.iter().all(|line| line.ends_with(';')) {
            scripts.extend(lines.into_iter().map(str::to_owned));
        } else {
            scripts.push(lines.join("\n"));
        }
    }
    scripts
}

#[test]
fn each_statement_does_what_it_does_in_mariadb() {
    let folder = format!("{}/tests/replay_mariadb/statements", env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}.sql")).unwrap();
    let only = std::env::var("DRIFTGATE_TEST_ONLY").unwrap_or_default();
    let files = ["statements", "rows"].map(|name| scripts(&read(name)));
    let statements = files.into_iter().flatten().filter(|statement| statement.contains(&only));
    let histories: Vec<(String, Vec<String>)> = statements.map(|one| (one.clone(), vec![one])).collect();
    settle("single statements", &read("start"), &histories, &scripts(&read("beyond")).into_iter().collect());
}

/// A statement over few names, so that many of them meet, and many are refused.
fn statement(random: &mut Random) -> String {
    let (table, other) = (random.pick(&["a", "b", "c", "d"]), random.pick(&["a", "b", "c"]));
    let (column, second) = (random.pick(&["id", "x", "y", "z"]), random.pick(&["id", "x", "y", "w"]));
    let ty = random.pick(&["INT", "BIGINT", "VARCHAR(20)", "DATETIME(3)", "DECIMAL(8, 2)", "ENUM('one', 'two')"]);
    let null = random.pick(&[" NULL", " NOT NULL", ""]);
    let action = random.pick(&["", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON UPDATE CASCADE"]);
    let name = format!("n{}", random.below(5));
    let guard = if random.chance(30) { "IF EXISTS " } else { "" };
    match random.below(22) {
        0 | 1 => format!(
            "CREATE TABLE {table} (id INT NOT NULL AUTO_INCREMENT, x INT {null}, {column}2 {ty}, PRIMARY KEY (id), UNIQUE {name} (x))"
        ),
        2 => format!("DROP TABLE {guard}{table}"),
        3 => format!("RENAME TABLE {table} TO {other}2"),
        4 => format!("ALTER TABLE {other}2 RENAME TO {table}"),
        5..=7 => {
            format!("ALTER TABLE {table} ADD COLUMN {column} {ty}{null}{}", random.pick(&["", " FIRST", " AFTER id"]))
        }
        8 => format!("ALTER TABLE {table} DROP COLUMN {column}"),
        9 => format!("ALTER TABLE {table} MODIFY {column} {ty}{null}"),
        10 => format!("ALTER TABLE {table} CHANGE {column} {second} {ty}{null}"),
        11 => format!("ALTER TABLE {table} RENAME COLUMN {column} TO {second}"),
        12 => format!("ALTER TABLE {table} ADD INDEX {name} ({column}, {second})"),
        13 => format!("CREATE {}INDEX {name} ON {table} ({column})", random.pick(&["", "UNIQUE "])),
        14 => format!("ALTER TABLE {table} ADD INDEX ({column})"),
        15 => format!("DROP INDEX {name} ON {table}"),
        16 => format!("ALTER TABLE {table} RENAME INDEX {name} TO n{}", random.below(5)),
        17 => format!(
            "ALTER TABLE {table} ADD CONSTRAINT f{name}{table} FOREIGN KEY ({column}) REFERENCES {other} ({second}){action}"
        ),
        18 => format!("ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES {other} (id){action}"),
        19 => format!("ALTER TABLE {table} DROP FOREIGN KEY f{name}{table}"),
        20 => format!("ALTER TABLE {table} DROP FOREIGN KEY {table}_ibfk_1, DROP COLUMN {column}"),
        _ => format!("ALTER TABLE {table} ALTER COLUMN {column} {}", random.pick(&["DROP DEFAULT", "SET DEFAULT 1"])),
    }
}

/// How a history ends otherwise in the replay: the first statement that one of them refuses alone, or the tables.
fn difference(statements: &[String], refused: &BTreeMap<usize, String>, built: &BTreeSet<String>) -> Option<String> {
    let replay = replay_of(statements);
    let done = |number: usize| {
        let done = statements[..number].iter().enumerate().filter(|(at, _)| !refused.contains_key(at));
        done.map(|(_, statement)| statement.as_str()).collect::<Vec<_>>().join(";\n    ")
    };
    for (number, statement) in statements.iter().enumerate() {
        let how = match (refused.get(&number), replay.migrations[number].failures.first()) {
            (Some(why), None) => format!("MariaDB refuses it: {why}"),
            (None, Some(failure)) => format!("the replay refuses it: {}", failure.error),
            _ => continue,
        };
        return Some(format!("{statement}\n  {how}\n  behind\n    {}", done(number)));
    }
    let objects = objects(&replay.catalog);
    let there: Vec<_> = built.difference(&objects).collect();
    let here: Vec<_> = objects.difference(built).collect();
    (!there.is_empty() || !here.is_empty()).then(|| {
        format!(
            "only in MariaDB: {there:#?}\n  only in the replay: {here:#?}\n  behind\n    {}",
            done(statements.len())
        )
    })
}

#[test]
fn generated_histories_end_as_they_end_in_mariadb() {
    const HISTORIES: usize = 24;
    const LENGTH: usize = 30;
    let Some(mut database) = Database::new("generated", "") else {
        println!("skipped: no MariaDB");
        return;
    };
    let (mut count, mut refusals, mut wrong) = (0, 0, Vec::new());
    for seed in 0..HISTORIES {
        let mut random = Random::new(seed as u64);
        let statements: Vec<String> = (0..LENGTH).map(|_| statement(&mut random)).collect();
        let (refused, built) = database.report_all(&statements);
        (count, refusals) = (count + statements.len(), refusals + refused.len());
        wrong.extend(difference(&statements, &refused, &built).map(|how| format!("seed {seed}: {how}")));
    }
    println!(
        "generated histories: {HISTORIES} with {count} statements, {refusals} of them refused by MariaDB; {} histories \
         end otherwise",
        wrong.len()
    );
    drop(database);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

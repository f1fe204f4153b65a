//! The entry points that fuzzing and property tests share: one function for each sort of input that a stranger writes.
//!
//! Each takes any bytes and returns. What it must not do is panic, hang, or hand out a place outside of its text.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::catalog::Dialect;
use crate::git::index::{CacheTree, Index};
use crate::git::{Change, Env, MemorySnapshot, Scope, ScopeRequest};
use crate::history::replay;
use crate::policy::Policy;
use crate::project::Ecosystem;
use crate::source::{RepoPath, Source};

/// One way in: whatever the bytes are, it comes back.
pub type Target = fn(&[u8]);

/// The entry points, by the names of their targets.
pub const TARGETS: &[(&str, Target)] = &[
    ("schema", schema),
    ("sql_postgresql", |data| sql(data, Dialect::PostgreSql)),
    ("sql_cockroachdb", |data| sql(data, Dialect::CockroachDb)),
    ("sql_mysql", |data| sql(data, Dialect::MySql)),
    ("sql_sqlite", |data| sql(data, Dialect::Sqlite)),
    ("sql_sqlserver", |data| sql(data, Dialect::SqlServer)),
    ("revision", revision),
    ("models", models),
    ("policy", policy),
    ("index", index),
    ("range", range),
];

const ENV: &str = "from alembic import context\nfrom models import Base\ntarget_metadata = Base.metadata\n";
const INI: &str =
    "[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = postgresql://localhost/x\n";

/// Every project of some files, as a check reads it: what is declared, the history, its replay and the gap.
fn judge(ecosystem: &dyn Ecosystem, files: &[(&str, &str)]) {
    let snapshot = MemorySnapshot::new(files.iter().copied());
    for project in ecosystem.discover(&snapshot, &[]).unwrap_or_default() {
        let Ok(history) = ecosystem.history(&project, &snapshot) else { continue };
        let replayed = replay(&history, project.dialect());
        if let Ok(declared) = ecosystem.declared(&project, &snapshot) {
            ecosystem.compare(&project, &declared.catalog, &replayed.catalog);
        }
    }
}

/// The schema language: a schema without a migration.
pub fn schema(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let declared = format!("datasource db {{\n  provider = \"postgresql\"\n}}\n{text}");
    judge(
        &crate::prisma::Prisma,
        &[("prisma/schema.prisma", &declared), ("prisma/migrations/migration_lock.toml", "")],
    );
}

/// A script, what it does to an empty catalog, and its pieces as expressions and types.
///
/// # Panics
/// Where an operation's place is not in the text.
pub fn sql(data: &[u8], dialect: Dialect) {
    let text = String::from_utf8_lossy(data);
    let source = Source::new(RepoPath::new("m.sql"), text.as_ref());
    let mut catalog = crate::catalog::Catalog::new(dialect);
    for operation in crate::sql::read(&source, dialect).operations {
        assert!(source.text().get(operation.place.span.range()).is_some(), "a place lies outside of its text");
        let _ = catalog.apply(&operation);
    }
    crate::sql::expression::canonical(&text, dialect);
    crate::sql::expression::default(&text, dialect);
    let _ = crate::sql::types::parse(&text, dialect);
}

/// A revision behind an ordinary one.
pub fn revision(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let models = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n";
    judge(
        &crate::alembic::Alembic,
        &[("alembic.ini", INI), ("migrations/env.py", ENV), ("models.py", models), ("migrations/versions/1.py", &text)],
    );
}

/// A module of models.
pub fn models(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    judge(&crate::alembic::Alembic, &[("alembic.ini", INI), ("migrations/env.py", ENV), ("models.py", &text)]);
}

/// A policy.
pub fn policy(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let source = Source::new(RepoPath::new("driftgate.toml"), text.as_ref());
    let _ = Policy::read(&source, &MemorySnapshot::new([("prisma/schema.prisma", "")]));
}

/// git's index, of both hashes.
pub fn index(data: &[u8]) {
    for hash_len in [20, 32] {
        let Ok(index) = Index::parse(data.to_vec(), hash_len) else { continue };
        for entry in index.entries() {
            let _ = (entry.id(), entry.mode(), entry.stat(), entry.stage(), index.get(entry.name()));
        }
        let mut open: Vec<_> = index.cache_tree().and_then(CacheTree::root).into_iter().collect();
        while let Some(node) = open.pop() {
            open.extend(index.known_folders(Some(node)).into_values());
        }
    }
}

/// The event of a job, and names of revisions: what a range is resolved from.
pub fn range(data: &[u8]) {
    let root = repository();
    let event = root.join("event.json");
    let text = String::from_utf8_lossy(data);
    let (from, to) = text.split_once('\n').unwrap_or((&text, "HEAD"));
    let given = Scope::Range { from: from.to_owned(), to: to.to_owned() };
    let _ = Change::load(ScopeRequest::Given(given), root, &Env::new([("HOME", "/nowhere")]));
    if std::fs::write(&event, data).is_ok() {
        for name in ["push", "pull_request", "merge_group"] {
            let env = Env::new([("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", name), ("HOME", "/nowhere")])
                .with("GITHUB_EVENT_PATH", &event);
            let _ = Change::load(ScopeRequest::Automatic, root, &env);
        }
    }
}

/// A repository of one empty commit, made once.
fn repository() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let root = std::env::temp_dir().join(format!("driftgate-fuzz-{}", std::process::id()));
        let made = git2::Repository::init(&root).and_then(|repo| {
            let tree = repo.find_tree(repo.treebuilder(None)?.write()?)?;
            let author = git2::Signature::new("a", "a@example.org", &git2::Time::new(0, 0))?;
            repo.commit(Some("HEAD"), &author, &author, "base", &tree, &[]).map(drop)
        });
        assert!(made.is_ok(), "{made:?}");
        root
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The pieces of each language, so that random texts get past the first token.
    const PIECES: &[&str] = &[
        "model A {\n",
        "enum E {\n",
        "}\n",
        "id Int @id",
        "?",
        "[]",
        "@@index(",
        "@relation(fields: [",
        "references: [",
        "CREATE ",
        "TABLE ",
        "ALTER ",
        "a",
        "\"b\"",
        "'c'",
        "(",
        ")",
        ",",
        ";",
        "DO $$ BEGIN ",
        "END $$",
        "LOOP ",
        "IF ",
        "THEN ",
        "EXECUTE ",
        "revision = '1'\n",
        "down_revision = None\n",
        "def upgrade():\n    ",
        "op.create_table(",
        "sa.Column(",
        "\n    ",
        "\n",
        "class A(Base):\n    ",
        "__tablename__ = 'a'\n",
        "for i in range(9):\n",
        "lambda: ",
        "f'{",
        "}'",
        "**",
        "[naming]\n",
        "pattern = ",
        "exclude = [",
        "[[allow]]\n",
        "{\"before\": ",
        "\"ref\": ",
        "null",
        "DIRC\0\0\0\u{2}",
        "\0\0\0\u{1}",
        "é",
        "= ",
    ];

    /// The next of a row of numbers (xorshift).
    fn next(state: &mut u64) -> usize {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state >> 11).unwrap()
    }

    /// Texts of the labelled cases, for each target those of its language.
    fn seeds(target: &str) -> Vec<Vec<u8>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap_or_default();
        let cases = |file: &str| -> Vec<serde_json::Value> {
            read(file).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
        };
        let texts = |file: &str, key: &str| -> Vec<Vec<u8>> {
            cases(file).iter().filter_map(|case| Some(case[key].as_str()?.as_bytes().to_vec())).collect()
        };
        let python = |wanted: fn(&str) -> bool| -> Vec<Vec<u8>> {
            let mut found = Vec::new();
            for case in cases("alembic/postgresql.jsonl") {
                for (path, text) in case["files"].as_object().into_iter().flatten() {
                    if path.ends_with(".py") && wanted(path) {
                        found.push(text.as_str().unwrap_or_default().as_bytes().to_vec());
                    }
                }
            }
            found.sort();
            found.dedup();
            found
        };
        let mut found = match target {
            "schema" => texts("prisma/postgresql.jsonl", "schema"),
            "sql_mysql" => texts("prisma/mysql.jsonl", "needed_sql"),
            "sql_sqlite" => texts("prisma/sqlite.jsonl", "needed_sql"),
            "sql_sqlserver" => texts("prisma/sqlserver.jsonl", "needed_sql"),
            "sql_cockroachdb" => texts("prisma/cockroachdb.jsonl", "needed_sql"),
            "sql_postgresql" => texts("prisma/postgresql-more.jsonl", "needed_sql"),
            "revision" => python(|path| path.contains("versions/")),
            "models" => python(|path| !path.contains("versions/")),
            "policy" => vec![read("../../driftgate.toml").into_bytes()],
            "index" => vec![[b"DIRC\0\0\0\x02\0\0\0\x01".as_slice(), &[0; 61], b"\x01a\0\0\0\0\0\0\0\0\0", &[0; 20]].concat()],
            _ => vec![br#"{"before": "HEAD", "ref": "refs/heads/x", "commits": [], "repository": {"default_branch": "main"}}"#.to_vec()],
        };
        found.push(PIECES.concat().into_bytes());
        found.retain(|seed| !seed.is_empty());
        found
    }

    /// A seed with a few changes: bytes flipped, pieces put in, ranges taken out, doubled or brought from another seed.
    fn mutated(seeds: &[Vec<u8>], state: &mut u64) -> Vec<u8> {
        let mut data = seeds[next(state) % seeds.len()].clone();
        // A short stretch is changed far more thoroughly, and read far faster, than a long one.
        let len = 1 + next(state) % 1500;
        let from = next(state) % data.len();
        if !next(state).is_multiple_of(4) {
            data = data[from..data.len().min(from + len)].to_vec();
        }
        for _ in 0..=next(state) % 6 {
            let at = next(state) % (data.len() + 1);
            let end = (at + next(state) % 40).min(data.len());
            match next(state) % 6 {
                0 if at < data.len() => data[at] = u8::try_from(next(state) % 256).unwrap(),
                1 => drop(data.drain(at..end)),
                2 => {
                    let part = data[at..end].repeat(1 + next(state) % 20);
                    data.splice(at..at, part);
                }
                3 => {
                    let other = &seeds[next(state) % seeds.len()];
                    let start = next(state) % other.len();
                    let stop = (start + next(state) % 200).min(other.len());
                    data.splice(at..end, other[start..stop].iter().copied());
                }
                _ => drop(data.splice(at..at, PIECES[next(state) % PIECES.len()].bytes())),
            }
            data.truncate(3000);
        }
        data
    }

    /// Writes the seeds where cargo fuzz looks for them: `cargo test --lib fuzzing::tests::corpus -- --ignored`.
    #[test]
    #[ignore = "writes into fuzz/corpus"]
    fn corpus() {
        for (name, _) in TARGETS {
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
            std::fs::create_dir_all(&dir).unwrap();
            for (at, seed) in seeds(name).iter().enumerate() {
                std::fs::write(dir.join(format!("case-{at}")), seed).unwrap();
            }
        }
    }

    /// Mutated seeds for as many seconds as `FUZZ_SECONDS` says, on stable Rust and without a fuzzer:
    /// `FUZZ_SECONDS=600 FUZZ_TARGET=schema cargo test --lib fuzzing -- --ignored --nocapture`.
    #[test]
    #[ignore = "runs for as long as it is told to"]
    fn for_a_while() {
        let number =
            |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
        let only = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let targets: Vec<_> = TARGETS.iter().filter(|(name, _)| name.contains(&only)).collect();
        let each = std::time::Duration::from_secs(number("FUZZ_SECONDS", 5) / targets.len().max(1) as u64);
        let mut failed = Vec::new();
        for (name, target) in targets {
            let seeds = seeds(name);
            let mut state = number("FUZZ_SEED", 0x9e37_79b9_7f4a_7c15);
            let (started, mut runs, mut slowest) = (std::time::Instant::now(), 0_u64, std::time::Duration::ZERO);
            while started.elapsed() < each {
                let data = mutated(&seeds, &mut state);
                let begun = std::time::Instant::now();
                if std::panic::catch_unwind(|| target(&data)).is_err() {
                    failed.push(format!("{name}: {:?}", String::from_utf8_lossy(&data)));
                    if failed.len() > 20 {
                        break;
                    }
                }
                if begun.elapsed() > slowest {
                    slowest = begun.elapsed();
                    if slowest > std::time::Duration::from_secs(2) {
                        println!("{name}: {slowest:?} for {:?}", String::from_utf8_lossy(&data));
                    }
                }
                runs += 1;
            }
            println!("{name:<16} {runs:>9} executions, the slowest {slowest:?}");
        }
        assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    }

    proptest! {
        #[test]
        fn every_target_survives_likely_pieces(words in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
            for (_, target) in TARGETS {
                target(words.concat().as_bytes());
            }
        }

        #[test]
        fn every_target_survives_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for (_, target) in TARGETS {
                target(&bytes);
            }
        }
    }
}

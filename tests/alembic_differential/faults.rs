//! Faults planted in the revisions that autogenerate wrote: what Alembic notices driftgate must notice, and no more.
//! What driftgate says beyond the engine by design (`beyond_engine`) is not counted, neither as noticed nor as an alarm.

use serde_json::json;

use crate::generate::Models;
use crate::planted::{CONTROL, Said, Score, place, sample};
use crate::random::Random;
use crate::{Oracle, connect, verdict, without_one_operation};

/// Schemas of a test run, where nothing else is asked for.
const SCHEMAS: u64 = 16;

const KINDS: &[&str] = &[
    CONTROL,
    "drop a statement",
    "drop a column",
    "drop an index",
    "drop an enum value",
    "flip nullability",
    "change a type",
    "change a default",
    "drop a foreign key",
    "drop a unique constraint",
    "make an index unique",
    "rename a column",
    "swap two operations",
];

const TYPES: &[&str] = &[
    "sa.Integer()",
    "sa.BigInteger()",
    "sa.SmallInteger()",
    "sa.String(length=41)",
    "sa.Text()",
    "sa.Boolean()",
    "sa.Float()",
    "sa.Numeric(precision=10, scale=3)",
    "sa.Date()",
    "sa.DateTime()",
    "sa.DateTime(timezone=True)",
    "sa.LargeBinary()",
    "sa.JSON()",
    "sa.Uuid()",
];

/// The type in a line `sa.Column('name', TYPE, …)`: from where to where.
fn column_type(line: &str) -> Option<(usize, usize)> {
    let start = line.find("sa.Column('")? + 11;
    let from = start + line[start..].find("', ")? + 3;
    let mut depth = 0_i32;
    for (at, c) in line[from..].char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => return Some((from, from + at)),
            _ => {}
        }
    }
    None
}

/// The first and last line of each operation.
fn operations(lines: &[String]) -> Vec<(usize, usize)> {
    let starts = |line: &str| ["op.", "with op."].iter().any(|word| line.trim_start().starts_with(word));
    let begins: Vec<usize> = (0..lines.len()).filter(|&at| starts(&lines[at])).collect();
    let ends = begins.iter().skip(1).copied().chain([lines.len()]);
    begins.iter().zip(ends).map(|(&from, to)| (from, to - 1)).collect()
}

/// The revision with one fault of a kind; none where it has no place for it.
fn plant(kind: &str, revision: &str, random: &mut Random) -> Option<String> {
    let mut lines: Vec<String> = revision.lines().map(str::to_owned).collect();
    let find = |random: &mut Random, fits: &dyn Fn(&str) -> bool| place(random, lines.len(), |at| fits(&lines[at]));
    let is_key = |line: &str| line.contains("sa.Column('id'");
    match kind {
        CONTROL => {}
        "drop a statement" => return without_one_operation(revision, random).map(|(mutated, _)| mutated),
        "drop a column" => {
            let at = find(random, &|line| line.trim_start().starts_with("sa.Column(") && !is_key(line))?;
            lines.remove(at);
        }
        "drop an index" => {
            let at = find(random, &|line| line.contains("op.create_index("))?;
            let indent = lines[at].len() - lines[at].trim_start().len();
            lines[at] = format!("{}pass", " ".repeat(indent));
        }
        "drop an enum value" => {
            let at = find(random, &|line| line.contains("sa.Enum('"))?;
            let from = lines[at].find("sa.Enum('")? + 8;
            let to = from + lines[at][from..].find(", ")? + 2;
            lines[at].replace_range(from..to, "");
        }
        "flip nullability" => {
            let at = find(random, &|line| line.contains("nullable=") && !is_key(line))?;
            lines[at] = if lines[at].contains("nullable=True") {
                lines[at].replace("nullable=True", "nullable=False")
            } else {
                lines[at].replace("nullable=False", "nullable=True")
            };
        }
        "change a type" => {
            let at = find(random, &|line| column_type(line).is_some() && !is_key(line))?;
            let (from, to) = column_type(&lines[at])?;
            let other = TYPES[place(random, TYPES.len(), |ty| TYPES[ty] != &lines[at][from..to])?];
            lines[at].replace_range(from..to, other);
        }
        "change a default" => {
            let at =
                find(random, &|line| line.contains("server_default='0'") || line.contains("server_default=sa.text('"))?;
            lines[at] = if lines[at].contains("server_default='0'") {
                lines[at].replace("server_default='0'", "server_default='7'")
            } else {
                lines[at].replace("server_default=sa.text(", "server_default=None and sa.text(")
            };
        }
        "drop a foreign key" => {
            let at = find(random, &|line| line.contains("sa.ForeignKeyConstraint("))?;
            lines.remove(at);
        }
        "drop a unique constraint" => {
            let at = find(random, &|line| line.trim_start().starts_with("sa.UniqueConstraint("))?;
            lines.remove(at);
        }
        "make an index unique" => {
            let at = find(random, &|line| line.contains("create_index(") && line.contains("unique=False"))?;
            lines[at] = lines[at].replace("unique=False", "unique=True");
        }
        "rename a column" => {
            let at = find(random, &|line| line.trim_start().starts_with("sa.Column('") && !is_key(line))?;
            lines[at] = lines[at].replacen("sa.Column('", "sa.Column('new_", 1);
        }
        "swap two operations" => {
            let found = operations(&lines);
            let at = random.below(found.len().checked_sub(1).filter(|&count| count > 0)?);
            let (first, second) = (found[at], found[at + 1]);
            let mut swapped = lines[second.0..=second.1].to_vec();
            swapped.extend_from_slice(&lines[first.0..=first.1]);
            lines.splice(first.0..=second.1, swapped);
        }
        other => panic!("no fault is called {other}"),
    }
    Some(lines.join("\n") + "\n")
}

fn run(db: &str, against: &str) {
    let mut oracle: Oracle = match connect(db, "driftgate_alembic_faults") {
        Ok(oracle) => oracle,
        Err(reason) => {
            eprintln!("skipped: {reason}");
            return;
        }
    };
    let mut score = Score::default();
    let mut refused = 0;
    // Other seeds than the differential test's, which compares the models as they are.
    for seed in (10_000..).take(usize::try_from(sample(SCHEMAS)).unwrap()) {
        let mut random = Random::new(seed);
        let models = Models::random(&mut random, db == "postgresql").print();
        let answer = oracle.ask(&json!({ "db": db, "models": models }));
        let Some(revision) = answer["revision"].as_str() else { continue };
        // Some generated revisions fail as they are (tables that refer to each other in a circle): a fault proves
        // nothing there. Drift without a fault is not excused: the control counts it.
        let whole = oracle.ask(&json!({ "db": db, "models": models, "revision": revision }));
        if whole["ok"] == json!(false) {
            eprintln!(
                "seed {seed}: left out, Alembic's own revision fails: {}",
                whole["error"].as_str().unwrap_or_default().lines().next().unwrap_or_default()
            );
            refused += 1;
            continue;
        }
        for kind in KINDS {
            let Some(mutated) = plant(kind, revision, &mut random) else { continue };
            let expected = oracle.ask(&json!({ "db": db, "models": models, "revision": mutated }));
            assert!(expected.get("models_error").is_none(), "{kind} makes no Python: {expected}\n{mutated}");
            let seen = expected["diffs"].as_array().map(Vec::len);
            let said = verdict(&models, &mutated, db);
            let noticed = if said.as_ref().is_ok_and(Vec::is_empty) { Said::Nothing } else { Said::Noticed };
            if !score.record(kind, seen != Some(0), seen.is_none(), noticed) {
                score.disagreements.push(format!(
                    "### seed {seed}: {kind} ({db})\n--- driftgate: {said:?}\n--- Alembic: {expected}\n--- models\n{models}\n--- revision\n{mutated}"
                ));
            }
        }
    }
    assert!(refused * 5 <= sample(SCHEMAS), "{refused} of the generated revisions fail without a fault");
    score.finish(&format!("generated models, against {against}"));
}

#[test]
fn sqlite() {
    run("sqlite", "Alembic on SQLite");
}

#[test]
fn postgresql() {
    run("postgresql", "Alembic on PostgreSQL");
}

//! One fault in a history: how each kind is planted in SQL, generated or written by hand.

use std::sync::LazyLock;

use regex::Regex;

use crate::generate::Provider;
use crate::oracle::Step;
use crate::planted::{CONTROL, place};
use crate::random::Random;

const POSTGRES_TYPES: &[&str] = &[
    "TEXT",
    "VARCHAR(39)",
    "CHAR(4)",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "DOUBLE PRECISION",
    "REAL",
    "DECIMAL(65,30)",
    "DECIMAL(12,3)",
    "BOOLEAN",
    "TIMESTAMP(3)",
    "TIMESTAMP(6)",
    "TIMESTAMPTZ(3)",
    "DATE",
    "JSONB",
    "JSON",
    "BYTEA",
    "UUID",
    "TEXT[]",
];
const SQLITE_TYPES: &[&str] =
    &["TEXT", "INTEGER", "BIGINT", "REAL", "DECIMAL", "BOOLEAN", "DATETIME", "BLOB", "JSONB", "VARCHAR(40)"];

/// Every kind of fault, the control first.
pub(crate) const KINDS: &[&str] = &[
    CONTROL,
    "drop a migration",
    "drop a statement",
    "drop a column",
    "rename a column",
    "drop an index",
    "rename an index",
    "drop a column of an index",
    "make an index unique",
    "drop an enum value",
    "reorder enum values",
    "flip nullability",
    "change a type",
    "change a default",
    "drop a primary key",
    "drop a foreign key",
    "change a foreign key's action",
    "swap two migrations",
];

/// A line that makes one column: what stands before, its quoted name, its type, what follows.
static COLUMN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"^((?:ALTER TABLE (?:ONLY )?\S+ +)?ADD COLUMN +|[ \t]+)("[^"]+")([ \t]+)(.+?)((?: NOT NULL| DEFAULT | PRIMARY KEY| REFERENCES | UNIQUE).*|[,;]?)$"#,
    )
    .unwrap()
});
/// The columns of an index, where there are several.
static INDEX_COLUMNS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"INDEX .*\("[^"]+"[^,()]*(, "[^"]+"[^,()]*)"#).unwrap());
static INDEX_NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"INDEX (?:IF NOT EXISTS )?"([^"]+)" ON"#).unwrap());

/// A script's statements, each with the comments above it; what stands in quotes and in dollar quotes is not cut.
pub(crate) fn statements(script: &str) -> Vec<String> {
    let bytes = script.as_bytes();
    let ends_with = |at: usize, word: &str| script[at..].find(word).map_or(bytes.len(), |end| at + end + word.len());
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'\'' | b'"') => at = ends_with(at + 1, if quote == b'"' { "\"" } else { "'" }),
            b'-' if script[at..].starts_with("--") => at = ends_with(at, "\n"),
            b'/' if script[at..].starts_with("/*") => at = ends_with(at, "*/"),
            b'$' => {
                let tag = script[at + 1..].find('$').map(|end| &script[at..at + end + 2]);
                let tag = tag.filter(|tag| tag[1..tag.len() - 1].chars().all(|c| c.is_alphanumeric() || c == '_'));
                at = tag.map_or(at + 1, |tag| ends_with(at + tag.len(), tag));
            }
            b';' => {
                at += 1;
                at += usize::from(bytes.get(at) == Some(&b'\r'));
                at += usize::from(bytes.get(at) == Some(&b'\n'));
                parts.push(script[from..at].to_owned());
                from = at;
            }
            _ => at += 1,
        }
    }
    if script[from..].lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--")) {
        parts.push(script[from..].to_owned());
    }
    parts
}

/// A statement without the comments above it.
fn code(part: &str) -> &str {
    let mut rest = part.trim_start();
    while rest.starts_with("--") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    rest
}

/// Where a line stands: which migration, which statement, which line.
type Line = (usize, usize, usize);

/// The histories of a plant: each migration's statements.
struct Parts(Vec<Vec<String>>);

impl Parts {
    /// One of the statements that fit.
    fn statement(&self, random: &mut Random, fits: impl Fn(&str) -> bool) -> Option<(usize, usize)> {
        let all: Vec<(usize, usize)> = self
            .0
            .iter()
            .enumerate()
            .flat_map(|(step, parts)| (0..parts.len()).map(move |part| (step, part)))
            .collect();
        let at = place(random, all.len(), |at| fits(code(&self.0[all[at].0][all[at].1])))?;
        Some(all[at])
    }

    /// One of the lines that fit, of the statements that make or change a table, an index or a type.
    fn line(&self, random: &mut Random, fits: impl Fn(&str) -> bool) -> Option<Line> {
        let mut all: Vec<Line> = Vec::new();
        for (step, parts) in self.0.iter().enumerate() {
            for (part, text) in parts.iter().enumerate() {
                if ["CREATE", "ALTER"].iter().any(|word| code(text).starts_with(word)) {
                    all.extend((0..text.lines().count()).map(|line| (step, part, line)));
                }
            }
        }
        let text = |at: usize| self.0[all[at].0][all[at].1].lines().nth(all[at].2).unwrap_or_default();
        let at = place(random, all.len(), |at| fits(text(at)))?;
        Some(all[at])
    }

    fn lines(&self, at: Line) -> Vec<String> {
        self.0[at.0][at.1].lines().map(str::to_owned).collect()
    }

    fn put(&mut self, at: Line, lines: &[String]) {
        self.0[at.0][at.1] = if lines.is_empty() { String::new() } else { lines.join("\n") + "\n" };
    }

    /// Rewrites one line.
    fn rewrite(&mut self, at: Line, change: impl FnOnce(&str) -> Option<String>) -> Option<()> {
        let mut lines = self.lines(at);
        lines[at.2] = change(&lines[at.2])?;
        self.put(at, &lines);
        Some(())
    }

    /// Takes one element of a list of lines away: a column, a constraint, a clause of `ALTER TABLE`.
    fn cut(&mut self, at: Line) -> Option<()> {
        let mut lines = self.lines(at);
        let head = lines[at.2].starts_with("ALTER TABLE");
        let removed = lines.remove(at.2);
        let last = if removed.ends_with(';') { ";" } else { "" };
        if head && !removed.ends_with(',') {
            // The only clause: the statement goes.
            self.0[at.0][at.1].clear();
            return Some(());
        }
        if head {
            let table = &removed[..removed.find("ADD COLUMN")?];
            lines[at.2] = format!("{table}{}", lines[at.2].trim_start());
        } else if !removed.ends_with(',') {
            // A blank line stands above the constraints of a table.
            let before = lines[..at.2].iter_mut().rev().find(|line| !line.trim().is_empty())?;
            *before = format!("{}{last}", before.strip_suffix(',')?);
        }
        self.put(at, &lines);
        Some(())
    }
}

/// The migrations with one fault of a kind; none where they have no place for it.
pub(crate) fn plant(kind: &str, steps: &[Step], provider: Provider, random: &mut Random) -> Option<Vec<Step>> {
    let mut parts = Parts(steps.iter().map(|step| statements(&step.sql)).collect());
    match kind {
        CONTROL => return Some(steps.to_vec()),
        "drop a migration" => {
            let at = random.below(Some(steps.len()).filter(|&count| count > 1)?);
            return Some([&steps[..at], &steps[at + 1..]].concat());
        }
        "swap two migrations" => return swap(steps, &parts, random),
        "drop a statement" => {
            let (step, part) = parts.statement(random, |_| true)?;
            parts.0[step].remove(part);
        }
        "drop an index" => {
            let (step, part) = parts.statement(random, |text| text.starts_with("CREATE") && text.contains("INDEX "))?;
            parts.0[step].remove(part);
        }
        "drop a foreign key" => {
            let foreign = |text: &str| text.starts_with("ALTER") && text.contains("FOREIGN KEY");
            if provider == Provider::PostgreSql {
                let (step, part) = parts.statement(random, foreign)?;
                parts.0[step].remove(part);
            } else {
                let at = parts.line(random, |line| line.contains("FOREIGN KEY"))?;
                parts.cut(at)?;
            }
        }
        "drop a primary key" => {
            let at = parts
                .line(random, |line| line.trim_start().starts_with("CONSTRAINT") && line.contains("PRIMARY KEY ("))?;
            parts.cut(at)?;
        }
        "drop a column" => {
            let at = parts
                .line(random, |line| COLUMN.is_match(line) && (line.ends_with(',') || line.contains("ADD COLUMN")))?;
            parts.cut(at)?;
        }
        "rename a column" => {
            let at = parts.line(random, |line| COLUMN.is_match(line))?;
            parts.rewrite(at, |line| Some(COLUMN.replace(line, "$1\"renamed\"$3$4$5").into_owned()))?;
        }
        "rename an index" => {
            let at = parts.line(random, |line| INDEX_NAME.is_match(line))?;
            parts.rewrite(at, |line| Some(line.replacen(&INDEX_NAME.captures(line)?[1], "renamed_idx", 1)))?;
        }
        "drop a column of an index" => {
            let at = parts.line(random, |line| INDEX_COLUMNS.is_match(line))?;
            parts.rewrite(at, |line| {
                let range = INDEX_COLUMNS.captures(line)?.get(1)?.range();
                Some(format!("{}{}", &line[..range.start], &line[range.end..]))
            })?;
        }
        "make an index unique" => {
            let at = parts.line(random, |line| line.starts_with("CREATE INDEX") && !line.contains(" USING "))?;
            parts.rewrite(at, |line| Some(line.replacen("CREATE INDEX", "CREATE UNIQUE INDEX", 1)))?;
        }
        "drop an enum value" => {
            let at = parts.line(random, |line| {
                line.contains("AS ENUM (") && line.contains("', '") || line.contains(" ADD VALUE ")
            })?;
            if parts.lines(at)[at.2].contains(" ADD VALUE ") {
                parts.0[at.0].remove(at.1);
            } else {
                parts.rewrite(at, |line| {
                    let from = line.find('(')? + 1;
                    let to = from + line[from..].find(", ")? + 2;
                    Some(format!("{}{}", &line[..from], &line[to..]))
                })?;
            }
        }
        "reorder enum values" => {
            let at = parts.line(random, |line| line.contains("AS ENUM (") && line.contains("', '"))?;
            parts.rewrite(at, |line| {
                let (from, to) = (line.find('(')? + 1, line.rfind(')')?);
                let mut values: Vec<&str> = line[from..to].split(", ").collect();
                values.reverse();
                Some(format!("{}{}{}", &line[..from], values.join(", "), &line[to..]))
            })?;
        }
        "flip nullability" => {
            let clause = |line: &str| line.contains("\" SET NOT NULL") || line.contains("\" DROP NOT NULL");
            let at =
                parts.line(random, |line| clause(line) || COLUMN.is_match(line) && !line.contains("PRIMARY KEY"))?;
            parts.rewrite(at, |line| {
                if line.contains("\" SET NOT NULL") {
                    return Some(line.replacen("\" SET NOT NULL", "\" DROP NOT NULL", 1));
                }
                if clause(line) {
                    return Some(line.replacen("\" DROP NOT NULL", "\" SET NOT NULL", 1));
                }
                let found = COLUMN.captures(line)?;
                let rest = if found[5].contains(" NOT NULL") {
                    found[5].replacen(" NOT NULL", "", 1)
                } else {
                    format!(" NOT NULL{}", &found[5])
                };
                Some(format!("{}{}{}{}{rest}", &found[1], &found[2], &found[3], &found[4]))
            })?;
        }
        "change a type" => {
            let at = parts.line(random, |line| COLUMN.is_match(line) && !line.contains("AUTOINCREMENT"))?;
            let types = if provider == Provider::PostgreSql { POSTGRES_TYPES } else { SQLITE_TYPES };
            parts.rewrite(at, |line| {
                let found = COLUMN.captures(line)?;
                let other = types[place(random, types.len(), |at| types[at] != &found[4])?];
                Some(format!("{}{}{}{other}{}", &found[1], &found[2], &found[3], &found[5]))
            })?;
        }
        "change a default" => {
            let at = parts.line(random, |line| {
                line.contains(" SET DEFAULT ") || COLUMN.is_match(line) && line.contains(" DEFAULT ")
            })?;
            parts.rewrite(at, |line| other_default(line, random))?;
        }
        "change a foreign key's action" => {
            let at = parts.line(random, |line| line.contains(" ON DELETE ") && line.contains(" ON UPDATE "))?;
            parts.rewrite(at, |line| {
                let (from, to) = (line.find(" ON DELETE ")? + 11, line.find(" ON UPDATE ")?);
                let actions = ["CASCADE", "SET NULL", "RESTRICT", "NO ACTION"];
                let other = actions[place(random, actions.len(), |at| Some(actions[at]) != line.get(from..to))?];
                Some(format!("{}{other}{}", line.get(..from)?, line.get(to..)?))
            })?;
        }
        other => panic!("no fault is called {other}"),
    }
    let planted = |(step, parts): (&Step, &Vec<String>)| Step { name: step.name.clone(), sql: parts.concat() };
    Some(steps.iter().zip(&parts.0).map(planted).collect())
}

/// Two neighbours change places; a history of one migration is cut in two first.
fn swap(steps: &[Step], parts: &Parts, random: &mut Random) -> Option<Vec<Step>> {
    let mut swapped = steps.to_vec();
    if let [only] = steps {
        let parts = &parts.0[0];
        let at = 1 + random.below(parts.len().checked_sub(1).filter(|&count| count > 0)?);
        swapped[0].sql = parts[at..].concat();
        swapped.push(Step { name: format!("{}_then", only.name), sql: parts[..at].concat() });
    } else {
        let at = random.below(steps.len().checked_sub(1)?);
        swapped[at].sql.clone_from(&steps[at + 1].sql);
        swapped[at + 1].sql.clone_from(&steps[at].sql);
    }
    Some(swapped)
}

/// Another default in a line that gives one, or none at all.
fn other_default(line: &str, random: &mut Random) -> Option<String> {
    let (from, set) = match line.find(" SET DEFAULT ") {
        Some(at) => (at, true),
        None => (line.find(" DEFAULT ")?, false),
    };
    let start = if set { from + 13 } else { from + 9 };
    let end = line.trim_end_matches([',', ';']).len();
    let end = line[start..end].find(" NOT NULL").map_or(end, |at| start + at);
    let other = match line.get(start..end)? {
        _ if random.chance(40) => None,
        "true" => Some("false"),
        "false" => Some("true"),
        text if text.starts_with('\'') => Some("'other'"),
        number if number.parse::<f64>().is_ok() => Some("77"),
        _ => None,
    };
    let word = if set { " SET DEFAULT " } else { " DEFAULT " };
    let other = match other {
        Some(other) => format!("{word}{other}"),
        None if set => " DROP DEFAULT".to_owned(),
        None => String::new(),
    };
    Some(format!("{}{other}{}", &line[..from], &line[end..]))
}

#[test]
fn statements_are_cut_outside_quotes_only() {
    let script = "-- one; two\nCREATE TABLE \"a;b\" (\n    \"x\" TEXT DEFAULT ';'\n);\nDO $$ BEGIN NULL; END $$;\n/* a; */ SELECT 1";
    let parts = statements(script);
    assert_eq!(parts.concat(), script);
    let found: Vec<&str> = parts.iter().map(|part| code(part).split(' ').next().unwrap()).collect();
    assert_eq!(found, ["CREATE", "DO", "/*"]);
}

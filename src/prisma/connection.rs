//! The schema that a project's connection string names (`?schema=…`). The string is not in the repository; the
//! migrations tell it: where their tables live, models without `@@schema` and unqualified names live too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::history::{MAX_TEXT, SCRIPT};
use crate::git::{Snapshot, SnapshotError};
use crate::project::Project;
use crate::source::RepoPath;

/// Where a project's tables live, if not in the dialect's default schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionSchema {
    /// The schema.
    pub(crate) name: String,
    /// Whether a migration creates it; if none does, it was there before the first one.
    pub(crate) created: bool,
    /// The newest migration and the tables that it alters in that schema, where no other migration tells it: a slip of
    /// the pen looks the same. What older migrations tell has been applied.
    pub(crate) assumed: Option<(RepoPath, BTreeSet<String>)>,
}

/// What one migration says of schemas.
#[derive(Debug, Default)]
struct Told {
    /// Tables and types that are made without a schema.
    unqualified: BTreeSet<String>,
    /// Tables and types that are made or altered in a schema by name.
    qualified: BTreeMap<String, BTreeSet<String>>,
    /// How often something is made in a schema by name.
    made: BTreeMap<String, usize>,
    /// Schemas that it creates.
    created: BTreeSet<String>,
}

/// What the migrations say of schemas.
#[derive(Debug, Default)]
struct Evidence {
    /// What they say together.
    all: Told,
    /// The migrations that name a schema.
    told: BTreeMap<String, BTreeSet<RepoPath>>,
    /// The newest migration.
    newest: Option<RepoPath>,
}

/// Judges the migrations of a project.
pub(crate) fn schema(project: &Project, snapshot: &dyn Snapshot) -> Result<Option<ConnectionSchema>, SnapshotError> {
    let Some(dialect) = project.dialect.filter(|dialect| dialect.has_schemas()) else { return Ok(None) };
    let mut evidence = Evidence::default();
    let files = snapshot.files()?;
    let mut text = 0;
    for entry in project.migrations.iter().flat_map(|folder| files.under(folder)) {
        // What lies beyond is not read at all.
        if text > MAX_TEXT {
            break;
        }
        if entry.path.file_name() == SCRIPT
            && let Some(source) = snapshot.read(&entry.path)?.text()
        {
            text += source.text().len();
            evidence.add(&entry.path, &source.note(Told::of));
        }
    }
    Ok(evidence.judge().filter(|schema| schema.name != dialect.default_schema()))
}

impl Told {
    fn of(text: &str) -> Self {
        static STATEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
            let name = r#"(?:"([^"\n]+)"|\[([^\]\n]+)\]|(\w+))"#;
            let words = r"(CREATE|ALTER)\s+(?:TABLE|TYPE|SCHEMA)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?";
            Regex::new(&format!(r"(?i)\b{words}{name}(?:\s*\.\s*{name})?")).ok()
        });
        let mut told = Self::default();
        let Some(statement) = STATEMENT.as_ref() else { return told };
        for found in statement.captures_iter(text) {
            let group =
                |from: usize| (from..from + 3).find_map(|at| found.get(at)).map(|name| name.as_str().to_owned());
            let (Some(verb), Some(first)) = (found.get(1), group(2)) else { continue };
            let head = found.get(0).map(|whole| &text[verb.end()..whole.end()]).unwrap_or_default();
            let creates = verb.as_str().eq_ignore_ascii_case("create");
            match group(5) {
                _ if head.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("schema")) => {
                    told.created.insert(first);
                }
                Some(name) => {
                    *told.made.entry(first.clone()).or_default() += usize::from(creates);
                    told.qualified.entry(first).or_default().insert(name);
                }
                None if creates => {
                    told.unqualified.insert(first);
                }
                None => {}
            }
        }
        told
    }
}

impl Evidence {
    fn add(&mut self, path: &RepoPath, told: &Told) {
        self.newest = self.newest.take().max(Some(path.clone()));
        self.all.unqualified.extend(told.unqualified.iter().cloned());
        self.all.created.extend(told.created.iter().cloned());
        for (schema, count) in &told.made {
            *self.all.made.entry(schema.clone()).or_default() += count;
        }
        for (schema, names) in &told.qualified {
            self.told.entry(schema.clone()).or_default().insert(path.clone());
            self.all.qualified.entry(schema.clone()).or_default().extend(names.iter().cloned());
        }
    }

    /// A schema in which nearly everything is made by name; or one that no migration creates and in which what was made
    /// without a schema is altered by name: both names mean one thing then.
    fn judge(mut self) -> Option<ConnectionSchema> {
        let all = &mut self.all;
        let total = all.made.values().sum::<usize>() + all.unqualified.len();
        let nearly_all = all.made.iter().find(|(_, count)| **count > 0 && **count * 10 >= total * 9);
        if let Some((name, _)) = nearly_all {
            let created = all.created.contains(name);
            return Some(ConnectionSchema { name: name.clone(), created, assumed: None });
        }
        all.qualified.retain(|schema, _| !all.created.contains(schema));
        let is_alias = |names: &BTreeSet<String>| {
            let known = names.intersection(&all.unqualified).count();
            known > 0 && known * 2 >= names.len()
        };
        let name = all.qualified.iter().find(|(_, names)| is_alias(names)).map(|(schema, _)| schema.clone())?;
        let told = self.told.remove(&name).unwrap_or_default();
        let assumed = self.newest.filter(|newest| told.iter().eq([newest]));
        let assumed = assumed.zip(all.qualified.remove(&name));
        Some(ConnectionSchema { name, created: false, assumed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Option<(String, bool)> {
        let mut evidence = Evidence::default();
        evidence.add(&RepoPath::from("m"), &Told::of(text));
        evidence.judge().map(|schema| (schema.name, schema.created))
    }

    #[test]
    fn the_tables_tell_where_they_live() {
        let in_schema = |name: &str, created| Some((name.to_owned(), created));
        for (text, expected) in [
            ("CREATE TABLE \"A\" ();\nCREATE TYPE \"E\" AS ENUM ();", None),
            ("CREATE TABLE \"d$d\".\"A\" ();\ncreate table if not exists \"d$d\".b ();", in_schema("d$d", false)),
            ("CREATE SCHEMA s;\nCREATE TABLE s.a ();", in_schema("s", true)),
            ("CREATE TABLE [dbo].[A] ();", in_schema("dbo", false)),
            ("CREATE TABLE \"A\" ();\nALTER TABLE \"d$d\".\"A\" ADD x int;", in_schema("d$d", false)),
            // Another service's table is altered: it was never made here.
            ("CREATE TABLE \"A\" ();\nALTER TABLE auth.sessions ADD x int;", None),
            ("CREATE SCHEMA s;\nCREATE TABLE a ();\nCREATE TABLE s.a ();\nALTER TABLE s.a ADD x int;", None),
        ] {
            assert_eq!(judged(text), expected, "{text}");
        }
    }

    #[test]
    fn the_newest_migration_alone_may_be_a_slip_of_the_pen() {
        let assumed = |later: &[&str]| {
            let mut evidence = Evidence::default();
            evidence.add(&RepoPath::from("1"), &Told::of("CREATE TABLE a ();\nCREATE TABLE b ();"));
            for (at, text) in later.iter().enumerate() {
                evidence.add(&RepoPath::from(&*format!("{}", at + 2)), &Told::of(text));
            }
            evidence.judge().and_then(|schema| schema.assumed)
        };
        let altered = "ALTER TABLE app.a ADD x int;";
        assert_eq!(assumed(&[altered]), Some((RepoPath::from("2"), BTreeSet::from(["a".to_owned()]))));
        assert_eq!(assumed(&[altered, "ALTER TABLE app.b ADD x int;"]), None);
        assert_eq!(assumed(&[altered, "CREATE TABLE c ();"]), None);
        assert_eq!(assumed(&["CREATE TABLE app.c ();".repeat(20).as_str()]), None);
    }
}

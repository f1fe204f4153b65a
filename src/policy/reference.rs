//! Every key of a policy, once: the JSON Schema for editors and the reference for people are both made from this table.
//!
//! The structs in [`super::file`] are what is read; a test holds them against the table, key by key.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Convention, FailOn, RuleLevel};
use crate::catalog::Dialect;
use crate::rules::RuleId;

/// A table of the file.
struct Table {
    /// Its header: empty for the top of the file, `naming`, `naming.objects`; `project` is a list of tables.
    header: &'static str,
    /// Whether it is written `[[…]]`.
    list: bool,
    /// What it is for.
    about: &'static str,
    keys: &'static [Key],
}

/// A key of a table.
struct Key {
    name: &'static str,
    shape: Shape,
    required: bool,
    /// What holds without it; empty where nothing does.
    default: &'static str,
    about: &'static str,
}

/// What may stand behind a key.
enum Shape {
    Text,
    Texts,
    Globs,
    Regex,
    Number { least: u32 },
    Bool,
    Date,
    Word(&'static [&'static str]),
    Convention,
    Provider,
    Rule,
    Levels,
}

const fn key(name: &'static str, shape: Shape, default: &'static str, about: &'static str) -> Key {
    Key { name, shape, required: false, default, about }
}

const fn required(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, required: true, default: "", about }
}

const TABLES: &[Table] = &[
    Table {
        header: "",
        list: false,
        about: "The policy of driftgate, read from `driftgate.toml` or `.driftgate.toml` at the root of what is judged.",
        keys: &[
            key(
                "required-version",
                Shape::Text,
                "",
                "The versions of driftgate that may judge this repository: `0.1`, `>=0.1`, `>=0.1, <1`.",
            ),
            key("fail-on", Shape::Word(&FailOn::WORDS), "error", "From which level on findings fail the check."),
            key("exclude", Shape::Globs, "", "Files and folders that are not looked at. Each glob must match a file."),
            key(
                "documents",
                Shape::Globs,
                "",
                "Files that describe deployment, beside the scripts, Dockerfiles and CI files that are known. Each glob \
                 must match a file.",
            ),
        ],
    },
    Table {
        header: "rules",
        list: false,
        about: "Levels of rules, by id. `driftgate rules` lists them.",
        keys: &[key("*", Shape::Levels, "the rule's own", "The level of the rule of that id.")],
    },
    Table {
        header: "naming",
        list: false,
        about: "How new migrations are to be named. Old ones are left alone.",
        keys: &[
            key("convention", Shape::Convention, "the ecosystem's own", "A well-known way to name migrations."),
            key(
                "pattern",
                Shape::Regex,
                "",
                "A way of one's own, instead of `convention`. A group `(?<slug>…)` says where the words are.",
            ),
            key("min-words", Shape::Number { least: 0 }, "the rule's own", "The fewest words of a name."),
            key("max-length", Shape::Number { least: 1 }, "the rule's own", "The longest name, in characters."),
            key("banned-words", Shape::Texts, "the rule's own", "Words that say nothing, whatever their case."),
            key(
                "future-tolerance",
                Shape::Text,
                "the rule's own",
                "How far ahead of the clock a stamp may be: `90m`, `24h`, `2d`.",
            ),
        ],
    },
    Table {
        header: "naming.objects",
        list: false,
        about: "Patterns that the names of new objects must match (rule `misnamed-object`).",
        keys: &[
            key("table", Shape::Regex, "", "Tables."),
            key("column", Shape::Regex, "", "Columns."),
            key("index", Shape::Regex, "", "Indexes that are not unique."),
            key("unique", Shape::Regex, "", "Unique constraints and indexes."),
            key("foreign-key", Shape::Regex, "", "Foreign keys."),
            key("primary-key", Shape::Regex, "", "Primary keys."),
            key("check", Shape::Regex, "", "CHECK constraints."),
            key("enum", Shape::Regex, "", "Enum types."),
            key("enum-value", Shape::Regex, "", "Labels of enums."),
        ],
    },
    Table {
        header: "prisma",
        list: false,
        about: "What holds for every Prisma project.",
        keys: &[key(
            "version",
            Shape::Text,
            "what `package.json` says",
            "Prisma's version (`6`, `6.2`): its comparison changed over time.",
        )],
    },
    Table {
        header: "alembic",
        list: false,
        about: "What holds for every Alembic project.",
        keys: &[
            key("max-heads", Shape::Number { least: 1 }, "1", "How many heads the revision graph may have."),
            key("head-labels", Shape::Texts, "", "Branch labels that may have a head of their own beside those."),
            key("compare-type", Shape::Bool, "what `env.py` says", "Whether column types are compared."),
            key("compare-server-default", Shape::Bool, "what `env.py` says", "Whether server defaults are compared."),
            key(
                "beyond-engine",
                Shape::Word(&RuleLevel::WORDS),
                "warning",
                "The level of differences that autogenerate would not see.",
            ),
        ],
    },
    Table {
        header: "project",
        list: true,
        about: "A project that is not found by itself, or not rightly. What is left out is found as without the entry.",
        keys: &[
            required("name", Shape::Text, "A short name, unique in the repository."),
            key("ecosystem", Shape::Word(&["prisma", "alembic"]), "found", "Whose project it is."),
            key("root", Shape::Text, "found", "The folder its commands are run from."),
            key("schema", Shape::Texts, "found", "Schema files or folders, or the models' files and folders."),
            key(
                "migrations",
                Shape::Texts,
                "found",
                "Prisma's migrations folder; Alembic's script location or versions folders.",
            ),
            key("provider", Shape::Provider, "found", "The database."),
            key("prisma-version", Shape::Text, "that of [prisma]", "Prisma's version."),
            key("compare-type", Shape::Bool, "that of [alembic]", "Whether column types are compared."),
            key("compare-server-default", Shape::Bool, "that of [alembic]", "Whether server defaults are compared."),
            key(
                "max-heads",
                Shape::Number { least: 1 },
                "that of [alembic]",
                "How many heads the revision graph may have.",
            ),
        ],
    },
    Table {
        header: "project.rules",
        list: false,
        about: "Levels of rules in this project alone.",
        keys: &[key("*", Shape::Levels, "that of [rules]", "The level of the rule of that id.")],
    },
    Table {
        header: "allow",
        list: true,
        about: "What is allowed in spite of a rule: one rule, at one place, for a reason. One of `path`, `object` and \
                `project` is needed; where several are given, all must match. What was allowed is counted in every report.",
        keys: &[
            required("rule", Shape::Rule, "The rule."),
            key("path", Shape::Text, "", "A glob that matches the file of the finding or one that it names."),
            key(
                "object",
                Shape::Text,
                "",
                "The table, column or other object of the finding; `*` stands for anything.",
            ),
            key("project", Shape::Text, "", "The project of the finding."),
            required("reason", Shape::Text, "Why."),
            key("owner", Shape::Text, "", "Who answers for it."),
            key(
                "until",
                Shape::Date,
                "",
                "The last day on which it holds; afterwards the allowance itself is an error.",
            ),
        ],
    },
    Table {
        header: "squash",
        list: true,
        about: "Migrations that were replaced by one: their files may go.",
        keys: &[
            key("project", Shape::Text, "every project", "The project."),
            required("replaced", Shape::Texts, "Names or ids of the migrations that are gone."),
            required("by", Shape::Text, "Name or id of the migration that stands for them."),
            required("reason", Shape::Text, "Why."),
        ],
    },
];

/// The JSON Schema of a policy (draft 7, which editors know), as it is checked in at `driftgate.schema.json`.
pub fn json_schema() -> String {
    let mut root = object("");
    if let Some(map) = root.as_object_mut() {
        map.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
        map.insert("$id".to_owned(), json!(concat!(env!("CARGO_PKG_REPOSITORY"), "/raw/main/driftgate.schema.json")));
        map.insert("title".to_owned(), json!("driftgate.toml"));
    }
    crate::report::json_text(&root)
}

/// The schema of a table with the tables below it.
fn object(header: &str) -> Value {
    let Some(table) = TABLES.iter().find(|table| table.header == header) else { return Value::Bool(true) };
    let mut properties = Map::new();
    for key in table.keys {
        if matches!(key.shape, Shape::Levels) {
            for rule in RuleId::ALL {
                let about = format!("{} (default: {})", rule.summary(), level(*rule));
                properties.insert(rule.as_str().to_owned(), json!({ "enum": RuleLevel::WORDS, "description": about }));
            }
            continue;
        }
        let mut schema = key.shape.schema();
        if let Some(map) = schema.as_object_mut() {
            map.insert("description".to_owned(), json!(key.about));
        }
        properties.insert(key.name.to_owned(), schema);
    }
    for below in TABLES.iter().filter(|below| parent(below.header) == Some(header)) {
        let name = below.header.rsplit('.').next().unwrap_or_default();
        let schema = object(below.header);
        let schema = if below.list { json!({ "type": "array", "items": schema }) } else { schema };
        properties.insert(name.to_owned(), schema);
    }
    let required: Vec<&str> = table.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({
        "type": "object",
        "description": table.about,
        "properties": properties,
        "additionalProperties": false,
    });
    if let Some(map) = schema.as_object_mut() {
        if !required.is_empty() {
            map.insert("required".to_owned(), json!(required));
        }
        if header == "allow" {
            let one_of = ["path", "object", "project"].map(|name| json!({ "required": [name] }));
            map.insert("anyOf".to_owned(), json!(one_of));
        }
    }
    schema
}

/// The table that a table stands in; none for the top.
fn parent(header: &str) -> Option<&str> {
    (!header.is_empty()).then(|| header.rsplit_once('.').map_or("", |(parent, _)| parent))
}

fn level(rule: RuleId) -> &'static str {
    rule.default_level().map_or("off", crate::finding::Level::as_str)
}

impl Shape {
    fn schema(&self) -> Value {
        match self {
            Self::Text => json!({ "type": "string", "minLength": 1 }),
            Self::Regex => json!({ "type": "string", "format": "regex" }),
            Self::Texts | Self::Globs => json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }),
            Self::Number { least } => json!({ "type": "integer", "minimum": least }),
            Self::Bool => json!({ "type": "boolean" }),
            Self::Date => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
            Self::Word(words) => json!({ "enum": words }),
            Self::Convention => json!({ "enum": Convention::ALL.map(Convention::as_str) }),
            Self::Provider => json!({ "enum": Dialect::ALL.map(Dialect::as_str) }),
            Self::Rule => json!({ "enum": RuleId::ALL.iter().map(|rule| rule.as_str()).collect::<Vec<_>>() }),
            Self::Levels => json!({ "enum": RuleLevel::WORDS }),
        }
    }

    /// In the reference.
    fn describe(&self) -> String {
        let words = |words: &[&str]| words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", ");
        match self {
            Self::Text => "text".to_owned(),
            Self::Texts => "list of texts".to_owned(),
            Self::Globs => "list of globs".to_owned(),
            Self::Regex => "regular expression".to_owned(),
            Self::Number { .. } => "whole number".to_owned(),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Date => "date".to_owned(),
            Self::Word(all) => words(all),
            Self::Convention => words(&Convention::ALL.map(Convention::as_str)),
            Self::Provider => words(&Dialect::ALL.map(Dialect::as_str)),
            Self::Rule => "rule id".to_owned(),
            Self::Levels => words(&RuleLevel::WORDS),
        }
    }
}

/// The reference in Markdown, as it is checked in at `docs/policy.md`.
pub fn markdown() -> String {
    let mut out = String::from(INTRODUCTION);
    for table in TABLES {
        let title = match (table.header, table.list) {
            ("", _) => "The top of the file".to_owned(),
            (header, true) => format!("`[[{header}]]`"),
            (header, false) => format!("`[{header}]`"),
        };
        let _ = writeln!(out, "\n## {title}\n\n{}\n\n| key | value | without it | |\n|---|---|---|---|", table.about);
        for key in table.keys {
            let without = match (key.required, key.default) {
                (true, _) => "required".to_owned(),
                (false, default) => default.to_owned(),
            };
            let name = if key.name == "*" { "a rule's id".to_owned() } else { format!("`{}`", key.name) };
            let _ = writeln!(out, "| {name} | {} | {without} | {} |", key.shape.describe(), key.about);
        }
        if table.header == "naming" {
            out.push_str("\n| convention | a name that follows it |\n|---|---|\n");
            for convention in Convention::ALL {
                let _ = writeln!(out, "| `\"{}\"` | `{}` |", convention.as_str(), convention.example());
            }
        }
    }
    out
}

const INTRODUCTION: &str = "# The policy

driftgate needs no policy: projects are found by themselves and every rule has a level. `driftgate init` writes a commented
file from what it finds.

The file is read **from what is judged**: from the index in a hook, from the commit in CI. An edit that is not staged does not
count, and an edit of the policy is judged together with the change it travels with. `--config FILE` reads another file
from the disk instead.

Mistakes stop the check with exit code 2 and a place: unknown keys and rules, globs that match no file, expressions that do not
compile, dates that are none. Nothing is ever silently ignored.

Globs are relative to the repository's root; `*` and `?` stop at `/`, `**` does not, and a glob that matches a folder
matches everything in it. Regular expressions are those of the Rust crate `regex`; they match anywhere in a name unless they are
anchored with `^` and `$`.

Allowances can also stand beside what they allow, in a comment: `-- driftgate: allow dropped-column: reason` in SQL,
`# driftgate: allow …` in Python, `// driftgate: allow …` in a Prisma schema.
";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Compares a file of the repository with what it must hold; `DRIFTGATE_BLESS=1` writes it.
    fn current(file: &str, text: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var_os("DRIFTGATE_BLESS").is_some() {
            std::fs::write(&path, text).expect("writes");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(there == text, "{file} is not current: run DRIFTGATE_BLESS=1 cargo test --lib policy::reference");
    }

    #[test]
    fn the_schema_is_current() {
        current("driftgate.schema.json", &json_schema());
    }

    #[test]
    fn the_reference_is_current() {
        current("docs/policy.md", &markdown());
    }

    /// The keys that the structs know, by asking each table for one that it does not have: the reader answers with a list.
    #[test]
    fn the_table_lists_what_is_read() {
        for table in TABLES.iter().filter(|table| !table.header.ends_with("rules")) {
            let header = match (table.header, table.list) {
                ("", _) => String::new(),
                (header, true) => format!("[[{header}]]\n"),
                (header, false) => format!("[{header}]\n"),
            };
            let text = format!("{header}no-such-key = 1\n");
            let error = toml::from_str::<super::super::file::PolicyFile>(&text).expect_err("unknown key");
            let mut read: BTreeSet<&str> = error.message().split('`').skip(3).step_by(2).collect();
            if read.is_empty() {
                // A table with one key: "expected `version`".
                read = error.message().rsplit('`').skip(1).take(1).collect();
            }
            let listed = table.keys.iter().map(|key| key.name);
            let below = TABLES.iter().filter(|below| parent(below.header) == Some(table.header));
            let below = below.map(|below| below.header.rsplit('.').next().unwrap_or_default());
            assert_eq!(read, listed.chain(below).collect(), "[{}]", table.header);
        }
    }

    #[test]
    fn what_is_required_is_missed() {
        for table in TABLES.iter().filter(|table| table.list) {
            let error = toml::from_str::<super::super::file::PolicyFile>(&format!("[[{}]]\n", table.header));
            let message = error.expect_err("required keys").to_string();
            let required: Vec<&str> = table.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
            assert!(required.iter().any(|name| message.contains(&format!("missing field `{name}`"))), "{message}");
        }
    }

    /// Every example is a policy, and holds only what the schema knows.
    #[test]
    fn examples_are_policies() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policies");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).expect("examples/policies") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            count += 1;
            let text = std::fs::read_to_string(&path).expect("reads");
            let snapshot = crate::git::MemorySnapshot::new([
                ("backend/prisma/schema.prisma", ""),
                ("backend/prisma/migrations/20260105093000_init/migration.sql", ""),
                ("services/billing/alembic.ini", ""),
                ("services/billing/billing/models.py", ""),
                ("services/billing/migrations/env.py", ""),
                ("third_party/old/schema.prisma", ""),
                ("deploy/release.sh", ""),
            ]);
            let source = crate::source::Source::new("driftgate.toml".into(), text);
            if let Err(errors) = crate::policy::Policy::read(&source, &snapshot) {
                panic!("{}: {errors}", path.display());
            }
        }
        assert!(count >= 3, "only {count} examples");
    }
}

//! Tests of the policy as a whole: what it reads, and one case for every kind of mistake.

use std::time::Duration;

use super::*;
use crate::catalog::Dialect;
use crate::git::MemorySnapshot;
use crate::report::{Look, policy_errors};

fn snapshot() -> MemorySnapshot {
    MemorySnapshot::new([
        ("backend/prisma/schema.prisma", ""),
        ("backend/prisma/migrations/1_init/migration.sql", ""),
        ("web/alembic.ini", ""),
        ("web/app/models.py", ""),
        ("third_party/old.sql", ""),
        ("deploy/run.sh", ""),
    ])
}

fn read(text: &str) -> Result<Policy, PolicyErrors> {
    Policy::read(&Source::new("driftgate.toml".into(), text), &snapshot())
}

fn policy(text: &str) -> Policy {
    read(text).unwrap_or_else(|errors| panic!("{errors}"))
}

const WHOLE: &str = r#"
required-version = ">=0.1"
fail-on = "warning"
exclude = ["third_party/**"]
documents = ["deploy/*.sh"]

[rules]
uncovered-change = "warning"

[naming]
convention = "prisma"
min-words = 2
max-length = 60
banned-words = ["WIP", "test"]
future-tolerance = "24h"

[naming.objects]
table = '^[a-z_]+$'
foreign-key = '_fkey$'
enum-value = '^[A-Z_]+$'

[prisma]
version = "6.2"

[alembic]
max-heads = 2
head-labels = ["billing"]
compare-type = true
compare-server-default = false
beyond-engine = "off"

[[project]]
name = "backend"
ecosystem = "prisma"
root = "./backend/"
schema = ["backend/prisma/schema.prisma"]
migrations = ["backend/prisma/migrations"]
provider = "postgres"
prisma-version = "5"

[project.rules]
uncovered-change = "off"

[[project]]
name = "web"
ecosystem = "alembic"
compare-server-default = true
max-heads = 3

[[allow]]
rule = "uncovered-change"
object = "users.legacy_*"
project = "backend"
reason = "read by nobody"
owner = "platform"
until = 2026-03-01

[[allow]]
rule = "uncovered-change"
path = "web/**"
reason = "moves next week"
until = "2026-03-02"

[[squash]]
project = "backend"
replaced = ["1_a", "2_b"]
by = "3_squashed"
reason = "first release"
"#;

#[test]
fn a_whole_policy() {
    let policy = policy(WHOLE);
    assert_eq!(policy.path, Some("driftgate.toml".into()));
    assert_eq!(policy.fail_on, FailOn::Warning);
    assert!(policy.exclude.matches(&"third_party/old.sql".into()) && !policy.exclude.matches(&"deploy/run.sh".into()));
    assert!(policy.documents.matches(&"deploy/run.sh".into()));
    assert_eq!(policy.level(RuleId::UncoveredChange, None), Some(Level::Warning));
    assert_eq!(policy.level(RuleId::UncoveredChange, Some("web")), Some(Level::Warning));
    assert_eq!(policy.level(RuleId::UncoveredChange, Some("backend")), None);

    assert_eq!(policy.naming.migration.as_ref().and_then(|pattern| pattern.convention), Some(Convention::Prisma));
    assert_eq!((policy.naming.min_words, policy.naming.max_length), (Some(2), Some(60)));
    assert_eq!(policy.naming.banned_words.as_deref(), Some(["wip".to_owned(), "test".to_owned()].as_slice()));
    assert_eq!(policy.naming.future_tolerance, Some(Duration::from_hours(24)));
    let kinds: Vec<ObjectKind> = policy.naming.objects.keys().copied().collect();
    assert_eq!(kinds, [ObjectKind::Table, ObjectKind::ForeignKey, ObjectKind::EnumValue]);

    assert_eq!(policy.prisma_version.as_deref(), Some("6.2"));
    assert_eq!((policy.max_heads("backend"), policy.max_heads("web")), (2, 3));
    assert_eq!(policy.alembic.head_labels, ["billing"]);
    assert_eq!(policy.alembic.beyond_engine, None);
    let facts = policy.facts(EcosystemKind::Alembic);
    assert_eq!(facts.get("compare-type").map(String::as_str), Some("true"));
    assert_eq!(facts.get("compare-server-default").map(String::as_str), Some("false"));

    let prisma = policy.overrides(EcosystemKind::Prisma);
    let [backend] = prisma.as_slice() else { panic!("one Prisma project: {prisma:?}") };
    assert_eq!(backend.root, Some("backend".into()));
    assert_eq!(backend.dialect, Some(Dialect::PostgreSql));
    assert_eq!(backend.facts.get("prisma-version").map(String::as_str), Some("5"));
    let alembic = policy.overrides(EcosystemKind::Alembic);
    assert_eq!(alembic.len(), 1);
    assert_eq!(alembic[0].facts.get("compare-server-default").map(String::as_str), Some("true"));

    assert!(policy.squash("backend", "1_a").is_some());
    assert!(policy.squash("web", "1_a").is_none() && policy.squash("backend", "3_squashed").is_none());
}

#[test]
fn without_a_file_the_defaults_hold() {
    let policy = Policy::load(&snapshot()).expect("no policy");
    assert_eq!(policy.path, None);
    assert_eq!(policy.fail_on, FailOn::Error);
    assert_eq!(policy.max_heads("any"), 1);
    assert_eq!(policy.alembic.beyond_engine, Some(Level::Warning));
    assert_eq!(policy.level(RuleId::UncoveredChange, None), RuleId::UncoveredChange.default_level());
    let empty = Policy::load(&MemorySnapshot::new([(".driftgate.toml", "")])).expect("an empty policy");
    assert_eq!(empty.path, Some(".driftgate.toml".into()));
}

#[test]
fn two_files_are_one_too_many() {
    let both = MemorySnapshot::new([("driftgate.toml", ""), (".driftgate.toml", "")]);
    let errors = Policy::load(&both).expect_err("two policies");
    insta::assert_snapshot!(policy_errors(&errors, &Look::plain()), @r"
    error[policy]

      × there are two policies, driftgate.toml and .driftgate.toml
      help: keep one of them: git rm --cached -- .driftgate.toml

    nothing was checked
    ");
}

#[test]
fn files_outside_are_read_from_the_disk() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("own.toml");
    std::fs::write(&file, "fail-on = \"never\"").expect("writes");
    assert_eq!(Policy::load_file(&file, &snapshot()).expect("reads").fail_on, FailOn::Never);
    let missing = Policy::load_file(&dir.path().join("none.toml"), &snapshot()).expect_err("not there");
    assert!(matches!(missing.0.as_slice(), [PolicyError::Unreadable { .. }]), "{missing}");
    std::fs::write(&file, b"fail-on = \"\xff\"").expect("writes");
    assert!(Policy::load_file(&file, &snapshot()).is_err());
}

#[test]
fn allowances_cover_what_they_name() {
    let policy = policy(WHOLE);
    let day = |text: &str| text.parse::<Date>().expect("a date");
    let finding = |object: &str, project: &str, path: &str| {
        let mut finding = Finding::new(RuleId::UncoveredChange, path.into(), "m", "h").about(object);
        finding.project = Some(project.to_owned());
        finding
    };
    let legacy = finding("users.legacy_token", "backend", "backend/prisma/schema.prisma");
    assert_eq!(policy.allowance(&legacy, day("2026-03-01")), Some(0));
    assert_eq!(policy.allowance(&legacy, day("2026-03-02")), None, "its last day is over");
    assert_eq!(policy.allowance(&finding("users.age", "backend", "backend/x"), day("2026-01-01")), None);
    assert_eq!(policy.allowance(&finding("users.legacy_token", "web", "backend/x"), day("2026-01-01")), None);
    let elsewhere = finding("users.age", "web", "backend/x");
    assert_eq!(policy.allowance(&elsewhere, day("2026-01-01")), None);
    let related = elsewhere.related_file("web/app/models.py".into(), "declared");
    assert_eq!(policy.allowance(&related, day("2026-01-01")), Some(1));
}

/// One policy per kind of mistake, and what a person reads.
#[test]
fn mistakes() {
    let cases = [
        ("syntax", "fail-on = \n"),
        ("duplicate_key", "fail-on = \"error\"\nfail-on = \"never\"\n"),
        ("unknown_key", "fail_on = \"error\"\n"),
        ("unknown_key_in_table", "[naming]\nminimum-words = 2\n"),
        ("unknown_table", "[zebra]\nx = 1\n"),
        ("unknown_word", "fail-on = \"errors\"\n"),
        ("unknown_level", "[rules]\nuncovered-change = \"fatal\"\n"),
        ("unknown_rule", "[rules]\nuncovered_changes = \"off\"\n"),
        ("unknown_rule_far", "[rules]\nzebra = \"off\"\n"),
        ("wrong_type", "exclude = \"third_party\"\n"),
        ("negative", "[naming]\nmin-words = -1\n"),
        ("missing_reason", "[[allow]]\nrule = \"uncovered-change\"\npath = \"web/**\"\n"),
        ("empty_reason", "[[allow]]\nrule = \"uncovered-change\"\npath = \"web/**\"\nreason = \"  \"\n"),
        ("blanket", "[[allow]]\nrule = \"uncovered-change\"\nreason = \"please\"\n"),
        ("bad_date", "[[allow]]\nrule = \"uncovered-change\"\npath = \"a\"\nreason = \"b\"\nuntil = \"next week\"\n"),
        ("bad_date_value", "[[allow]]\nrule = \"uncovered-change\"\npath = \"a\"\nreason = \"b\"\nuntil = 12\n"),
        (
            "impossible_date",
            "[[allow]]\nrule = \"uncovered-change\"\npath = \"a\"\nreason = \"b\"\nuntil = \"2026-02-30\"\n",
        ),
        ("bad_regex", "[naming.objects]\ntable = \"^[a-z\"\n"),
        ("huge_regex", "[naming]\npattern = \"(a{1000}){1000}\"\n"),
        ("two_patterns", "[naming]\nconvention = \"prisma\"\npattern = \"x\"\n"),
        ("unknown_convention", "[naming]\nconvention = \"prism\"\n"),
        ("bad_glob", "exclude = [\"a[\"]\n"),
        ("empty_glob", "exclude = [\"\"]\n"),
        ("unmatched_glob", "exclude = [\"third-party/**\", \"deploy/**\"]\n"),
        ("unmatched_schema", "[[project]]\nname = \"a\"\nschema = [\"backend/prisma/shema.prisma\"]\n"),
        ("outside", "[[project]]\nname = \"a\"\nroot = \"../other\"\n"),
        ("duplicate_project", "[[project]]\nname = \"a\"\n\n[[project]]\nname = \"a\"\n"),
        ("unnamed_project", "[[project]]\nname = \"\"\n"),
        ("unknown_ecosystem", "[[project]]\nname = \"a\"\necosystem = \"alembik\"\n"),
        ("unknown_provider", "[[project]]\nname = \"a\"\nprovider = \"postgre\"\n"),
        (
            "unknown_project",
            "[[project]]\nname = \"backend\"\n\n[[allow]]\nrule = \"uncovered-change\"\nproject = \"backnd\"\nreason = \"b\"\n",
        ),
        ("wrong_ecosystem", "[[project]]\nname = \"a\"\necosystem = \"prisma\"\ncompare-type = true\n"),
        ("zero_heads", "[alembic]\nmax-heads = 0\n"),
        ("bad_duration", "[naming]\nfuture-tolerance = \"a day\"\n"),
        ("bad_prisma_version", "[prisma]\nversion = \"latest\"\n"),
        ("other_version", "required-version = \">=99\"\nkey-of-the-future = 1\n"),
        ("bad_version", "required-version = \"^1\"\n"),
        ("empty_squash", "[[squash]]\nreplaced = []\nby = \"\"\nreason = \"r\"\n"),
        ("many", "exclude = [\"nothing/**\"]\n[rules]\nzebra = \"off\"\n[naming.objects]\ntable = \"(\"\n"),
    ];
    for (name, text) in cases {
        let errors = match read(text) {
            Ok(policy) => panic!("{name} is taken: {policy:?}"),
            Err(errors) => errors,
        };
        for error in &errors.0 {
            assert!(!error.help().is_empty(), "{name}: {error} says nothing to do");
        }
        let shown = format!("{text}---\n{}", policy_errors(&errors, &Look::plain()));
        insta::assert_snapshot!(format!("mistake_{name}"), shown);
    }
}

#[test]
fn far_too_many_entries_are_refused() {
    let globs: Vec<String> = (0..3_000).map(|number| format!("\"a{number}\"")).collect();
    let errors = read(&format!("exclude = [{}]", globs.join(","))).expect_err("too many");
    assert!(matches!(errors.0.as_slice(), [PolicyError::TooMany { count: 3_000, .. }]), "{errors}");
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[a-z\\[\\]=\"'#.\n0-9 {}\\-]{0,200}") {
        let _ = read(&text);
    }
}

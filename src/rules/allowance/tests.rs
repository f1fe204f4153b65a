use std::sync::Arc;

use super::*;
use crate::finding::Level;
use crate::git::MemorySnapshot;
use crate::rules::RuleId;
use crate::source::{RepoPath, Source, Span};

const SQL: &str = "-- driftgate: allow dropped-column: not read since 4.2\n-- Two lines of comment.\n\
                   ALTER TABLE users DROP COLUMN age;\nALTER TABLE users DROP COLUMN name;\n";

fn file(path: &str, before: Option<&str>, after: &str) -> ChangedFile {
    let path = RepoPath::new(path);
    ChangedFile {
        before: before.map(|text| Source::new(path.clone(), text)),
        after: Some(Source::new(path.clone(), after)),
        path,
    }
}

/// A finding at the first place of a text in a file.
fn at(rule: RuleId, source: &Arc<Source>, text: &str) -> Finding {
    let start = source.text().find(text).expect("the text is there");
    let place = Place::new(source, Span::new(start, start + text.len()));
    Finding::new(rule, source.path().clone(), "a finding", "help").at(&place).about("users.age")
}

fn policy(text: &str) -> Policy {
    Policy::load(&MemorySnapshot::new([("driftgate.toml", text), ("m.sql", "")])).expect("a valid policy")
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

fn messages(outcome: &Outcome) -> Vec<&str> {
    outcome.kept.iter().map(|finding| finding.message.as_str()).collect()
}

#[test]
fn a_comment_above_or_on_the_line_allows_one_rule_there() {
    let files = [file("m.sql", None, SQL)];
    let source = files[0].after.clone().expect("text");
    let drop_age = at(RuleId::DroppedColumn, &source, "ALTER TABLE users DROP COLUMN age");
    let drop_name = at(RuleId::DroppedColumn, &source, "ALTER TABLE users DROP COLUMN name");
    let other_rule = at(RuleId::SuspectedRename, &source, "ALTER TABLE users DROP COLUMN age");
    let outcome = apply_allowances(vec![drop_age, drop_name, other_rule], &files, &Policy::default(), None, false);
    assert_eq!(outcome.allowed.len(), 1);
    assert_eq!(outcome.allowed[0].reason, "not read since 4.2");
    assert_eq!(outcome.allowed[0].by.start(), (1, 1));
    assert_eq!(outcome.kept.len(), 2);

    let text = "model User {\n  age Int? // driftgate: allow missing-migration: made by hand\n  name String?\n}\n";
    let files = [file("s.prisma", None, text)];
    let source = files[0].after.clone().expect("text");
    let findings = ["age Int?", "name String?"].map(|text| at(RuleId::MissingMigration, &source, text));
    let outcome = apply_allowances(findings.into(), &files, &Policy::default(), None, false);
    assert_eq!((outcome.allowed.len(), outcome.kept.len()), (1, 1), "a comment behind a line speaks of that line");
}

#[test]
fn a_comment_above_a_block_allows_what_is_in_it() {
    let text = "# driftgate: allow missing-migration: a view\n@mapped\nclass Report(Base):\n    id = Column(Integer)\n    name = Column(\n        String,\n    )\n\nclass User(Base):\n    age = Column(Integer)\n";
    let files = [file("models.py", None, text)];
    let source = files[0].after.clone().expect("text");
    let findings = ["id =", "String,", "age ="].map(|text| at(RuleId::MissingMigration, &source, text));
    let outcome = apply_allowances(findings.into(), &files, &Policy::default(), None, false);
    assert_eq!((outcome.allowed.len(), outcome.kept.len()), (2, 1));
}

#[test]
fn a_finding_about_a_whole_file_is_allowed_anywhere_in_it() {
    let files = [file("m.sql", None, "-- Nothing.\n-- driftgate: allow empty-migration: keeps a place\n")];
    let finding = Finding::new(RuleId::EmptyMigration, "m.sql".into(), "empty", "help");
    let outcome = apply_allowances(vec![finding], &files, &Policy::default(), None, false);
    assert_eq!((outcome.allowed.len(), outcome.kept.len()), (1, 0));
}

#[test]
fn allowances_without_reason_rule_or_effect_are_told() {
    let text = "-- driftgate: allow dropped-column\n-- driftgate: allow droped-column: x\n-- driftgate: allow dropped-table: y\nDROP TABLE t;\n";
    let files = [file("m.sql", None, text)];
    let source = files[0].after.clone().expect("text");
    let outcome = apply_allowances(
        vec![at(RuleId::DroppedColumn, &source, "DROP TABLE t")],
        &files,
        &Policy::default(),
        None,
        false,
    );
    assert_eq!(
        messages(&outcome),
        [
            "a finding",
            "the allowance of dropped-column gives no reason, and allows nothing",
            "the allowance names droped-column, which is no rule",
            "the allowance of dropped-table matched nothing"
        ]
    );
    assert_eq!(outcome.kept[2].help, "did you mean dropped-column?");
    assert_eq!(outcome.kept[1].level, Level::Warning);
}

#[test]
fn a_name_is_guessed_where_three_letters_are_wrong_and_no_more() {
    for (id, help) in
        [("dropped-col", "did you mean dropped-column?"), ("dropped-c", "name a rule: driftgate rules lists them")]
    {
        let files = [file("m.sql", None, &format!("-- driftgate: allow {id}: x\nSELECT 1;\n"))];
        let outcome = apply_allowances(Vec::new(), &files, &Policy::default(), None, false);
        assert_eq!(outcome.kept[0].help, help, "{id}");
    }
}

#[test]
fn old_comments_are_left_alone_and_a_state_knows_rules_of_states_only() {
    let files = [file("m.sql", Some(SQL), SQL)];
    assert!(apply_allowances(Vec::new(), &files, &Policy::default(), None, false).kept.is_empty());
    assert!(apply_allowances(Vec::new(), &files, &Policy::default(), None, true).kept.is_empty());
    let text = "-- driftgate: allow broken-history: x\n";
    let files = [file("m.sql", Some(text), text)];
    assert_eq!(apply_allowances(Vec::new(), &files, &Policy::default(), None, true).kept.len(), 1);
}

#[test]
fn the_policy_allows_by_rule_and_object() {
    let text = "[[allow]]\nrule = \"dropped-column\"\nobject = \"users.*\"\nreason = \"not read\"\n";
    let policy = policy(text);
    let files = [file("m.sql", None, "ALTER TABLE users DROP COLUMN age;\n")];
    let source = files[0].after.clone().expect("text");
    let finding = at(RuleId::DroppedColumn, &source, "ALTER TABLE");
    let outcome = apply_allowances(vec![finding], &files, &policy, Some(day("2026-01-12")), false);
    assert_eq!(outcome.allowed.len(), 1);
    assert!(outcome.kept.is_empty());
}

#[test]
fn an_entry_past_its_day_allows_nothing_and_is_told_where_it_is_missed() {
    let text = "[[allow]]\nrule = \"dropped-column\"\nobject = \"users.age\"\nreason = \"soon\"\nowner = \"data\"\nuntil = 2026-01-11\n";
    let policy = policy(text);
    let files = [file("m.sql", None, "ALTER TABLE users DROP COLUMN age;\n"), file("driftgate.toml", Some(text), text)];
    let source = files[0].after.clone().expect("text");
    let finding = || at(RuleId::DroppedColumn, &source, "ALTER TABLE");
    let outcome = apply_allowances(vec![finding()], &files, &policy, Some(day("2026-01-12")), false);
    assert_eq!(messages(&outcome), ["a finding", "the allowance of dropped-column of users.age ended on 2026-01-11"]);
    assert!(outcome.kept[1].help.ends_with("or ask data"), "{}", outcome.kept[1].help);
    assert_eq!(outcome.kept[1].level, Level::Error);
    let outcome = apply_allowances(vec![finding()], &files, &policy, Some(day("2026-01-11")), false);
    assert_eq!(outcome.allowed.len(), 1, "the last day counts");
    let quiet = apply_allowances(Vec::new(), &files, &policy, Some(day("2026-01-12")), false);
    assert!(quiet.kept.is_empty(), "a change that does not need it does not hear of it");
    assert_eq!(apply_allowances(Vec::new(), &files, &policy, Some(day("2026-01-12")), true).kept.len(), 1);
}

#[test]
fn a_new_entry_that_matches_nothing_is_told() {
    let entry = "[[allow]]\nrule = \"dropped-column\"\nobject = \"users.age\"\nreason = \"soon\"\n";
    let policy = policy(entry);
    let run = |before: Option<&str>| {
        let files = [file("driftgate.toml", before, entry)];
        apply_allowances(Vec::new(), &files, &policy, None, false).kept.len()
    };
    assert_eq!(run(None), 1);
    assert_eq!(run(Some("fail-on = \"error\"\n")), 1);
    assert_eq!(run(Some(entry)), 0);
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_strange(text in "(\\PC|\n|-- driftgate: allow |# driftgate: allow x:){0,20}") {
        let files = [file("m.sql", None, &text)];
        apply_allowances(Vec::new(), &files, &Policy::default(), None, false);
    }
}

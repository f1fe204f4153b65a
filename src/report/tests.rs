//! Every format on the same findings.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::diff::{DiffFormat, DiffReport, Problem, ProjectDiff, Verdict};
use super::graph::{Drawn, GraphFormat, Mark};
use super::*;
use crate::git::MemorySnapshot;
use crate::history::{History, Migration, Operations};
use crate::policy::Policy;
use crate::project::Project;
use crate::source::{Source, Span};

/// Text that shows where lines end: blanks at an end are seen.
fn shown(text: &str) -> String {
    text.lines().map(|line| if line.ends_with(' ') { format!("{line}$\n") } else { format!("{line}\n") }).collect()
}

/// No control character but the line end, and none that turns text around.
fn assert_harmless(text: &str) {
    let bad = text
        .chars()
        .find(|&c| (c.is_control() && c != '\n') || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'));
    assert_eq!(bad, None, "in {text}");
}

fn at(width: usize) -> Look {
    Look { width, ..Look::plain() }
}

#[test]
fn full_for_a_person() {
    insta::assert_snapshot!("full_one_80", shown(&render(&fixtures::one(), Format::Full, &at(80))));
    insta::assert_snapshot!("full_many_80", shown(&render(&fixtures::many(), Format::Full, &at(80))));
    insta::assert_snapshot!("full_many_120", shown(&render(&fixtures::many(), Format::Full, &at(120))));
}

#[test]
fn what_mends_several_findings_is_printed_once() {
    let report = fixtures::mended_at_once();
    let text = render(&report, Format::Full, &at(80));
    insta::assert_snapshot!("full_mended_at_once", shown(&text));
    let mut other = report;
    other.findings[0].project = Some("web".to_owned());
    let apart = render(&other, Format::Full, &at(80));
    assert_eq!(apart.matches("change_a_and_b").count(), 2, "another project, another migration: {apart}");
}

/// A path that is broken in two cannot be copied, however narrow the terminal.
#[test]
fn words_stay_whole_in_a_narrow_terminal() {
    let report = fixtures::one();
    let text = render(&report, Format::Full, &at(40));
    for word in report.findings[0].message.split_whitespace() {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn full_in_ascii_aloud_and_at_length() {
    let ascii = Look { unicode: false, ..at(80) };
    let text = render(&fixtures::one(), Format::Full, &ascii);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("full_one_ascii", shown(&text));
    let aloud = Look { graphics: false, unicode: false, ..at(80) };
    insta::assert_snapshot!("full_one_aloud", shown(&render(&fixtures::one(), Format::Full, &aloud)));
    let verbose = Look { verbose: true, hook: true, ..at(80) };
    insta::assert_snapshot!("full_many_verbose", shown(&render(&fixtures::many(), Format::Full, &verbose)));
}

#[test]
fn colours_change_nothing_but_colours() {
    let plain = render(&fixtures::many(), Format::Full, &at(80));
    let colored = render(&fixtures::many(), Format::Full, &Look { color: true, ..at(80) });
    assert!(colored.contains("\u{1b}["));
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&anstream::adapter::strip_str(&colored).to_string()), words(&plain));
}

#[test]
fn the_ids_of_rules_lead_to_their_pages() {
    let look = Look { links: true, ..at(80) };
    let rule = fixtures::many().findings[0].rule;
    let link = format!("\u{1b}]8;;{}\u{1b}\\{rule}\u{1b}]8;;\u{1b}\\", rule.url());
    for format in [Format::Full, Format::Concise] {
        let linked = render(&fixtures::many(), format, &look);
        assert!(linked.contains(&format!("[{link}]")), "{linked:?}");
        // Nothing else changes.
        let plain = linked.split("\u{1b}]8;;").map(|part| part.split_once("\u{1b}\\").map_or(part, |(_, text)| text));
        assert_eq!(plain.collect::<String>(), render(&fixtures::many(), format, &at(80)));
    }
}

#[test]
fn nothing_hostile_is_printed() {
    let look = Look { verbose: true, ..at(80) };
    for format in
        [Format::Full, Format::Concise, Format::Json, Format::Github, Format::Gitlab, Format::Sarif, Format::Markdown]
    {
        assert_harmless(&render(&fixtures::many(), format, &look));
    }
    assert_harmless(&render(&fixtures::many(), Format::Full, &Look { graphics: false, ..look }));
}

/// What lies below a folder with a line end in its name, and a headline with one.
#[test]
fn a_line_end_in_a_name_ends_no_line() {
    let mut report = fixtures::one();
    let finding = &mut report.findings[0];
    finding.message = "the table a\n::error::b is declared".to_owned();
    finding.related.clear();
    finding.related.push(crate::finding::Related {
        path: "migrations/2026_a\nforged/migration.sql".into(),
        place: None,
        message: "2026_a\nforged does not do it".to_owned(),
    });
    let full = render(&report, Format::Full, &at(200));
    assert!(full.contains("migrations/2026_a\\nforged/migration.sql: 2026_a\\nforged does not do it"), "{full}");
    for format in [Format::Full, Format::Concise, Format::Github] {
        let text = render(&report, format, &at(200));
        assert!(text.contains("a\\n::error::b"), "{text}");
        assert!(text.lines().all(|line| !line.trim_start().starts_with("forged")), "{text}");
    }
}

#[test]
fn concise_is_one_line_a_finding() {
    let text = render(&fixtures::many(), Format::Concise, &at(80));
    assert_eq!(text.lines().count(), fixtures::many().findings.len() + 1);
    insta::assert_snapshot!("concise_many", shown(&text));
}

#[test]
fn advice_is_wrapped_and_what_is_copied_is_not() {
    let look = Look { width: 40, ..Look::plain() };
    let said = |help: &str| failure("no", Some(help), &look);
    assert_eq!(
        said(
            "declare it in the schema, or take it out with `git rm a/very/long/path/of/a/migration.sql`; to go on:\n  npx prisma migrate dev --name a_long_name_of_a_migration"
        ),
        "error: no\n  help: declare it in the schema, or\n        take it out with\n        `git rm a/very/long/path/of/a/migration.sql`;\n        to go on:\n          npx prisma migrate dev --name a_long_name_of_a_migration\nnothing was checked\n"
    );
    let command = "git add prisma/migrations/20260212101500_add_token_hash";
    assert_eq!(said(command), format!("error: no\n  help: {command}\nnothing was checked\n"));
    let statement = "add it to a.sql:\nALTER TABLE \"a\" ADD COLUMN \"b\" TEXT, ADD COLUMN \"c\" TEXT;";
    assert!(said(statement).contains("        ALTER TABLE \"a\" ADD COLUMN \"b\" TEXT, ADD COLUMN \"c\" TEXT;\n"));
}

#[test]
fn statements_on_one_line_can_be_run() {
    assert_eq!(
        super::text::one_line(
            "add it to a.sql:\nCREATE TABLE a (\n    b int,\n\n    PRIMARY KEY (b)\n);\nSELECT 1;\nor not"
        ),
        "add it to a.sql: CREATE TABLE a ( b int, PRIMARY KEY (b) ); SELECT 1; or not"
    );
}

#[test]
fn levels_fail_as_asked() {
    let fails = |report: &Report| {
        [FailOn::Error, FailOn::Warning, FailOn::Note, FailOn::Never].map(|fail_on| report.fails(fail_on))
    };
    assert_eq!(fails(&fixtures::many()), [true, true, true, false]);
    assert_eq!(fails(&fixtures::clean()), [false; 4]);
    let mut warned = fixtures::one();
    warned.findings[0].level = Level::Warning;
    assert_eq!(fails(&warned), [false, true, true, false]);
    warned.findings[0].level = Level::Note;
    assert_eq!(fails(&warned), [false, false, true, false]);
}

#[test]
fn silence() {
    let hook = Look { hook: true, ..Look::plain() };
    let quiet = Look { quiet: true, ..Look::plain() };
    let verbose = Look { verbose: true, hook: true, ..Look::plain() };
    for format in [Format::Full, Format::Concise] {
        assert_eq!(render(&fixtures::irrelevant(), format, &hook), "");
        assert_eq!(render(&fixtures::irrelevant(), format, &quiet), "");
        assert_eq!(render(&fixtures::clean(), format, &quiet), "");
        assert_ne!(render(&fixtures::irrelevant(), format, &verbose), "");
        assert_eq!(
            render(&fixtures::irrelevant(), format, &Look::plain()),
            "driftgate: no findings in 0 of 1 project, 1a2b3c4..index\n"
        );
        assert_eq!(
            render(&fixtures::clean(), format, &hook),
            "driftgate: no findings in 1 project, 1a2b3c4..index; 1 allowed\n"
        );
    }
}

#[test]
fn machine_formats() {
    insta::assert_snapshot!("json_many", render(&fixtures::many(), Format::Json, &Look::plain()));
    insta::assert_snapshot!("github_many", render(&fixtures::many(), Format::Github, &Look::plain()));
    insta::assert_snapshot!("gitlab_many", render(&fixtures::many(), Format::Gitlab, &Look::plain()));
    insta::assert_snapshot!("markdown_many", render(&fixtures::many(), Format::Markdown, &Look::plain()));
}

#[test]
fn every_finding_counts_once() {
    let report = fixtures::many();
    let json: Value = serde_json::from_str(&render(&report, Format::Json, &Look::plain())).expect("JSON");
    assert_eq!(json["version"], 1);
    assert_eq!(json["summary"]["errors"], 2);
    assert_eq!(json["summary"]["warnings"], 1);
    assert_eq!(json["summary"]["notes"], 1);
    assert_eq!(json["summary"]["allowed"], 2);
    assert_eq!(json["summary"]["not_judged"], 7);
    assert_eq!(json["summary"]["projects"], 2);
    let levels: Vec<&str> = report.findings.iter().map(|finding| finding.level.as_str()).collect();
    assert_eq!(levels, ["error", "error", "warning", "note"]);
}

#[test]
fn annotations_are_capped() {
    let ten = annotations(&fixtures::crowd(10));
    assert_eq!(ten.lines().count(), 10);
    assert!(!ten.contains("more"));
    let eleven = annotations(&fixtures::crowd(11));
    assert_eq!(eleven.lines().count(), 10);
    assert!(eleven.lines().last().is_some_and(|line| line.contains("2 errors more")), "{eleven}");
    // Only what we wrote begins a command.
    assert_eq!(annotations(&fixtures::many()).lines().filter(|line| !line.starts_with("::")).count(), 0);
    assert_eq!(annotations(&fixtures::many()).lines().count(), 4);
}

#[test]
fn gitlab_fingerprints_are_unique() {
    let mut report = fixtures::one();
    report.findings.push(report.findings[0].clone());
    let issues: Vec<Value> = serde_json::from_str(&render(&report, Format::Gitlab, &Look::plain())).expect("JSON");
    let prints: BTreeSet<&str> = issues.iter().filter_map(|issue| issue["fingerprint"].as_str()).collect();
    assert_eq!(prints.len(), 2);
}

/// The parts of SARIF 2.1.0 that consumers rely on: the schema's required properties, levels, indexes into the rules,
/// relative URIs, positions from 1.
#[test]
fn sarif_is_sound() {
    let report = fixtures::many();
    let log: Value = serde_json::from_str(&render(&report, Format::Sarif, &Look::plain())).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert_eq!(run["tool"]["driver"]["name"], "driftgate");
    assert_eq!(rules.len(), crate::rules::RuleId::ALL.len());
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), report.findings.len());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("index")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("level")));
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        assert_eq!(result["partialFingerprints"]["driftgate/v1"].as_str().map(str::len), Some(16));
        let related = result["relatedLocations"].as_array().expect("related");
        for location in result["locations"].as_array().expect("locations").iter().chain(related) {
            let physical = &location["physicalLocation"];
            let uri = physical["artifactLocation"]["uri"].as_str().expect("uri");
            assert!(
                !uri.contains("://") && !uri.starts_with('/') && uri.is_ascii() && !uri.contains([' ', ':']),
                "{uri}"
            );
            if let Some(region) = physical.get("region") {
                for key in ["startLine", "startColumn", "endLine", "endColumn"] {
                    assert!(region[key].as_u64().is_some_and(|number| number >= 1), "{region}");
                }
            }
        }
    }
    for rule in rules {
        assert!(
            ["error", "warning", "note", "none"]
                .contains(&rule["defaultConfiguration"]["level"].as_str().expect("level"))
        );
    }
    insta::assert_json_snapshot!("sarif_results", run["results"]);
}

#[test]
fn diff_in_every_format() {
    let migration = Source::new("a/1.sql".into(), "x;\ny;\n");
    let report = DiffReport {
        projects: vec![
            ProjectDiff::new("quiet".to_owned(), EcosystemKind::Prisma, Some(Dialect::Sqlite), vec![], vec![], vec![]),
            ProjectDiff::new(
                "backend".to_owned(),
                EcosystemKind::Prisma,
                Some(Dialect::PostgreSql),
                fixtures::differences(),
                fixtures::many().not_judged.into_iter().take(1).collect(),
                vec![],
            ),
            ProjectDiff::new(
                "bro\u{1b}[31mken".to_owned(),
                EcosystemKind::Alembic,
                None,
                vec![],
                vec![],
                vec![Problem {
                    path: "a/1.sql".into(),
                    place: Some(Place::new(&migration, Span::new(3, 4))),
                    message: "the table \u{1b}x is made twice".to_owned(),
                }],
            ),
        ],
    };
    let verdicts: Vec<Verdict> = report.projects.iter().map(|project| project.verdict).collect();
    assert_eq!(verdicts, [Verdict::InSync, Verdict::Drift, Verdict::Error]);
    assert_eq!(report.status(), Status::Failed);
    for (name, format) in [("full", DiffFormat::Full), ("json", DiffFormat::Json), ("sql", DiffFormat::Sql)] {
        let text = diff::render(&report, format, &Look::plain());
        assert_harmless(&text);
        insta::assert_snapshot!(format!("diff_{name}"), shown(&text));
    }
}

#[test]
fn doubt_and_sharper_eyes_are_no_drift() {
    let verdict = |edit: &dyn Fn(&mut crate::catalog::difference::Difference)| {
        let mut difference = fixtures::differences().remove(0);
        edit(&mut difference);
        let name = "x".to_owned();
        ProjectDiff::new(name, EcosystemKind::Alembic, None, vec![difference], vec![], vec![]).verdict
    };
    assert_eq!(verdict(&|_| ()), Verdict::Drift);
    assert_eq!(verdict(&|difference| difference.certain = false), Verdict::NotJudged);
    assert_eq!(verdict(&|difference| difference.beyond_engine = true), Verdict::InSync);
}

fn migration(id: &str, parents: &[&str], message: &str) -> Migration {
    Migration {
        id: id.to_owned(),
        name: id.to_owned(),
        path: id.into(),
        source: None,
        script: Arc::new(Operations { operations: Vec::new(), refusals: Vec::new(), fingerprint: 0 }),
        parents: parents.iter().map(|&parent| parent.to_owned()).collect(),
        depends_on: Vec::new(),
        labels: Vec::new(),
        message: Some(message.to_owned()).filter(|message| !message.is_empty()),
        place: None,
        parents_place: None,
    }
}

/// The graph of one project, `app`.
fn graph(history: &History, format: GraphFormat, look: &Look) -> String {
    let project = Project {
        name: "app".to_owned(),
        ecosystem: EcosystemKind::Alembic,
        dialect: None,
        root: "".into(),
        schema: Vec::new(),
        migrations: Vec::new(),
        settings: Vec::new(),
        command: String::new(),
        facts: std::collections::BTreeMap::new(),
        parsed: crate::project::Parsed::default(),
    };
    let marks = [("other", Mark::New), ("lone", Mark::Untracked)];
    let marks = marks.into_iter().map(|(id, mark)| (id.to_owned(), mark)).collect();
    super::graph::graph(&[Drawn { project, history: history.clone(), marks }], format, look)
}

#[test]
fn graphs() {
    let mut history = History {
        migrations: vec![
            migration("base", &[], "make users"),
            migration("left", &["base"], ""),
            migration("right", &["base"], "a \"quoted\" <name>"),
            migration("third", &["base"], ""),
            migration("left2", &["left"], ""),
            migration("merge", &["left2", "right", "third"], "join\u{1b}[31m them"),
            migration("other", &["merge", "gone"], ""),
            migration("lone", &["right"], ""),
        ],
        ..History::default()
    };
    history.migrations[7].labels = vec!["billing".to_owned()];
    history.migrations[7].depends_on = vec!["left".to_owned()];
    history.problems.push(crate::history::HistoryProblem {
        kind: crate::history::HistoryProblemKind::MissingParent("gone".to_owned()),
        place: None,
        path: history.migrations[6].path.clone(),
        message: "`gone` is not among the\u{1b}[31m revisions".to_owned(),
    });
    let look = Look::plain();
    insta::assert_snapshot!("graph_terminal", shown(&graph(&history, GraphFormat::Terminal, &look)));
    let ascii = Look { unicode: false, ..look };
    insta::assert_snapshot!("graph_ascii", shown(&graph(&history, GraphFormat::Terminal, &ascii)));
    insta::assert_snapshot!("graph_mermaid", shown(&graph(&history, GraphFormat::Mermaid, &look)));
    insta::assert_snapshot!("graph_dot", shown(&graph(&history, GraphFormat::Dot, &look)));
    insta::assert_snapshot!("graph_json", shown(&graph(&history, GraphFormat::Json, &look)));
}

#[test]
fn long_timelines_and_cycles_are_drawn() {
    let chain: Vec<Migration> = (0..500)
        .map(|number: u32| {
            let parent = number.checked_sub(1).map(|parent| format!("m{parent}"));
            migration(&format!("m{number}"), &parent.iter().map(String::as_str).collect::<Vec<_>>(), "")
        })
        .collect();
    let history = History { migrations: chain, ..History::default() };
    let text = graph(&history, GraphFormat::Terminal, &Look::plain());
    assert_eq!(text.lines().count(), 501);
    assert!(text.lines().skip(1).all(|line| line.starts_with("● m")), "{text}");
    let cycle = History {
        migrations: vec![migration("a", &["b"], ""), migration("b", &["a"], ""), migration("b", &["b"], "")],
        ..History::default()
    };
    for format in [GraphFormat::Terminal, GraphFormat::Mermaid, GraphFormat::Dot, GraphFormat::Json] {
        assert_ne!(graph(&cycle, format, &Look::plain()), "");
    }
}

#[test]
fn failures_say_that_nothing_was_checked() {
    let text = failure("no commit is named `x\u{1b}[31m`", Some("git fetch origin x\nor go on"), &Look::plain());
    assert_eq!(
        text,
        "error: no commit is named `x\\u{1b}[31m`\n  help: git fetch origin x\n        or go on\nnothing was checked\n"
    );
}

#[test]
fn policies_with_hostile_text() {
    let text = "exclude = [\"\u{202e}\u{9b}31m\"]\n# \u{1b}[31m\n";
    let source = Source::new("driftgate.toml".into(), text);
    let snapshot = MemorySnapshot::new([("a", "")]);
    let errors = Policy::read(&source, &snapshot).expect_err("matches nothing");
    assert_harmless(&policy_errors(&errors, &Look::plain()));
}

#[test]
fn what_a_finding_says_cannot_be_judged_is_not_listed_again() {
    let source = Source::new("alembic/versions/a.py".into(), "one\ntwo\nthree\n");
    let place = |line: u32| Place::new(&source, Span::new(line as usize * 4 - 4, line as usize * 4 - 1));
    let finding = Finding::new(
        RuleId::UnjudgedChange,
        source.path().clone(),
        "what this does cannot be judged: a computed statement, and 1 further place",
        "say why",
    )
    .at(&place(1))
    .related(&place(2), "another statement");
    let unjudged = |line: usize, reason: &str| NotJudged {
        project: "backend".to_owned(),
        path: source.path().clone(),
        line: Some(line),
        reason: reason.to_owned(),
    };
    let all =
        vec![unjudged(1, "a computed statement"), unjudged(2, "another statement"), unjudged(3, "something else")];
    let report = fixtures::report(Vec::new(), vec![finding], all, 0);
    let left: Vec<&str> = report.not_judged_besides().iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(left, ["something else"]);
    assert_eq!(report.summary.not_judged, 3);
}

//! What must hold of every rule's page.

mod examples;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{Check, Group, RuleId};

/// The headings of a page, in order.
const HEADINGS: [&str; 5] =
    ["What it stops", "Why it matters", "Example that fails", "The same repaired", "How to allow it"];

#[test]
fn ids_are_unique_and_kebab_case() {
    let ids: BTreeSet<&str> = RuleId::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(ids.len(), RuleId::ALL.len());
    for id in ids {
        let parts: Vec<&str> = id.split('-').collect();
        assert!(parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase())), "{id}");
        assert_eq!(RuleId::from_id(id).map(RuleId::as_str), Some(id));
    }
    assert_eq!(RuleId::from_id("no-such-rule"), None);
}

#[test]
fn every_page_has_every_heading_once_and_in_order() {
    for rule in RuleId::ALL {
        let page = rule.page();
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, HEADINGS, "{rule}");
        let chapters: Vec<&str> = page.split("\n## ").skip(1).collect();
        for (chapter, heading) in chapters.iter().zip(HEADINGS) {
            let body = chapter.strip_prefix(heading).unwrap_or(chapter).trim();
            assert!(body.len() > 20, "{rule}: {heading} is too short");
        }
        assert!(chapters[2].contains("title=\""), "{rule}: the example names no file");
        assert_eq!(page.matches("\n```").count() % 2, 0, "{rule}: a fence is open");
        assert!(page.lines().all(|line| !line.starts_with(' ') || line.starts_with("  ")), "{rule}: a stray blank");
    }
}

#[test]
fn summaries_stand_alone() {
    for rule in RuleId::ALL {
        let summary = rule.summary();
        assert!(!summary.is_empty() && summary.trim() == summary && !summary.ends_with('.'), "{rule}: {summary}");
        assert!(!rule.ecosystems().is_empty(), "{rule}");
    }
}

/// The text of `docs/rules/README.md`: every rule in the order of the table.
fn index() -> String {
    let mut text = String::from(
        "# The rules\n\nGenerated from the pages in `src/rules`; `driftgate explain RULE` prints one. Every example is run by \
         the tests. It\nstarts from a project with one table of users and shows the files that a change adds or edits; \
         a file marked `before` is\nthere already, `base` is the base branch meanwhile, `untracked` lies in the working \
         directory and `deleted` is gone.\n",
    );
    let mut group: Option<Group> = None;
    for &rule in RuleId::ALL {
        if group != Some(rule.group()) {
            group = Some(rule.group());
            let _ = write!(text, "\n## {}\n\n| rule | level | what it stops |\n|---|---|---|\n", rule.group().title());
        }
        let level = rule.default_level().map_or("off", crate::finding::Level::as_str);
        let _ = writeln!(text, "| [`{rule}`]({rule}.md) | {level} | {} |", rule.summary());
    }
    text
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules")
}

/// Every file of `docs/rules/` with its text.
fn documents() -> Vec<(PathBuf, String)> {
    let pages = RuleId::ALL.iter().map(|rule| (folder().join(format!("{rule}.md")), rule.page()));
    std::iter::once((folder().join("README.md"), index())).chain(pages).collect()
}

/// With `DRIFTGATE_BLESS=1` it writes them instead.
#[test]
fn the_documentation_is_current() {
    if std::env::var_os("DRIFTGATE_BLESS").is_some() {
        std::fs::create_dir_all(folder()).expect("a folder");
        for (path, text) in documents() {
            std::fs::write(path, text).expect("written");
        }
    }
    for (path, text) in documents() {
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{} is not what the rules say; run the tests with DRIFTGATE_BLESS=1", path.display());
    }
    let known: BTreeSet<PathBuf> = documents().into_iter().map(|(path, _)| path).collect();
    for entry in std::fs::read_dir(folder()).expect("docs/rules").flatten() {
        assert!(known.contains(&entry.path()), "{} belongs to no rule", entry.path().display());
    }
}

/// Beside its page, whose examples are run, each rule has tests in its own file that it speaks up and that it keeps silent;
/// a rule about projects is tried in every ecosystem it is for.
#[test]
fn every_rule_is_tested_in_every_ecosystem() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let (mut tests, mut lacking) = (0, Vec::new());
    for &rule in RuleId::ALL {
        let name = format!("{}.rs", rule.as_str().replace('-', "_"));
        let folders = std::fs::read_dir(&rules).expect("the rules' folder").flatten().map(|folder| folder.path());
        let file = folders.map(|folder| folder.join(&name)).find(|file| file.is_file()).expect("a file of its own");
        let text = std::fs::read_to_string(&file).expect("readable");
        let own = text.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests).to_owned();
        let beside = match rule.check() {
            Check::Allowances => std::fs::read_to_string(rules.join("allowance/tests.rs")).expect("readable"),
            // Tests of a rule of several files stand in a file of their own.
            _ => std::fs::read_to_string(file.with_extension("").join("tests.rs")).unwrap_or_default(),
        };
        let own = own + &beside;
        let count = own.matches("#[test]").count();
        tests += count;
        if count < 2 {
            lacking.push(format!("{rule}: {count} tests"));
        }
        if !matches!(rule.check(), Check::Project(_)) || own.contains("World::both()") {
            continue;
        }
        for kind in rule.ecosystems() {
            let world = format!("World::{}", kind.as_str());
            if !own.contains(&world) {
                lacking.push(format!("{rule}: no {}", kind.as_str()));
            }
        }
    }
    println!("{} rules, {tests} tests in their own files, and two examples each", RuleId::ALL.len());
    assert!(lacking.is_empty(), "{lacking:#?}");
}

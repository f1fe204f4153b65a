//! The book in `docs/`: every page is in `SUMMARY.md`, every link leads somewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = walkdir::WalkDir::new(root().join("docs"))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    pages
}

/// `a/../b` without the detour.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// A page without what stands in code, where brackets are no links.
fn prose(text: &str) -> String {
    let mut fence: Option<String> = None;
    let mut out = String::new();
    for line in text.lines() {
        let ticks: String = line.trim_start().chars().take_while(|&c| c == '`').collect();
        match &fence {
            Some(open) if ticks.len() >= open.len() && line.trim() == ticks => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    Regex::new("`[^`\n]*`").unwrap().replace_all(&out, "code").into_owned()
}

/// The targets of the links of a page.
fn links(text: &str) -> Vec<String> {
    Regex::new(r"\]\(([^)\s]+)\)").unwrap().captures_iter(&prose(text)).map(|found| found[1].to_owned()).collect()
}

/// The anchors that mdBook and GitHub make of headings.
fn anchors(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|title| {
            let title = title.trim_start_matches('#').trim().to_lowercase();
            title
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .collect::<String>()
                .replace(' ', "-")
        })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut checked = 0;
    for page in pages().into_iter().chain([root().join("README.md")]) {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            // What is no page of the book is only on the web, and only the file that it shows can be asked for.
            if let Some(file) = link.strip_prefix(concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/")) {
                assert!(root().join(file).exists(), "{}: nothing is at {link}", page.display());
                checked += 1;
                continue;
            }
            if link.starts_with("https://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.clone() } else { normal(&page.parent().unwrap().join(path)) };
            assert!(target.exists(), "{}: nothing is at {link}", page.display());
            let in_book = target.starts_with(root().join("docs")) || page == root().join("README.md");
            assert!(in_book, "{}: {link} leads out of the book", page.display());
            if !anchor.is_empty() {
                let there = std::fs::read_to_string(&target).unwrap();
                assert!(anchors(&there).contains(anchor), "{}: no heading for {link}", page.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} links were found");
}

/// The rules are listed below their table, in the order of their names; `DRIFTGATE_BLESS=1` writes them.
#[test]
fn every_page_is_in_the_summary() {
    const RULES: &str = "- [The rules](rules/README.md)\n";
    let docs = root().join("docs");
    let file = docs.join("SUMMARY.md");
    let summary = std::fs::read_to_string(&file).unwrap();
    let mut rules = String::new();
    for page in pages() {
        let name = page.file_stem().unwrap().to_string_lossy().into_owned();
        if page.parent().unwrap().ends_with("rules") && name != "README" {
            rules.push_str(&format!("  - [{name}](rules/{name}.md)\n"));
        }
    }
    let (above, below) = summary.split_once(RULES).expect("the rules stand in the summary");
    let below = below.trim_start_matches(|c| c != '#');
    let wanted = format!("{above}{RULES}{rules}\n{below}");
    if std::env::var_os("DRIFTGATE_BLESS").is_some() {
        std::fs::write(&file, &wanted).unwrap();
    } else {
        assert!(summary == wanted, "docs/SUMMARY.md is not current: run DRIFTGATE_BLESS=1 cargo test --test book");
    }
    let listed: Vec<String> = links(&wanted);
    let unique: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(unique.len(), listed.len(), "a page is listed twice");
    let there: BTreeSet<String> = pages()
        .iter()
        .map(|page| page.strip_prefix(&docs).unwrap().to_string_lossy().replace('\\', "/"))
        .filter(|page| page != "SUMMARY.md")
        .collect();
    assert_eq!(unique.into_iter().cloned().collect::<BTreeSet<_>>(), there);
}

/// What the README shows is what the play of that commit prints.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let shown = readme.split_once("```console\n").unwrap().1.split_once("```").unwrap().0;
    let (command, output) = shown.split_once('\n').unwrap();
    assert_eq!(command, "$ git commit -m \"Store a hash of refresh tokens\"");
    let printed = std::fs::read_to_string(root().join("tests/snapshots/examples/untracked-migration.snap")).unwrap();
    assert!(printed.contains(output.trim_end()), "the README shows something else than the play prints");
}

/// What the README says of the labelled cases holds for those that lie there.
#[test]
fn the_readme_does_not_boast_of_cases() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap().replace('\n', " ");
    for (folder, name) in [("prisma", "Prisma"), ("alembic", "Alembic")] {
        let files = std::fs::read_dir(root().join("tests/cases").join(folder)).unwrap();
        let count: usize =
            files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap().lines().count()).sum();
        let said = Regex::new(&format!("more than ([0-9,]+) labelled {name} cases")).unwrap();
        let said = said.captures(&readme).expect(name)[1].replace(',', "").parse::<usize>().unwrap();
        assert!(said < count, "{count} labelled {name} cases");
    }
}

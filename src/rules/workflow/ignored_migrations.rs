//! `ignored-migrations`.

use super::NewLines;
use crate::finding::Finding;
use crate::git::hidden_by;
use crate::project::EcosystemKind;
use crate::rules::repository::{ChangedFile, RepositoryChange};
use crate::rules::{RuleId, RuleSettings};
use crate::source::{Place, RepoPath, Source, Span};

page! {
    /// ## What it stops
    ///
    /// A line of a `.gitignore` that hides the migrations folder of a project, or the files in it (`migrations/`,
    /// `*.sql`, `versions`). Lines that a later one takes back do not count. Of a change only new lines are looked at.
    ///
    /// ## Why it matters
    ///
    /// Git adds no new migration, and nobody is told. Templates for `.gitignore` and well-meant clean-ups bring such
    /// lines: [traceroot#628](https://github.com/traceroot-ai/traceroot/pull/628) had fresh deployments without tables until
    /// the folder was un-ignored, and in
    /// [flask-realworld-example-app#10](https://github.com/gothinkster/flask-realworld-example-app/issues/10) a reader asks
    /// how the live database is ever updated.
    ///
    /// ## Example that fails
    ///
    /// ```text title=".gitignore"
    /// node_modules
    /// migrations/
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```text title=".gitignore"
    /// node_modules
    /// ```
    ///
    /// ## How to allow it
    ///
    /// On the line above the pattern, or in `driftgate.toml`:
    ///
    /// ```text
    /// # driftgate: allow ignored-migrations: they are kept in a repository of their own
    /// migrations/
    /// ```
}

/// Whether the rule wants a file's text.
pub(super) fn reads(path: &RepoPath) -> bool {
    path.file_name() == ".gitignore"
}

pub(in crate::rules) fn check(change: &RepositoryChange<'_>, _: &RuleSettings) -> Vec<Finding> {
    change.files.iter().filter(|file| reads(&file.path)).flat_map(|file| of_file(change, file)).collect()
}

fn of_file(change: &RepositoryChange<'_>, file: &ChangedFile) -> Vec<Finding> {
    let Some(source) = &file.after else { return Vec::new() };
    let mut findings: Vec<Finding> = Vec::new();
    let mut told: Vec<usize> = Vec::new();
    for project in change.projects {
        // A folder with a dot in front that holds nothing is where a build gathers migrations.
        let gathered = |dir: &RepoPath| !project.has_migrations && dir.file_name().starts_with('.');
        for dir in project.project.migrations.iter().filter(|dir| !gathered(dir)) {
            let next = next_migration(project.project.ecosystem, dir);
            let Some(hidden) = hidden_by(&file.path, source.text(), &next) else { continue };
            let mut new = NewLines::of(change, file);
            if told.contains(&hidden.line) || !is_new(&mut new, source, hidden.line) {
                continue;
            }
            told.push(hidden.line);
            let message = format!("the pattern {} hides new migrations in {dir} from git", hidden.pattern);
            let help = format!("take line {} out of {}, and git add what it has hidden", hidden.line, file.path);
            let mut finding = Finding::new(RuleId::IgnoredMigrations, file.path.clone(), message, help)
                .about(dir.to_string())
                .because("git add leaves them out without a word, and the deployment never sees them");
            if let Some(place) = line_place(source, hidden.line) {
                finding = finding.at(&place);
            }
            finding.project = Some(project.project.name.clone());
            findings.push(finding);
        }
    }
    findings
}

/// A file that the next migration would have.
fn next_migration(ecosystem: EcosystemKind, dir: &RepoPath) -> RepoPath {
    match ecosystem {
        EcosystemKind::Prisma => dir.join("20260105093000_next").join("migration.sql"),
        EcosystemKind::Alembic => dir.join("0a1b2c3d4e5f_next.py"),
    }
}

/// Whether the line of that number is new, counting equal lines before it.
fn is_new(new: &mut NewLines<'_>, source: &Source, number: usize) -> bool {
    let mut is_new = true;
    for line in source.text().lines().take(number) {
        is_new = new.take(line);
    }
    is_new
}

fn line_place(source: &std::sync::Arc<Source>, number: usize) -> Option<Place> {
    let start: usize = source.text().split_inclusive('\n').take(number.checked_sub(1)?).map(str::len).sum();
    let line = source.text().get(start..)?.lines().next()?;
    Some(Place::new(source, Span::new(start, start + line.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Repository;

    #[test]
    fn a_line_that_hides_the_migrations_is_reported() {
        for pattern in ["migrations/", "prisma/migrations", "*.sql", "/prisma", "**/migrations/**"] {
            let findings = Repository::prisma()
                .added(".gitignore", &format!("node_modules\n{pattern}\n"))
                .run(RuleId::IgnoredMigrations);
            assert_eq!(findings.len(), 1, "{pattern}");
            assert_eq!(findings[0].place.as_ref().map(|place| place.text().to_owned()).as_deref(), Some(pattern));
        }
        let findings = Repository::alembic().added("alembic/.gitignore", "versions\n").run(RuleId::IgnoredMigrations);
        assert_eq!(findings[0].message, "the pattern versions hides new migrations in alembic/versions from git");
    }

    #[test]
    fn lines_that_are_taken_back_and_other_folders_are_fine() {
        let silent = |text: &str| {
            assert!(Repository::prisma().added(".gitignore", text).silent(RuleId::IgnoredMigrations), "{text}");
        };
        silent("*.sql\n!prisma/migrations/**/*.sql\n");
        silent("# migrations/\n");
        silent("/migrations/\nsrc/migrations\n*.sqlite\n");
    }

    #[test]
    fn only_new_lines_count_in_a_change() {
        let repository = Repository::prisma().changed(".gitignore", "migrations/\n", "node_modules\nmigrations/\n");
        assert!(repository.silent(RuleId::IgnoredMigrations));
        let repository = repository.whole_state();
        assert_eq!(repository.run(RuleId::IgnoredMigrations).len(), 1);
    }
}

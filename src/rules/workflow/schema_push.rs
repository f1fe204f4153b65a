//! `schema-push`.

use std::collections::BTreeMap;

use super::documents::{self, Found, Kind};
use super::{NewLines, line_at};
use crate::finding::Finding;
use crate::rules::repository::{ChangedFile, RepositoryChange};
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// `prisma db push` in scripts of `package.json`, Dockerfiles, compose files, pipelines, Jenkinsfiles, manifests of
    /// Kubernetes, Helm and Cloud Build, settings of platforms (Fly, Heroku, Netlify, Railway, Render, Vercel and others),
    /// Procfiles, Makefiles, justfiles, Taskfiles, scripts of shells, PowerShell and `cmd`, and in the documents that the policy
    /// names. Scripts and jobs that are clearly for tests or for a developer's
    /// machine (`test`, `e2e`, `dev`, `seed`, `local`, an `.env.test`) are left alone, and so are comments and prose. Of a
    /// change only new lines are looked at.
    ///
    /// ## Why it matters
    ///
    /// It makes the database look like the schema and writes no migration: the next one fails, or drops what it does
    /// not know. With `--accept-data-loss` it drops columns without a question, as
    /// [litellm#10774](https://github.com/BerriAI/litellm/pull/10774) found in a start command;
    /// [calcom/docker#16](https://github.com/calcom/docker/issues/16) had it in the image's start script.
    ///
    /// ## Example that fails
    ///
    /// ```dockerfile title="Dockerfile"
    /// FROM node:22
    /// COPY . .
    /// CMD npx prisma db push --accept-data-loss && node server.js
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```dockerfile title="Dockerfile"
    /// FROM node:22
    /// COPY . .
    /// CMD npx prisma migrate deploy && node server.js
    /// ```
    ///
    /// ## How to allow it
    ///
    /// On the line above, or in `driftgate.toml`:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "schema-push"
    /// path = "infra/preview/Dockerfile"
    /// reason = "a preview's database lives for an hour"
    /// ```
}

pub(in crate::rules) fn check(change: &RepositoryChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let push = |found: &Found| !found.playground && found.command.find(&["prisma", "db", "push"]).is_some();
    new_commands(change, settings, push)
        .into_iter()
        .map(|found| {
            let how = if loses(&found) { ", and takes the loss of data" } else { "" };
            let message = format!("{} changes the database by prisma db push{how}", found.within);
            let help = "apply the migrations instead: prisma migrate deploy";
            Finding::new(RuleId::SchemaPush, found.place.path().clone(), message, help)
                .at(&found.place)
                .because("db push writes no migration: the history no longer says what the database looks like")
        })
        .collect()
}

/// The commands that a change brings, of those that are wanted; under `--all` every one. A command that is only worded
/// otherwise than the one that stood in the same place is none, unless it has come to lose data.
pub(super) fn new_commands(
    change: &RepositoryChange<'_>,
    settings: &RuleSettings,
    wanted: impl Fn(&Found) -> bool,
) -> Vec<Found> {
    let mut all = Vec::new();
    for file in change.files {
        let new: Vec<Found> = of_file(change, settings, file).into_iter().filter(&wanted).collect();
        if new.is_empty() {
            continue;
        }
        let mut reworded = gone(change, settings, file, &new, &wanted);
        all.extend(new.into_iter().filter(|found| match reworded.get_mut(&(found.within.clone(), loses(found))) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        }));
    }
    all
}

/// Whether a command takes the loss of data.
fn loses(found: &Found) -> bool {
    found.command.has_option("--accept-data-loss") || found.command.has_option("--force-reset")
}

/// How many wanted commands of each place stand in the text before and no longer in the text after.
fn gone(
    change: &RepositoryChange<'_>,
    settings: &RuleSettings,
    file: &ChangedFile,
    new: &[Found],
    wanted: &impl Fn(&Found) -> bool,
) -> BTreeMap<(String, bool), usize> {
    let mut count: BTreeMap<(String, bool), usize> = BTreeMap::new();
    let kind = Kind::named_or_document(&file.path, settings.documents.matches(&file.path));
    let (Some(kind), Some(before), Some(after), false) = (kind, &file.before, &file.after, change.whole_state) else {
        return count;
    };
    let key = |found: &Found| (found.within.clone(), loses(found));
    for found in documents::find(kind, before).iter().filter(|found| wanted(found)) {
        *count.entry(key(found)).or_default() += 1;
    }
    let stays = |found: &&Found| wanted(found) && !new.iter().any(|one| one.place.span == found.place.span);
    for found in documents::find(kind, after).iter().filter(stays) {
        if let Some(count) = count.get_mut(&key(found)) {
            *count = count.saturating_sub(1);
        }
    }
    count
}

fn of_file(change: &RepositoryChange<'_>, settings: &RuleSettings, file: &ChangedFile) -> Vec<Found> {
    let Some(source) = &file.after else { return Vec::new() };
    let Some(kind) = Kind::named_or_document(&file.path, settings.documents.matches(&file.path)) else {
        return Vec::new();
    };
    let mut new = NewLines::of(change, file);
    let mut last: Option<(u32, bool)> = None;
    documents::find(kind, source)
        .into_iter()
        .filter(|found| {
            // Several commands may stand on one line, which is asked about once.
            let start = found.place.span.start;
            match last {
                Some((at, is_new)) if at == start => is_new,
                _ => {
                    let is_new = new.take(line_at(source.text(), start as usize));
                    last = Some((start, is_new));
                    is_new
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Repository;
    use crate::source::Place;

    const SCRIPT: &str = "{\n  \"scripts\": {\n    \"deploy\": \"prisma db push --accept-data-loss\"\n  }\n}\n";

    #[test]
    fn a_push_in_a_script_is_reported_at_its_line() {
        let findings = Repository::prisma().added("package.json", SCRIPT).run(RuleId::SchemaPush);
        assert_eq!(
            findings[0].message,
            "the script deploy changes the database by prisma db push, and takes the loss of data"
        );
        assert_eq!(findings[0].place.as_ref().map(Place::start), Some((3, 5)));
    }

    #[test]
    fn tests_development_and_comments_are_left_alone() {
        let silent = |path: &str, text: &str| {
            assert!(Repository::prisma().added(path, text).silent(RuleId::SchemaPush), "{path}: {text}");
        };
        silent(
            "package.json",
            "{ \"scripts\": { \"test:setup\": \"prisma db push\", \"dev\": \"prisma db push && next dev\" } }",
        );
        silent("package.json", "{ \"scripts\": { \"db:push\": \"prisma db push\", \"push\": \"prisma db push\" } }");
        silent("Dockerfile.dev", "FROM node\nCMD npx prisma db push\n");
        silent("Dockerfile", "# RUN npx prisma db push\nRUN npx prisma migrate deploy\n");
        silent("README.md", "Run `prisma db push`.\n");
        silent(".github/workflows/e2e.yml", "jobs:\n  a:\n    steps:\n      - run: npx prisma db push\n");
    }

    #[test]
    fn a_database_that_is_named_after_ci_is_one_for_tests() {
        let found = |line: &str| {
            let job = format!("jobs:\n  build:\n    steps:\n      - run: |\n          {line}\n");
            Repository::prisma().added(".circleci/config.yml", &job).run(RuleId::SchemaPush).len()
        };
        assert_eq!(found("DATABASE_URL=$CI_DATABASE_URL npx prisma db push --accept-data-loss"), 0);
        assert_eq!(found("DATABASE_URL=$DATABASE_URL npx prisma db push --accept-data-loss"), 1);
    }

    #[test]
    fn only_new_lines_count_in_a_change() {
        let before = "FROM node\nCMD npx prisma db push\n";
        let after = "FROM node:22\nCMD npx prisma db push\n";
        assert!(Repository::prisma().changed("Dockerfile", before, after).silent(RuleId::SchemaPush));
        assert_eq!(
            Repository::prisma().whole_state().changed("Dockerfile", before, after).run(RuleId::SchemaPush).len(),
            1
        );
        let twice = "FROM node:22\nCMD npx prisma db push\nCMD npx prisma db push\n";
        assert_eq!(Repository::prisma().changed("Dockerfile", before, twice).run(RuleId::SchemaPush).len(), 1);
    }

    #[test]
    fn a_command_that_is_only_worded_otherwise_is_not_new() {
        let script = |line: &str| format!("{{\n  \"scripts\": {{\n    {line}\n  }}\n}}\n");
        let before = script("\"release\": \"prisma db push\"");
        let findings = |after: &str| {
            let change = Repository::prisma().changed("package.json", &before, after);
            if change.silent(RuleId::SchemaPush) {
                return 0;
            }
            Repository::prisma().changed("package.json", &before, after).run(RuleId::SchemaPush).len()
        };
        assert_eq!(findings(&script("\"release\": \"dotenv -e ../../.env -- prisma db push\"")), 0);
        assert_eq!(findings(&script("\"release\": \"prisma db push --accept-data-loss\"")), 1);
        assert_eq!(findings(&script("\"deploy\": \"prisma db push\"")), 1);
        let two = "\"release\": \"pnpm prisma db push\",\n    \"deploy\": \"prisma db push\"";
        assert_eq!(findings(&script(two)), 1);
    }

    #[test]
    fn without_a_prisma_project_nothing_is_said() {
        assert!(Repository::alembic().added("package.json", SCRIPT).silent(RuleId::SchemaPush));
    }
}

//! `reset-in-deploy`.

use super::documents::Found;
use super::schema_push::new_commands;
use crate::finding::Finding;
use crate::project::EcosystemKind;
use crate::rules::repository::RepositoryChange;
use crate::rules::{RuleId, RuleSettings};

page! {
    /// ## What it stops
    ///
    /// A command that resets or rewinds the database where deployment is described: `prisma migrate dev`,
    /// `prisma migrate reset`, `prisma db push --force-reset`, `alembic downgrade base`, `flask db downgrade base`, and
    /// `stamp`, which marks migrations as applied without running them. Deployment is described by a Dockerfile's `RUN`,
    /// `CMD` and `ENTRYPOINT`, a Procfile, the `command` of a compose file or of a manifest of Kubernetes, settings of
    /// platforms, scripts, recipes and tasks whose names speak of starting, building or releasing, and jobs and stages that
    /// deploy. Files, stages, services and jobs for development and tests are left alone.
    ///
    /// ## Why it matters
    ///
    /// `migrate dev` and `migrate reset` delete every row when the history does not match, which in
    /// production is the moment at which somebody is in a hurry:
    /// [prisma/orm#21483](https://github.com/prisma/orm/issues/21483) tells of databases that were reset so. A `stamp` leaves
    /// tables without columns and a history that claims they are there.
    ///
    /// ## Example that fails
    ///
    /// ```text title="Procfile"
    /// release: npx prisma migrate reset --force
    /// web: node server.js
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```text title="Procfile"
    /// release: npx prisma migrate deploy
    /// web: node server.js
    /// ```
    ///
    /// ## How to allow it
    ///
    /// On the line above, or in `driftgate.toml`:
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "reset-in-deploy"
    /// path = "infra/demo/Procfile"
    /// reason = "the demo starts from nothing every night"
    /// ```
}

/// A command, what it is called, what it does, and what to run instead.
struct Reset {
    ecosystem: EcosystemKind,
    words: &'static [&'static str],
    option: Option<&'static str>,
    does: &'static str,
    instead: &'static str,
}

const RESETS: [Reset; 9] = [
    Reset {
        ecosystem: EcosystemKind::Prisma,
        words: &["prisma", "migrate", "dev"],
        option: None,
        does: "resets the database where its history does not match",
        instead: "prisma migrate deploy",
    },
    Reset {
        ecosystem: EcosystemKind::Prisma,
        words: &["prisma", "migrate", "reset"],
        option: None,
        does: "deletes everything in the database",
        instead: "prisma migrate deploy",
    },
    Reset {
        ecosystem: EcosystemKind::Prisma,
        words: &["prisma", "db", "push"],
        option: Some("--force-reset"),
        does: "deletes everything in the database",
        instead: "prisma migrate deploy",
    },
    Reset {
        ecosystem: EcosystemKind::Alembic,
        words: &["alembic", "downgrade", "base"],
        option: None,
        does: "takes every migration back, and the data with it",
        instead: "alembic upgrade head",
    },
    Reset {
        ecosystem: EcosystemKind::Alembic,
        words: &["flask", "db", "downgrade", "base"],
        option: None,
        does: "takes every migration back, and the data with it",
        instead: "flask db upgrade",
    },
    Reset {
        ecosystem: EcosystemKind::Alembic,
        words: &["alembic", "stamp"],
        option: None,
        does: "marks migrations as applied without running them",
        instead: "alembic upgrade head",
    },
    Reset {
        ecosystem: EcosystemKind::Alembic,
        words: &["flask", "db", "stamp"],
        option: None,
        does: "marks migrations as applied without running them",
        instead: "flask db upgrade",
    },
    Reset {
        ecosystem: EcosystemKind::Alembic,
        words: &["manage.py", "db", "stamp"],
        option: None,
        does: "marks migrations as applied without running them",
        instead: "python manage.py db upgrade",
    },
    Reset {
        ecosystem: EcosystemKind::Alembic,
        words: &["manage.py", "db", "downgrade", "base"],
        option: None,
        does: "takes every migration back, and the data with it",
        instead: "python manage.py db upgrade",
    },
];

fn reset(found: &Found) -> Option<&'static Reset> {
    RESETS.iter().find(|reset| {
        found.command.find(reset.words).is_some() && reset.option.is_none_or(|option| found.command.has_option(option))
    })
}

pub(in crate::rules) fn check(change: &RepositoryChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let wanted = |found: &Found| {
        found.deploys && !found.playground && reset(found).is_some_and(|reset| change.has(reset.ecosystem))
    };
    new_commands(change, settings, wanted)
        .into_iter()
        .filter_map(|found| {
            let reset = reset(&found)?;
            let name = reset.words.join(" ");
            let message = format!("{} runs {name}, which {}", found.within, reset.does);
            let help = format!("run this instead:\n  {}", reset.instead);
            let finding = Finding::new(RuleId::ResetInDeploy, found.place.path().clone(), message, help);
            Some(finding.at(&found.place).because("a deployment meets the database that matters"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Repository;

    #[test]
    fn resets_where_deployment_is_described_are_reported() {
        let cases = [
            ("Procfile", "release: npx prisma migrate reset --force\n"),
            ("Dockerfile", "FROM node\nCMD npx prisma migrate dev && node .\n"),
            ("package.json", "{ \"scripts\": { \"start\": \"prisma migrate dev && node .\" } }"),
            (
                ".github/workflows/deploy.yml",
                "jobs:\n  a:\n    steps:\n      - run: npx prisma db push --force-reset\n",
            ),
        ];
        for (path, text) in cases {
            assert_eq!(Repository::prisma().added(path, text).run(RuleId::ResetInDeploy).len(), 1, "{path}");
        }
        let cases = [
            ("entrypoint.sh", "#!/bin/sh\nalembic -c a.ini downgrade base\n"),
            ("docker-compose.yml", "services:\n  api:\n    command: flask db stamp head\n"),
            ("Jenkinsfile", "stage('Deploy') {\n  sh 'alembic downgrade base'\n}\n"),
            (
                "k8s/job.yaml",
                "apiVersion: batch/v1\nspec:\n  containers:\n    - name: migrate\n      args: [alembic, downgrade, base]\n",
            ),
            ("justfile", "release:\n  poetry run alembic downgrade base\n"),
            ("Taskfile.yml", "tasks:\n  release: alembic stamp head\n"),
            ("start.ps1", "python -m alembic downgrade base\n"),
            ("heroku.yml", "release:\n  command: [flask db downgrade base]\n"),
        ];
        for (path, text) in cases {
            let findings = Repository::alembic().added(path, text).run(RuleId::ResetInDeploy);
            assert_eq!(findings.len(), 1, "{path}");
        }
    }

    #[test]
    fn development_and_other_jobs_are_left_alone() {
        let silent = |path: &str, text: &str| {
            assert!(Repository::prisma().added(path, text).silent(RuleId::ResetInDeploy), "{path}: {text}");
        };
        silent(
            "package.json",
            "{ \"scripts\": { \"db:migrate\": \"prisma migrate dev\", \"dev\": \"prisma migrate dev\" } }",
        );
        silent("package.json", "{ \"scripts\": { \"start:dev\": \"prisma migrate dev && nest start --watch\" } }");
        silent(
            "docker-compose.yml",
            "services:\n  api:\n    command: sh -c \"npx prisma migrate dev && npm run dev\"\n",
        );
        silent(
            ".github/workflows/ci.yml",
            "jobs:\n  check:\n    steps:\n      - run: npx prisma migrate reset --force\n",
        );
        silent("Dockerfile", "FROM node AS dev\nCMD npx prisma migrate dev\n");
        silent("Procfile", "release: npx prisma migrate deploy\n");
        silent("Jenkinsfile", "stage('Check') {\n  sh 'npx prisma migrate reset --force'\n}\n");
        silent("justfile", "reset:\n  npx prisma migrate reset --force\n");
        silent("Taskfile.yml", "tasks:\n  db: npx prisma migrate dev\n");
    }

    #[test]
    fn commands_of_the_other_ecosystem_are_not_looked_for() {
        assert!(Repository::prisma().added("entrypoint.sh", "alembic downgrade base\n").silent(RuleId::ResetInDeploy));
        assert!(Repository::alembic().added("entrypoint.sh", "alembic downgrade -1\n").silent(RuleId::ResetInDeploy));
    }

    #[test]
    fn only_new_lines_count_in_a_change() {
        let before = "release: npx prisma migrate reset --force\n";
        let after = "web: node .\nrelease: npx prisma migrate reset --force\n";
        assert!(Repository::prisma().changed("Procfile", before, after).silent(RuleId::ResetInDeploy));
    }
}

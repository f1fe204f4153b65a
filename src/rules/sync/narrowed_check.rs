//! `narrowed-check`.

use crate::finding::{Finding, Level};
use crate::policy::FailOn;
use crate::project::{EcosystemKind, Project};
use crate::rules::text::count;
use crate::rules::{Group, RuleId};
use crate::source::{Place, RepoPath};

page! {
    /// ## What it stops
    ///
    /// A change that takes something out of what is checked, so that this change or the next one passes unseen:
    ///
    /// - the schema of a project is gone, and its migrations are still there; or its files lie where nobody looks for them;
    /// - `env.py` is gone, or names no `target_metadata` of this repository any more, beside revisions;
    /// - `prisma.config.ts`, `package.json` or `alembic.ini` names another schema than before, and that one differs from its
    ///   migrations, has none, or is not in the repository (a *note* where it agrees with them);
    /// - tables that the migrations make are called external in `prisma.config.ts`, or lie in a database schema that the
    ///   `datasource` lists no more: a *warning*;
    /// - `env.py` keeps out of the comparison what it did not before (`include_object`, `include_name`), and that
    ///   differs: a *warning*;
    /// - a file is edited that a project reads through a symbolic link which is not followed (a link to a `.prisma` file or to a
    ///   folder of migrations within the repository is): a *warning*;
    /// - an edit of `driftgate.toml` hides what the policy as it was would have stopped in the same change: a *warning* that
    ///   names it. What an allowance with a reason covers is a *note*, but for the question whether the change brings its
    ///   migration. An edit that leaves a project out is a note by itself.
    ///
    /// An edit of the policy is judged by the policy as it was: the new one cannot allow itself. Projects that go together with
    /// their migrations are no concern of this rule.
    ///
    /// ## Why it matters
    ///
    /// What is not looked at is never wrong. A schema that is moved without its migrations, and without telling Prisma, is
    /// deployed as it was: `prisma migrate deploy` looks beside the new place, finds nothing to apply, and exits with 0.
    ///
    /// ## Example that fails
    ///
    /// ```prisma title="prisma/schema.prisma" deleted
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma" deleted
    /// ```
    ///
    /// ## The same repaired
    ///
    /// ```prisma title="prisma/schema.prisma"
    /// datasource db {
    ///   provider = "postgresql"
    ///   url      = env("DATABASE_URL")
    /// }
    /// ```
    ///
    /// ```prisma title="prisma/user.prisma"
    /// model User {
    ///   id    Int    @id @default(autoincrement())
    ///   email String @unique
    /// }
    /// ```
    ///
    /// ## How to allow it
    ///
    /// ```toml
    /// [[allow]]
    /// rule = "narrowed-check"
    /// path = "prisma/**"
    /// reason = "the service is retired; its migrations stay for the archive"
    /// ```
}

/// The most findings or differences that one headline names.
const MOST_NAMED: usize = 3;

/// The most further places that one finding points at.
const MOST_RELATED: usize = 12;

/// A way in which a change takes something out of what is checked.
#[derive(Debug, Clone)]
pub enum Narrowing {
    /// A project is found no more, and its migrations are still there.
    Lost {
        /// The project as it was.
        project: Box<Project>,
        /// Where its migrations are now.
        migrations: RepoPath,
        /// Whether they were moved there by the change.
        moved: bool,
    },
    /// The ecosystem's tool is told of no schema any more.
    Unnamed {
        /// The project's name.
        project: String,
        /// The file that named it, or would have.
        path: RepoPath,
        /// A place in it, where it is still there.
        place: Option<Place>,
        /// What is the matter with it.
        reason: String,
        /// How many tables were compared before.
        tables: usize,
    },
    /// Settings say of tables that migrations make that they are none of Prisma's concern.
    External {
        /// The project's name.
        project: String,
        /// The settings file.
        settings: RepoPath,
        /// The tables.
        tables: Vec<String>,
    },
    /// Tables that migrations make lie in schemas of the database that are not looked into any more.
    Unlisted {
        /// The project's name.
        project: String,
        /// The file of the schema that said which.
        path: RepoPath,
        /// The tables.
        tables: Vec<String>,
    },
    /// `env.py` keeps differences out of the comparison that it did not keep out before.
    Filtered {
        /// The project's name.
        project: String,
        /// Where `env.py` is.
        env: RepoPath,
        /// The differences, in a person's words.
        differences: Vec<String>,
    },
    /// The change edits what a project reads through a symbolic link that is not followed.
    BehindLink {
        /// The project's name.
        project: String,
        /// The link.
        link: RepoPath,
        /// The file that the change edits.
        path: RepoPath,
    },
    /// A settings file names another schema than before, which is still there.
    Switched {
        /// The settings file.
        settings: RepoPath,
        /// The project that it named.
        from: Box<Project>,
        /// The one that it names now; none where it names none that is here.
        to: Option<Box<Project>>,
        /// What differs between that one and its migrations, in a person's words.
        differences: Vec<String>,
        /// Whether it has no migrations.
        unmigrated: bool,
    },
}

/// What an edit of the policy takes out of what is checked.
#[derive(Debug, Clone, Default)]
pub struct PolicyNarrowing {
    /// The policy's file.
    pub path: RepoPath,
    /// What the policy as it was would have stopped and the new one does not, and why an allowance covers it, if one does.
    pub hidden: Vec<(Finding, Option<String>)>,
    /// Projects that the policy as it was knows and the new one does not.
    pub left_out: Vec<Project>,
    /// The level that failed a check before and the one that does now, where that spares a finding.
    pub fail_on: Option<(FailOn, FailOn)>,
}

/// The findings about a change.
pub(in crate::rules) fn check(narrowings: &[Narrowing]) -> Vec<Finding> {
    narrowings.iter().map(one).collect()
}

fn one(narrowing: &Narrowing) -> Finding {
    match narrowing {
        Narrowing::Lost { project, migrations, moved } => lost(project, migrations, *moved),
        Narrowing::Unnamed { project, path, place, reason, tables } => {
            let were = if *tables == 1 { "was" } else { "were" };
            let message = format!("{reason} ({} {were} compared before)", count(*tables, "table"));
            let help = format!("let {path} name the models' metadata again: target_metadata = Base.metadata");
            let mut finding = Finding::new(RuleId::NarrowedCheck, path.clone(), message, help)
                .because("neither Alembic nor driftgate can tell any more what the revisions lack");
            if let Some(place) = place {
                finding = finding.at(place);
            }
            finding.project = Some(project.clone());
            finding
        }
        Narrowing::External { project, settings, tables } => {
            let all = listed(tables, "further table");
            let message = format!("{settings} calls tables external that the migrations make: {all}");
            let help = "take them out of `external`, or let the migrations leave them to whoever makes them now";
            let mut finding = Finding::new(RuleId::NarrowedCheck, settings.clone(), message, help)
                .because("Prisma compares no external table, so that no later change of one is found");
            finding.project = Some(project.clone());
            finding.level = Level::Warning;
            finding
        }
        Narrowing::Unlisted { project, path, tables } => {
            let all = listed(tables, "further table");
            let message = format!("the datasource leaves out the schema of tables that the migrations make: {all}");
            let help = "list the schema again in `schemas`, or drop the tables in a migration";
            let mut finding = Finding::new(RuleId::NarrowedCheck, path.clone(), message, help)
                .because("Prisma looks into the listed schemas alone: nobody is told that the tables are still there");
            finding.project = Some(project.clone());
            finding.level = Level::Warning;
            finding
        }
        Narrowing::Filtered { project, env, differences } => {
            let all = listed(differences, "further difference");
            let message = format!("{env} now keeps out of the comparison what differs: {all}");
            let help = "write the migration that is lacking first, or merge the edit of env.py by itself, where it is \
                        reviewed for what it is";
            let mut finding = Finding::new(RuleId::NarrowedCheck, env.clone(), message, help)
                .because("as env.py was, Alembic would find it, and from now on it will not");
            finding.project = Some(project.clone());
            finding.level = Level::Warning;
            finding
        }
        Narrowing::BehindLink { project, link, path } => {
            let message = format!(
                "the change edits {path}, which the project reads as {link}: what is behind that link is not judged"
            );
            let help = format!("let the project read {path} itself, or put the file in place of the link");
            let mut finding = Finding::new(RuleId::NarrowedCheck, path.clone(), message, help)
                .because("what cannot be read may change what is compared")
                .related_file(link.clone(), "the symbolic link");
            finding.project = Some(project.clone());
            finding.level = Level::Warning;
            finding
        }
        Narrowing::Switched { settings, from, to, differences, unmigrated } => {
            switched(settings, from, to.as_deref(), differences, *unmigrated)
        }
    }
}

fn lost(project: &Project, migrations: &RepoPath, moved: bool) -> Finding {
    let schema = project.schema.first().or(project.settings.first()).unwrap_or(migrations);
    let message = if moved {
        format!(
            "the project {} was moved to where none is looked for: its migrations are now in {migrations}",
            name(project)
        )
    } else {
        format!("the schema {schema} is gone, and nothing is compared with the migrations in {migrations}")
    };
    let help = match project.ecosystem {
        EcosystemKind::Prisma => {
            "say where both are now (`schema` and `migrations.path` in prisma.config.ts, or [[project]] in driftgate.toml), or \
             take the migrations out together with the schema"
        }
        EcosystemKind::Alembic => {
            "say where both are now (`script_location` in alembic.ini, or [[project]] in driftgate.toml), or take the \
             revisions out together with the models"
        }
    };
    let mut finding = Finding::new(RuleId::NarrowedCheck, schema.clone(), message, help)
        .because("migrations without the schema that they are to build are checked by nobody");
    if schema != migrations {
        finding = finding.related_file(migrations.clone(), "the migrations");
    }
    finding.project = Some(project.name.clone());
    finding
}

/// What a person calls a project: by its name, or by its folder.
fn name(project: &Project) -> &str {
    if project.name.is_empty() { project.root.as_str() } else { &project.name }
}

/// The file or folder that a settings file names for a project: what is shared by its schema, or its folder of scripts.
fn named(project: &Project) -> String {
    let shown = match (project.ecosystem, project.schema.as_slice()) {
        (EcosystemKind::Prisma, [only]) => Some(only.clone()),
        (EcosystemKind::Prisma, [first, ..]) => first.parent(),
        _ => project.migrations.first().cloned(),
    };
    shown.map_or_else(|| name(project).to_owned(), |path| path.to_string())
}

fn switched(
    settings: &RepoPath,
    from: &Project,
    to: Option<&Project>,
    differences: &[String],
    unmigrated: bool,
) -> Finding {
    let old = named(from);
    let Some(to) = to else {
        let message = format!("{settings} named {old} and now names no schema of this repository");
        let help = format!("name a schema that is here, or keep {old}");
        let mut finding = Finding::new(RuleId::NarrowedCheck, settings.clone(), message, help)
            .because("what is deployed from now on cannot be looked at")
            .about(settings.to_string());
        finding.level = Level::Warning;
        return finding;
    };
    let new = named(to);
    let (what, level, help) = if unmigrated {
        ("which has no migrations".to_owned(), Level::Error, format!("write the first migration of {new}"))
    } else if differences.is_empty() {
        (
            "which agrees with its migrations".to_owned(),
            Level::Note,
            format!("make sure that {new} is what is deployed"),
        )
    } else {
        let all = listed(differences, "further difference");
        (
            format!("which differs from its migrations: {all}"),
            Level::Error,
            format!("write the migration that {new} lacks"),
        )
    };
    let message = format!("{settings} names {new} in place of {old}, {what}");
    let mut finding = Finding::new(RuleId::NarrowedCheck, settings.clone(), message, help)
        .because("what was no change of the schema named before is a change of what is deployed")
        .about(settings.to_string());
    finding.project = Some(to.name.clone());
    finding.level = level;
    finding
}

/// The first of some texts, and how many more there are.
fn listed(texts: &[String], what: &str) -> String {
    let shown = texts.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    match texts.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown}; and {}", count(more, what)),
    }
}

/// The findings about an edit of the policy. They have levels of their own; the policy as it was decides whether they are told.
pub fn of_policy(narrowing: &PolicyNarrowing) -> Vec<Finding> {
    let mut findings = Vec::new();
    let weighs =
        |level: Level| narrowing.hidden.iter().filter(move |(found, why)| weight(found, why.as_deref()) == level);
    for level in [Level::Warning, Level::Note] {
        let hidden: Vec<&(Finding, Option<String>)> = weighs(level).collect();
        findings.extend(about_hidden(&narrowing.path, &hidden, level));
    }
    for project in &narrowing.left_out {
        let message = format!("{} leaves {} out of what is checked", narrowing.path, named(project));
        let help = "leave it so where that is meant; else take it out of `exclude`, or name it under [[project]]";
        let mut finding = Finding::new(RuleId::NarrowedCheck, narrowing.path.clone(), message, help)
            .because("the policy as it was would still look at it");
        finding.level = Level::Note;
        findings.push(finding);
    }
    if let Some((old, new)) = narrowing.fail_on {
        let message =
            format!("{} lets this change pass: fail-on was {} and is {}", narrowing.path, old.as_str(), new.as_str());
        let help = "merge the edit of the policy by itself, where it is reviewed for what it is";
        let mut finding = Finding::new(RuleId::NarrowedCheck, narrowing.path.clone(), message, help)
            .because("what is found here would have failed the check before the edit");
        finding.level = Level::Warning;
        findings.push(finding);
    }
    findings
}

/// How much it weighs that a finding is hidden. An allowance with a reason is the way to say that a drop is meant; that a
/// change of the schema is to have no migration is a claim that a reviewer has to see.
fn weight(hidden: &Finding, allowed: Option<&str>) -> Level {
    match hidden.rule.group() {
        Group::Sync => Level::Warning,
        Group::History | Group::Graph | Group::Danger if allowed.is_none() => Level::Warning,
        _ => Level::Note,
    }
}

fn about_hidden(path: &RepoPath, hidden: &[&(Finding, Option<String>)], level: Level) -> Option<Finding> {
    if hidden.is_empty() {
        return None;
    }
    let texts: Vec<String> = hidden.iter().map(|(found, _)| format!("{} ({})", found.message, found.rule)).collect();
    let message = format!(
        "the edit of {path} hides {} of this change: {}",
        count(hidden.len(), "error"),
        listed(&texts, "further error")
    );
    let help =
        format!("mend what is hidden, or merge the edit of {path} by itself, where it is reviewed for what it is");
    let mut finding = Finding::new(RuleId::NarrowedCheck, path.clone(), message, help)
        .because("by the policy as it was before the change this would have failed");
    for (found, why) in hidden.iter().take(MOST_RELATED) {
        let text = match why {
            Some(why) => format!("{}; allowed because: {why}", found.message),
            None => found.message.clone(),
        };
        finding = match &found.place {
            Some(place) => finding.related(place, text),
            None => finding.related_file(found.path.clone(), text),
        };
    }
    finding.level = level;
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn hidden(rule: RuleId, why: Option<&str>) -> Vec<Finding> {
        let found = Finding::new(rule, "prisma/schema.prisma".into(), "the column A.b is missing", "write it");
        of_policy(&PolicyNarrowing {
            path: "driftgate.toml".into(),
            hidden: vec![(found, why.map(str::to_owned))],
            ..PolicyNarrowing::default()
        })
    }

    #[test]
    fn what_an_edit_of_the_policy_hides_is_named() {
        for (rule, why, level) in [
            (RuleId::MissingMigration, None, Level::Warning),
            (RuleId::MissingMigration, Some("because"), Level::Warning),
            (RuleId::DroppedColumn, None, Level::Warning),
            (RuleId::DroppedColumn, Some("unused"), Level::Note),
            (RuleId::MisnamedMigration, None, Level::Note),
        ] {
            let findings = hidden(rule, why);
            assert_eq!(findings.len(), 1, "{rule}");
            assert_eq!(findings[0].level, level, "{rule} {why:?}");
            assert_eq!(
                findings[0].message,
                format!("the edit of driftgate.toml hides 1 error of this change: the column A.b is missing ({rule})")
            );
            assert_eq!(findings[0].related.len(), 1);
        }
    }

    #[test]
    fn an_edit_that_hides_nothing_is_fine() {
        assert!(of_policy(&PolicyNarrowing { path: "driftgate.toml".into(), ..PolicyNarrowing::default() }).is_empty());
    }

    #[test]
    fn a_lowered_level_is_told_where_it_spares_a_finding() {
        let findings = of_policy(&PolicyNarrowing {
            path: "driftgate.toml".into(),
            fail_on: Some((FailOn::Error, FailOn::Never)),
            ..PolicyNarrowing::default()
        });
        assert_eq!(findings[0].message, "driftgate.toml lets this change pass: fail-on was error and is never");
    }

    #[test]
    fn another_schema_is_an_error_only_where_it_differs() {
        let project = |world: World| Box::new(world.with_change(|change| change.project.clone()));
        let switched = |to: bool, differences: &[&str], unmigrated: bool| {
            let found = check(&[Narrowing::Switched {
                settings: "prisma.config.ts".into(),
                from: project(World::prisma()),
                to: to.then(|| project(World::prisma())),
                differences: differences.iter().map(|&text| text.to_owned()).collect(),
                unmigrated,
            }]);
            found[0].level
        };
        assert_eq!(switched(true, &[], false), Level::Note);
        assert_eq!(switched(true, &["the column A.b"], false), Level::Error);
        assert_eq!(switched(true, &[], true), Level::Error);
        assert_eq!(switched(false, &[], false), Level::Warning);
    }

    #[test]
    fn what_is_compared_no_more_is_told_of_its_project() {
        let found = check(&[
            Narrowing::Unnamed {
                project: "app".to_owned(),
                path: "alembic/env.py".into(),
                place: None,
                reason: "target_metadata is None".to_owned(),
                tables: 2,
            },
            Narrowing::External {
                project: "app".to_owned(),
                settings: "prisma.config.ts".into(),
                tables: vec!["users".to_owned()],
            },
        ]);
        assert!(found.iter().all(|finding| finding.project.as_deref() == Some("app")));
        assert_eq!(found[0].message, "target_metadata is None (2 tables were compared before)");
    }

    #[test]
    fn a_schema_that_is_gone_is_told_with_its_migrations() {
        for world in World::both() {
            let project = Box::new(world.with_change(|change| change.project.clone()));
            let migrations = project.migrations[0].clone();
            let found = check(&[Narrowing::Lost { project, migrations: migrations.clone(), moved: false }]);
            assert!(found[0].message.ends_with(&format!("compared with the migrations in {migrations}")));
            assert_eq!(found[0].level, Level::Error);
        }
    }
}

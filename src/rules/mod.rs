//! The rules: one file each, and one table that lists them.
//!
//! A rule is a pure function from a [`ProjectChange`] (or, for what lies outside every project, a [`RepositoryChange`])
//! to findings. It never sees git2 and never the disk, and it has no clock: what day it is stands in [`RuleSettings`].
//! Its page is the doc comment of the `page!` in its file; `driftgate explain`, `docs/rules/` and the README's list come
//! from it. Adding a rule means one new file and one new entry in the table below.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::finding::{Finding, Level};
use crate::project::{EcosystemKind, ProjectChange};

/// Keeps a doc comment as the text of a rule's page, so that the page stands beside the rule's code.
macro_rules! page {
    ($(#[doc = $line:literal])+) => {
        pub(in crate::rules) const PAGE: &str = concat!($($line, "\n",)+);
    };
}

pub mod allowance;
mod danger;
mod graph;
mod history;
mod naming;
mod repository;
mod settings;
mod sync;
mod text;
mod workflow;

#[cfg(test)]
mod boundaries;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod testing;

pub use repository::{ChangedFile, RepositoryChange, RepositoryProject};
pub use settings::RuleSettings;
pub use sync::narrowed_check::{Narrowing, PolicyNarrowing, of_policy};

/// How a rule is run.
#[derive(Clone, Copy)]
enum Check {
    /// On each project that the change touches.
    Project(fn(&ProjectChange<'_>, &RuleSettings) -> Vec<Finding>),
    /// Once, on what the change does outside the projects.
    Repository(fn(&RepositoryChange<'_>, &RuleSettings) -> Vec<Finding>),
    /// On what the change takes out of what is checked ([`run_narrowing`]).
    Narrowing,
    /// While allowances are applied ([`allowance::apply_allowances`]).
    Allowances,
}

/// What a rule judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleScope {
    /// What the change does: nothing to say of a state by itself.
    Change,
    /// A state by itself (`--all`): nothing to say of a change.
    State,
    /// A change by what it brings, and under `--all` everything there is.
    Both,
}

impl RuleScope {
    /// Whether a rule of this scope speaks where the whole state is judged, or where a change is.
    fn covers(self, whole_state: bool) -> bool {
        match self {
            Self::Change => !whole_state,
            Self::State => whole_state,
            Self::Both => true,
        }
    }
}

/// A chapter of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Does the change carry its migration?
    Sync,
    /// Names.
    Naming,
    /// What happens to migrations that exist.
    History,
    /// Alembic's revision graph.
    Graph,
    /// What the new migrations would do to data and to a running service.
    Danger,
    /// The back doors around migrations.
    Workflow,
    /// Allowances.
    Allowance,
}

impl Group {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sync => "Sync: does the change carry its migration?",
            Self::Naming => "Naming",
            Self::History => "History: what happens to migrations that exist",
            Self::Graph => "Revision graph",
            Self::Danger => "Danger: what the new migrations would do to data and to a running service",
            Self::Workflow => "Workflow: the back doors around migrations",
            Self::Allowance => "Allowances",
        }
    }

    /// Its word, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Naming => "naming",
            Self::History => "history",
            Self::Graph => "graph",
            Self::Danger => "danger",
            Self::Workflow => "workflow",
            Self::Allowance => "allowance",
        }
    }
}

/// The default levels, as the table writes them.
mod level {
    use crate::finding::Level;

    pub(super) const ERROR: Option<Level> = Some(Level::Error);
    pub(super) const WARNING: Option<Level> = Some(Level::Warning);
    pub(super) const OFF: Option<Level> = None;
}

/// The ecosystems, as the table writes them.
mod ecosystem {
    use crate::project::EcosystemKind as Kind;

    pub(super) const BOTH: &[Kind] = &[Kind::Prisma, Kind::Alembic];
    pub(super) const PRISMA: &[Kind] = &[Kind::Prisma];
    pub(super) const ALEMBIC: &[Kind] = &[Kind::Alembic];
}

/// Declares every rule once. The doc comment is the summary; `folder::file` holds the page and, but for the rules about
/// allowances, the function `check`.
macro_rules! rules {
    ($($group:ident { $(
        #[doc = $summary:literal]
        $variant:ident = $id:literal in $folder:ident::$file:ident: $level:ident, $ecosystems:ident, $scope:ident, $check:ident;
    )+ })+) => {
        /// A rule, by the bad state it names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum RuleId {
            $($(#[doc = $summary] $variant,)+)+
        }

        impl RuleId {
            /// Every rule, in the order of the documentation.
            pub const ALL: &'static [RuleId] = &[$($(RuleId::$variant,)+)+];

            /// The id that policies, allowances and reports use.
            pub fn as_str(self) -> &'static str {
                match self { $($(Self::$variant => $id,)+)+ }
            }

            /// The level without a policy; none for a rule that is off.
            pub fn default_level(self) -> Option<Level> {
                match self { $($(Self::$variant => level::$level,)+)+ }
            }

            /// One line: what it stops.
            pub fn summary(self) -> &'static str {
                match self { $($(Self::$variant => $summary.trim_ascii_start(),)+)+ }
            }

            /// The chapter it stands in.
            pub fn group(self) -> Group {
                match self { $($(Self::$variant => Group::$group,)+)+ }
            }

            /// The ecosystems it speaks of.
            pub fn ecosystems(self) -> &'static [EcosystemKind] {
                match self { $($(Self::$variant => ecosystem::$ecosystems,)+)+ }
            }

            /// What it judges.
            pub fn scope(self) -> RuleScope {
                match self { $($(Self::$variant => RuleScope::$scope,)+)+ }
            }

            fn check(self) -> Check {
                match self { $($(Self::$variant => rules!(@check $check $folder $file),)+)+ }
            }

            fn raw_page(self) -> &'static str {
                match self { $($(Self::$variant => $folder::$file::PAGE,)+)+ }
            }
        }
    };
    (@check Project $folder:ident $file:ident) => { Check::Project($folder::$file::check) };
    (@check Repository $folder:ident $file:ident) => { Check::Repository($folder::$file::check) };
    (@check Narrowing $folder:ident $file:ident) => { Check::Narrowing };
    (@check Allowances $folder:ident $file:ident) => { Check::Allowances };
}

rules! {
    Sync {
        /// the declared schema changed in a way the database would notice, and the change brings no migration for it
        MissingMigration = "missing-migration" in sync::missing_migration: ERROR, BOTH, Change, Project;
        /// a change brings migrations, but they do not produce all of what it declares
        UncoveredChange = "uncovered-change" in sync::uncovered_change: ERROR, BOTH, Change, Project;
        /// a new migration makes something the declared schema does not have
        UndeclaredChange = "undeclared-change" in sync::undeclared_change: ERROR, BOTH, Change, Project;
        /// the migration that would close the gap lies in the working directory and is not part of the commit
        UnstagedMigration = "unstaged-migration" in sync::unstaged_migration: ERROR, BOTH, Change, Project;
        /// a migration is staged, and the schema or model change that it belongs to is not
        UnstagedSchema = "unstaged-schema" in sync::unstaged_schema: ERROR, BOTH, Change, Project;
        /// a migration is added in a folder that no project applies
        MisplacedMigration = "misplaced-migration" in sync::misplaced_migration: ERROR, BOTH, Change, Repository;
        /// the migrations cannot be applied one after the other
        BrokenHistory = "broken-history" in sync::broken_history: ERROR, BOTH, Both, Project;
        /// a schema, model or migration does not parse
        UnreadableSource = "unreadable-source" in sync::unreadable_source: ERROR, BOTH, Both, Project;
        /// a part of the change that cannot be judged without running it
        UnjudgedChange = "unjudged-change" in sync::unjudged_change: WARNING, BOTH, Both, Project;
        /// a mapped class in a module that nothing reachable from `env.py` imports, so Alembic never sees it
        UnregisteredModel = "unregistered-model" in sync::unregistered_model: WARNING, ALEMBIC, Both, Project;
        /// the change takes a project, a file or a rule out of what is checked
        NarrowedCheck = "narrowed-check" in sync::narrowed_check: ERROR, BOTH, Change, Narrowing;
        /// the migrations do not build the declared schema
        Drift = "drift" in sync::drift: ERROR, BOTH, State, Project;
    }
    Naming {
        /// a new migration whose name breaks the policy: pattern, empty slug, too few words, banned words, length
        MisnamedMigration = "misnamed-migration" in naming::misnamed_migration: ERROR, BOTH, Change, Project;
        /// a new migration whose stamp is not a date, or lies in the future
        ImpossibleTimestamp = "impossible-timestamp" in naming::impossible_timestamp: ERROR, BOTH, Change, Project;
        /// a new migration with the stamp of another
        DuplicateTimestamp = "duplicate-timestamp" in naming::duplicate_timestamp: WARNING, BOTH, Change, Project;
        /// a new table, column, index, key or enum whose name breaks the policy's patterns
        MisnamedObject = "misnamed-object" in naming::misnamed_object: OFF, BOTH, Change, Project;
    }
    History {
        /// a migration that exists on the base is changed
        EditedMigration = "edited-migration" in history::edited_migration: ERROR, BOTH, Change, Project;
        /// a migration that exists on the base is gone
        DeletedMigration = "deleted-migration" in history::deleted_migration: ERROR, BOTH, Change, Project;
        /// a migration that exists on the base got another name or id
        RenamedMigration = "renamed-migration" in history::renamed_migration: ERROR, BOTH, Change, Project;
        /// a new migration sorts before the newest one on the tip of the base branch
        OutOfOrderMigration = "out-of-order-migration" in history::out_of_order_migration: WARNING, PRISMA, Change, Project;
        /// a migration directory without its `migration.sql`
        MissingMigrationFile = "missing-migration-file" in history::missing_migration_file: ERROR, PRISMA, Both, Project;
        /// a new migration that does nothing
        EmptyMigration = "empty-migration" in history::empty_migration: WARNING, BOTH, Change, Project;
        /// `migration_lock.toml` is missing or names another provider than the schema
        LockMismatch = "lock-mismatch" in history::lock_mismatch: ERROR, PRISMA, Both, Project;
        /// since the merge base, this branch and its base both changed the same table, column, index or enum
        ConflictingChange = "conflicting-change" in history::conflicting_change: WARNING, BOTH, Change, Project;
    }
    Graph {
        /// more heads than the policy allows
        MultipleHeads = "multiple-heads" in graph::multiple_heads: ERROR, ALEMBIC, Both, Project;
        /// a revision beyond the first with `down_revision = None`
        MultipleBases = "multiple-bases" in graph::multiple_bases: ERROR, ALEMBIC, Both, Project;
        /// `down_revision` or `depends_on` names a revision that is not there
        MissingParent = "missing-parent" in graph::missing_parent: ERROR, ALEMBIC, Both, Project;
        /// two files with one revision id
        DuplicateRevision = "duplicate-revision" in graph::duplicate_revision: ERROR, ALEMBIC, Both, Project;
        /// revisions that descend from themselves
        RevisionCycle = "revision-cycle" in graph::revision_cycle: ERROR, ALEMBIC, Both, Project;
        /// a merge revision that leaves a head it was meant to join
        UnmergedHead = "unmerged-head" in graph::unmerged_head: ERROR, ALEMBIC, Both, Project;
        /// a revision id longer than the 32 characters that `version_num` holds
        OverlongRevision = "overlong-revision" in graph::overlong_revision: WARNING, ALEMBIC, Both, Project;
        /// a `down_revision` that is computed and cannot be read
        ComputedParent = "computed-parent" in graph::computed_parent: WARNING, ALEMBIC, Both, Project;
        /// a new revision whose `downgrade` is empty or raises
        MissingDowngrade = "missing-downgrade" in graph::missing_downgrade: OFF, ALEMBIC, Change, Project;
    }
    Danger {
        /// a new migration drops a table
        DroppedTable = "dropped-table" in danger::dropped_table: ERROR, BOTH, Change, Project;
        /// a new migration drops a column
        DroppedColumn = "dropped-column" in danger::dropped_column: ERROR, BOTH, Change, Project;
        /// a new migration takes a value away from an enum
        DroppedEnumValue = "dropped-enum-value" in danger::dropped_enum_value: ERROR, BOTH, Change, Project;
        /// a drop and an add of like-typed columns or tables in one migration
        SuspectedRename = "suspected-rename" in danger::suspected_rename: ERROR, BOTH, Change, Project;
        /// a table gets another name under the code that is still running
        RenamedTable = "renamed-table" in danger::renamed_table: WARNING, BOTH, Change, Project;
        /// a column gets another name under the code that is still running
        RenamedColumn = "renamed-column" in danger::renamed_column: WARNING, BOTH, Change, Project;
        /// a NOT NULL column without a default is added to a table that existed
        RequiredColumn = "required-column" in danger::required_column: ERROR, BOTH, Change, Project;
        /// NOT NULL, a unique or a check is put on columns that existed
        TightenedColumn = "tightened-column" in danger::tightened_column: WARNING, BOTH, Change, Project;
        /// a type change that narrows a column or rewrites its table
        ChangedType = "changed-type" in danger::changed_type: WARNING, BOTH, Change, Project;
        /// UPDATE or DELETE without WHERE, TRUNCATE
        UnboundedWrite = "unbounded-write" in danger::unbounded_write: ERROR, BOTH, Change, Project;
        /// PostgreSQL: an index without CONCURRENTLY on a table that existed
        BlockingIndex = "blocking-index" in danger::blocking_index: OFF, BOTH, Change, Project;
        /// PostgreSQL: a foreign key or check without NOT VALID on a table that existed
        BlockingConstraint = "blocking-constraint" in danger::blocking_constraint: OFF, BOTH, Change, Project;
        /// a statement that holds only on one server: databases, roles, owners, hosts
        EnvironmentSpecific = "environment-specific" in danger::environment_specific: WARNING, BOTH, Change, Project;
    }
    Workflow {
        /// `prisma db push` where databases that matter are set up
        SchemaPush = "schema-push" in workflow::schema_push: WARNING, PRISMA, Both, Repository;
        /// a command that resets or rewinds the database where deployment is described
        ResetInDeploy = "reset-in-deploy" in workflow::reset_in_deploy: ERROR, BOTH, Both, Repository;
        /// `metadata.create_all()` outside tests
        CreateAll = "create-all" in workflow::create_all: WARNING, ALEMBIC, Both, Repository;
        /// a line of an ignore file that hides the migrations folder
        IgnoredMigrations = "ignored-migrations" in workflow::ignored_migrations: ERROR, BOTH, Both, Repository;
    }
    Allowance {
        /// an allowance that matched nothing
        UnusedAllowance = "unused-allowance" in allowance::unused_allowance: WARNING, BOTH, Both, Allowances;
        /// an allowance past its date
        ExpiredAllowance = "expired-allowance" in allowance::expired_allowance: ERROR, BOTH, Both, Allowances;
    }
}

impl RuleId {
    /// The rule of that id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.as_str() == id)
    }

    /// Where the page can be read on the web.
    pub fn url(self) -> String {
        format!("{}/blob/main/docs/rules/{}.md", env!("CARGO_PKG_REPOSITORY"), self.as_str())
    }

    /// The page, in Markdown: what `driftgate explain` prints and `docs/rules/` holds.
    pub fn page(self) -> String {
        let level = self.default_level().map_or("off", Level::as_str);
        let ecosystems: Vec<&str> = self
            .ecosystems()
            .iter()
            .map(|kind| match kind {
                EcosystemKind::Prisma => "Prisma",
                EcosystemKind::Alembic => "Alembic",
            })
            .collect();
        let scope = match self.scope() {
            RuleScope::Change => "changes",
            RuleScope::State => "the whole state (`--all`)",
            RuleScope::Both => "changes, and the whole state under `--all`",
        };
        let mut page = format!("# {self}\n\nLevel: {level}. For {}. It judges {scope}.\n\n", ecosystems.join(" and "));
        for line in self.raw_page().lines() {
            // A doc comment keeps the blank between the slashes and the text.
            page.push_str(line.strip_prefix(' ').unwrap_or(line));
            page.push('\n');
        }
        page
    }
}

/// Runs every rule that speaks of one project, in the order of the table. The findings carry the levels of `settings`.
pub fn run(change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    RuleId::ALL.iter().flat_map(|&rule| run_one(rule, change, settings)).collect()
}

/// Runs one rule on one project, if it speaks of such a project and such a scope and is not off.
fn run_one(rule: RuleId, change: &ProjectChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let Check::Project(check) = rule.check() else { return Vec::new() };
    let speaks = rule.ecosystems().contains(&change.project.ecosystem) && rule.scope().covers(change.whole_state);
    if !speaks || settings.level(rule).is_none() {
        return Vec::new();
    }
    let mut findings = check(change, settings);
    findings.retain_mut(|finding| {
        finding.project = Some(change.project.name.clone());
        settings.put_level(finding)
    });
    findings
}

/// Runs every rule about what lies outside the projects, in the order of the table.
pub fn run_repository(change: &RepositoryChange<'_>, settings: &RuleSettings) -> Vec<Finding> {
    let mut findings = Vec::new();
    for &rule in RuleId::ALL {
        let Check::Repository(check) = rule.check() else { continue };
        let speaks = rule.ecosystems().iter().any(|kind| change.has(*kind)) && rule.scope().covers(change.whole_state);
        if speaks && settings.level(rule).is_some() {
            findings.extend(check(change, settings));
        }
    }
    findings.retain_mut(|finding| settings.put_level(finding));
    findings
}

/// Says what a change takes out of what is checked. The findings carry the levels of `settings`.
pub fn run_narrowing(narrowings: &[Narrowing], settings: &RuleSettings) -> Vec<Finding> {
    let mut findings = sync::narrowed_check::check(narrowings);
    findings.retain_mut(|finding| settings.put_level(finding));
    findings
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

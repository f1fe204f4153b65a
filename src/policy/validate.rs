//! From the raw file to a [`Policy`]. Mistakes are gathered, not stopped at: a person mends them in one go.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use regex::Regex;
use toml::Spanned;

use super::allow::clean_path;
use super::file::{AllowFile, NamingFile, ObjectsFile, PolicyFile, ProjectFile, SquashFile, VersionFile};
use super::naming::{Convention, MigrationPattern, compile};
use super::paths::PathSet;
use super::{
    AlembicPolicy, Allowance, Date, Naming, ObjectKind, Policy, PolicyError, PolicyErrors, ProjectPolicy, RuleLevel,
    Squash, date, version,
};
use crate::catalog::Dialect;
use crate::git::{FileList, Snapshot};
use crate::project::{EcosystemKind, ProjectOverride};
use crate::rules::RuleId;
use crate::source::{Place, RepoPath, Source, Span};

/// The most entries of one list.
const MOST: usize = 2_000;

/// Reads and checks a policy's text.
pub(super) fn validate(source: &Arc<Source>, snapshot: &dyn Snapshot) -> Result<Policy, PolicyErrors> {
    let files = snapshot.files()?;
    let mut check = Check {
        source,
        files,
        snapshot: snapshot.describe(),
        projects: Vec::new(),
        claimed: BTreeSet::new(),
        errors: Vec::new(),
    };
    check.required_version()?;
    let file: PolicyFile = toml::from_str(source.text()).map_err(|error| parse_error(source, &error))?;
    let policy = check.policy(file);
    if check.errors.is_empty() {
        return Ok(policy);
    }
    check.errors.sort_by_key(|error| error.place().map(|place| place.span));
    Err(PolicyErrors(check.errors))
}

/// What validation knows and gathers.
struct Check<'a> {
    source: &'a Arc<Source>,
    files: &'a FileList,
    snapshot: String,
    /// Names of the projects, once they are known.
    projects: Vec<String>,
    /// Folders of migrations that projects name.
    claimed: BTreeSet<RepoPath>,
    errors: Vec<PolicyError>,
}

impl Check<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place::new(self.source, Span::new(span.start, span.end))
    }

    /// `required-version` comes first: a file for another version may hold keys that this one does not know.
    fn required_version(&self) -> Result<(), PolicyErrors> {
        let Ok(VersionFile { required_version: Some(required) }) = toml::from_str(self.source.text()) else {
            return Ok(());
        };
        let (at, text) = (self.place(required.span()), required.into_inner());
        let actual = env!("CARGO_PKG_VERSION");
        match version::meets(&text, actual) {
            Some(true) => Ok(()),
            Some(false) => Err(PolicyError::RequiredVersion { at, required: text, actual }.into()),
            None => Err(PolicyError::InvalidVersion { at, text }.into()),
        }
    }

    fn policy(&mut self, file: PolicyFile) -> Policy {
        let exclude = self.globs(&file.exclude);
        let documents = self.globs(&file.documents);
        let rules = self.rule_levels(file.rules);
        let naming = self.naming(file.naming);
        let prisma_version = file.prisma.version.and_then(|version| self.prisma_version(version));
        let defaults = AlembicPolicy::default();
        let alembic = AlembicPolicy {
            max_heads: self.count("max-heads", file.alembic.max_heads).unwrap_or(defaults.max_heads),
            head_labels: file.alembic.head_labels.into_iter().map(Spanned::into_inner).collect(),
            compare_type: file.alembic.compare_type,
            compare_server_default: file.alembic.compare_server_default,
            beyond_engine: file.alembic.beyond_engine.map_or(defaults.beyond_engine, RuleLevel::level),
        };
        let projects = self.all_projects(file.project);
        self.projects = projects.iter().map(|project| project.declared.name.clone()).collect();
        let allowances = self.entries(file.allow, Check::allowance);
        let squashes = self.entries(file.squash, Check::squash);
        Policy {
            path: Some(self.source.path().clone()),
            fail_on: file.fail_on.unwrap_or_default(),
            exclude,
            documents,
            rules,
            naming,
            prisma_version,
            alembic,
            projects,
            allowances,
            squashes,
        }
    }

    /// Every entry of a list that is right.
    fn entries<T, U>(&mut self, entries: Vec<T>, read: impl Fn(&mut Self, T) -> Option<U>) -> Vec<U> {
        if entries.len() > MOST {
            let at = Place::start_of(self.source);
            self.errors.push(PolicyError::TooMany { at, count: entries.len(), most: MOST });
            return Vec::new();
        }
        entries.into_iter().filter_map(|entry| read(self, entry)).collect()
    }

    /// Globs, each of which must be one and match a file.
    fn globs(&mut self, patterns: &[Spanned<String>]) -> PathSet {
        if let (Some(first), true) = (patterns.first(), patterns.len() > MOST) {
            let at = self.place(first.span());
            self.errors.push(PolicyError::TooMany { at, count: patterns.len(), most: MOST });
            return PathSet::default();
        }
        let mut good = Vec::new();
        for pattern in patterns {
            if let Some(set) = self.glob(pattern) {
                if set.matches_any(self.files) {
                    good.push(pattern.get_ref().as_str());
                } else {
                    let help = self.near_path(pattern.get_ref()).map_or_else(
                        || "correct it, or remove it".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let (at, snapshot) = (self.place(pattern.span()), self.snapshot.clone());
                    let pattern = pattern.get_ref().clone();
                    self.errors.push(PolicyError::UnmatchedGlob { at, pattern, snapshot, help });
                }
            }
        }
        // Every glob has compiled alone.
        PathSet::new(good).unwrap_or_default()
    }

    /// One glob, whether or not it matches.
    fn glob(&mut self, pattern: &Spanned<String>) -> Option<PathSet> {
        if pattern.get_ref().trim().is_empty() {
            let (at, help) = (self.place(pattern.span()), "write a path or a glob".to_owned());
            self.errors.push(PolicyError::Empty { at, key: "pattern", what: "empty", help });
            return None;
        }
        match PathSet::new([pattern.get_ref().as_str()]) {
            Ok(set) => Some(set),
            Err(message) => {
                let at = self.place(pattern.span());
                self.errors.push(PolicyError::InvalidGlob { at, message });
                None
            }
        }
    }

    /// A file or folder of the snapshot with a name much like `wanted`.
    fn near_path(&self, wanted: &str) -> Option<String> {
        let wanted = wanted.trim_start_matches("./").trim_end_matches('/');
        let mut best: Option<(f64, &str)> = None;
        for entry in self.files.iter().take(50_000) {
            let path = entry.path.as_str();
            let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
            for candidate in folders.chain(std::iter::once(path)) {
                if candidate.len().abs_diff(wanted.len()) > 3 {
                    continue;
                }
                let score = strsim::jaro_winkler(candidate, wanted);
                if score > 0.9 && best.is_none_or(|(other, _)| score > other) {
                    best = Some((score, candidate));
                }
            }
        }
        best.map(|(_, path)| path.to_owned())
    }

    fn rule_levels(&mut self, levels: BTreeMap<Spanned<String>, RuleLevel>) -> BTreeMap<RuleId, RuleLevel> {
        levels.into_iter().filter_map(|(rule, level)| Some((self.rule(&rule)?, level))).collect()
    }

    fn rule(&mut self, id: &Spanned<String>) -> Option<RuleId> {
        let found = RuleId::from_id(id.get_ref());
        if found.is_none() {
            let ids = RuleId::ALL.iter().map(|rule| rule.as_str());
            let help = did_you_mean(id.get_ref(), ids).unwrap_or_else(|| "`driftgate rules` lists them".to_owned());
            let (at, rule) = (self.place(id.span()), id.get_ref().clone());
            self.errors.push(PolicyError::UnknownRule { at, rule, help });
        }
        found
    }

    fn naming(&mut self, file: NamingFile) -> Naming {
        let migration = match (file.convention, file.pattern) {
            (Some(_), Some(pattern)) => {
                let at = self.place(pattern.span());
                self.errors.push(PolicyError::Exclusive { at, one: "convention", other: "pattern" });
                None
            }
            (Some(convention), None) => {
                self.word(&convention, &Convention::ALL, Convention::as_str).and_then(|found| {
                    let pattern = MigrationPattern::of(found);
                    self.regex_or_error(&convention, pattern)
                })
            }
            (None, Some(pattern)) => {
                let compiled = MigrationPattern::custom(pattern.get_ref());
                self.regex_or_error(&pattern, compiled)
            }
            (None, None) => None,
        };
        let future_tolerance = file.future_tolerance.and_then(|text| {
            let duration = date::parse_duration(text.get_ref());
            if duration.is_none() {
                let at = self.place(text.span());
                self.errors.push(PolicyError::InvalidDuration { at, text: text.into_inner() });
            }
            duration
        });
        Naming {
            migration,
            min_words: file.min_words,
            max_length: self.count("max-length", file.max_length),
            banned_words: file
                .banned_words
                .map(|words| words.into_iter().map(|w| w.into_inner().to_lowercase()).collect()),
            future_tolerance,
            objects: self.objects(file.objects),
        }
    }

    fn objects(&mut self, file: ObjectsFile) -> BTreeMap<ObjectKind, Regex> {
        let written = [
            (ObjectKind::Table, file.table),
            (ObjectKind::Column, file.column),
            (ObjectKind::Index, file.index),
            (ObjectKind::Unique, file.unique),
            (ObjectKind::ForeignKey, file.foreign_key),
            (ObjectKind::PrimaryKey, file.primary_key),
            (ObjectKind::Check, file.check),
            (ObjectKind::Enum, file.enumeration),
            (ObjectKind::EnumValue, file.enum_value),
        ];
        let mut objects = BTreeMap::new();
        for (kind, pattern) in written {
            let Some(pattern) = pattern else { continue };
            let compiled = compile(pattern.get_ref());
            if let Some(regex) = self.regex_or_error(&pattern, compiled) {
                objects.insert(kind, regex);
            }
        }
        objects
    }

    fn regex_or_error<T>(&mut self, pattern: &Spanned<String>, compiled: Result<T, String>) -> Option<T> {
        match compiled {
            Ok(compiled) => Some(compiled),
            Err(message) => {
                let at = self.place(pattern.span());
                self.errors.push(PolicyError::InvalidRegex { at, message });
                None
            }
        }
    }

    /// One of certain words.
    fn word<T: Copy>(&mut self, word: &Spanned<String>, all: &[T], name: impl Fn(T) -> &'static str) -> Option<T> {
        let found = all.iter().copied().find(|&candidate| name(candidate) == word.get_ref());
        if found.is_none() {
            let names: Vec<&str> = all.iter().map(|&candidate| name(candidate)).collect();
            let help = did_you_mean(word.get_ref(), names.iter().copied()).unwrap_or_else(|| one_of(&names));
            let (at, word) = (self.place(word.span()), word.get_ref().clone());
            self.errors.push(PolicyError::UnknownWord { at, word, help });
        }
        found
    }

    /// A number that may not be 0.
    fn count(&mut self, key: &'static str, number: Option<Spanned<u32>>) -> Option<u32> {
        let number = number?;
        if *number.get_ref() == 0 {
            let (at, help) = (self.place(number.span()), "write 1 or more, or remove it".to_owned());
            self.errors.push(PolicyError::Empty { at, key, what: "0", help });
            return None;
        }
        Some(number.into_inner())
    }

    /// A text that may not be blank.
    fn text(&mut self, key: &'static str, text: Spanned<String>, help: &str) -> Option<String> {
        if text.get_ref().trim().is_empty() {
            let (at, help) = (self.place(text.span()), help.to_owned());
            self.errors.push(PolicyError::Empty { at, key, what: "empty", help });
            return None;
        }
        Some(text.into_inner())
    }

    /// `6`, `6.2` or `6.2.1`.
    fn prisma_version(&mut self, version: Spanned<String>) -> Option<String> {
        let text = version.get_ref();
        if !text.is_empty() && text.split('.').all(|part| part.parse::<u32>().is_ok()) {
            return Some(version.into_inner());
        }
        let at = self.place(version.span());
        self.errors.push(PolicyError::InvalidVersion { at, text: version.into_inner() });
        None
    }

    fn all_projects(&mut self, files: Vec<ProjectFile>) -> Vec<ProjectPolicy> {
        let mut seen: BTreeMap<String, Range<usize>> = BTreeMap::new();
        self.claimed =
            files.iter().flat_map(|file| &file.migrations).filter_map(|path| clean_path(path.get_ref())).collect();
        for file in &files {
            let (name, span) = (file.name.get_ref().clone(), file.name.span());
            if let Some(first) = seen.get(&name) {
                let (at, first) = (self.place(span), self.place(first.clone()));
                self.errors.push(PolicyError::DuplicateProject { at, first, name });
            } else {
                seen.insert(name, span);
            }
        }
        self.entries(files, Check::project)
    }

    fn project(&mut self, file: ProjectFile) -> Option<ProjectPolicy> {
        let kinds = [EcosystemKind::Prisma, EcosystemKind::Alembic];
        let ecosystem = file.ecosystem.as_ref().and_then(|word| self.word(word, &kinds, EcosystemKind::as_str));
        let name = self.text("name", file.name, "give the project a short name, its folder's for example");
        let dialect = file.provider.as_ref().and_then(|provider| self.provider(provider));
        let root = file.root.as_ref().and_then(|path| self.path(path, true));
        let schema = file.schema.iter().filter_map(|path| self.path(path, true)).collect();
        let migrations = file.migrations.iter().filter_map(|path| self.migrations_folder(path)).collect();
        let rules = self.rule_levels(file.rules);
        let mut facts = BTreeMap::new();
        if let Some(version) = file.prisma_version {
            self.only_for(EcosystemKind::Prisma, ecosystem, "prisma-version", version.span());
            if let Some(version) = self.prisma_version(version) {
                facts.insert("prisma-version", version);
            }
        }
        for (key, value) in
            [("compare-type", file.compare_type), ("compare-server-default", file.compare_server_default)]
        {
            let Some(value) = value else { continue };
            self.only_for(EcosystemKind::Alembic, ecosystem, key, value.span());
            facts.insert(key, value.into_inner().to_string());
        }
        if let Some(heads) = &file.max_heads {
            self.only_for(EcosystemKind::Alembic, ecosystem, "max-heads", heads.span());
        }
        let max_heads = self.count("max-heads", file.max_heads);
        let declared = ProjectOverride { name: name?, ecosystem, root, schema, migrations, dialect, facts };
        Some(ProjectPolicy { declared, max_heads, rules })
    }

    /// A folder of migrations. It is made by the first of them, so it may be missing; but one that is missing beside a
    /// folder of migrations with nearly the same name is misspelt.
    fn migrations_folder(&mut self, path: &Spanned<String>) -> Option<RepoPath> {
        let wanted = self.path(path, false)?;
        if wanted.is_root() || self.files.get(&wanted).is_some() || self.files.has_dir(&wanted) {
            return Some(wanted);
        }
        let Some(near) = self.near_folder_of_migrations(&wanted) else { return Some(wanted) };
        let (at, pattern, snapshot) = (self.place(path.span()), path.get_ref().clone(), self.snapshot.clone());
        self.errors.push(PolicyError::UnmatchedGlob { at, pattern, snapshot, help: format!("did you mean `{near}`?") });
        None
    }

    /// The folder with migrations whose name is a slip of the pen away: in the folder where `wanted` would lie, or anywhere
    /// where that is not there either. What another project of the policy names is that project's.
    fn near_folder_of_migrations(&self, wanted: &RepoPath) -> Option<RepoPath> {
        /// Letters that a slip changes.
        const SLIP: usize = 2;
        let parent = wanted.parent().filter(|parent| parent.is_root() || self.files.has_dir(parent));
        let scripts = self.files.iter().filter(|entry| matches!(entry.path.extension(), Some("sql" | "py")));
        let folders = scripts.flat_map(|entry| {
            let folder = entry.path.parent();
            let above = folder.as_ref().and_then(RepoPath::parent);
            [folder, above].into_iter().flatten()
        });
        folders
            .filter(|folder| parent.is_none() || folder.parent() == parent)
            .filter(|folder| folder.as_str().len().abs_diff(wanted.as_str().len()) <= SLIP)
            .filter(|folder| !self.claimed.contains(folder))
            .find(|folder| strsim::damerau_levenshtein(folder.as_str(), wanted.as_str()) <= SLIP)
    }

    fn only_for(
        &mut self,
        wanted: EcosystemKind,
        actual: Option<EcosystemKind>,
        key: &'static str,
        span: Range<usize>,
    ) {
        if let Some(actual) = actual.filter(|&actual| actual != wanted) {
            let at = self.place(span);
            self.errors.push(PolicyError::WrongEcosystem { at, key, ecosystem: actual.as_str() });
        }
    }

    fn provider(&mut self, provider: &Spanned<String>) -> Option<Dialect> {
        let found = provider.get_ref().parse().ok();
        if found.is_none() {
            return self.word(provider, &Dialect::ALL, Dialect::as_str);
        }
        found
    }

    /// A path of the repository; one that must be there is looked for.
    fn path(&mut self, path: &Spanned<String>, must_exist: bool) -> Option<RepoPath> {
        let at = self.place(path.span());
        let Some(clean) = clean_path(path.get_ref()) else {
            self.errors.push(PolicyError::InvalidPath { at, path: path.get_ref().clone() });
            return None;
        };
        let exists = clean.is_root() || self.files.get(&clean).is_some() || self.files.has_dir(&clean);
        if must_exist && !exists {
            let help = match self.near_path(path.get_ref()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name a file or folder, relative to the repository's root".to_owned(),
            };
            let (pattern, snapshot) = (path.get_ref().clone(), self.snapshot.clone());
            self.errors.push(PolicyError::UnmatchedGlob { at, pattern, snapshot, help });
            return None;
        }
        Some(clean)
    }

    /// A project of this policy. A policy that lists none leaves all to be found, under names that are not known yet.
    fn known_project(&mut self, name: Spanned<String>) -> String {
        if !self.projects.is_empty() && !self.projects.contains(name.get_ref()) {
            let names: Vec<&str> = self.projects.iter().map(String::as_str).collect();
            let help = did_you_mean(name.get_ref(), names.iter().copied()).unwrap_or_else(|| one_of(&names));
            let (at, project) = (self.place(name.span()), name.get_ref().clone());
            self.errors.push(PolicyError::UnknownProject { at, project, help });
        }
        name.into_inner()
    }

    fn allowance(&mut self, entry: Spanned<AllowFile>) -> Option<Allowance> {
        let place = self.place(entry.span());
        let file = entry.into_inner();
        let rule = self.rule(&file.rule);
        let reason = self.text("reason", file.reason, "say why, for whoever reads it next year");
        if file.path.is_none() && file.object.is_none() && file.project.is_none() {
            // The whole entry is a wall of lines: the rule is what it speaks of.
            let at = self.place(file.rule.span());
            self.errors.push(PolicyError::Blanket { at });
            return None;
        }
        let path = file.path.as_ref().and_then(|pattern| self.glob(pattern));
        let object = file.object.and_then(|object| {
            self.text("object", object, "name a table or column: \"users\", \"users.age\", \"users.*\"")
        });
        let project = file.project.map(|name| self.known_project(name));
        let until = file.until.and_then(|until| self.date(&until));
        Some(Allowance {
            rule: rule?,
            path,
            object,
            project,
            reason: reason?,
            owner: file.owner.map(Spanned::into_inner),
            until,
            place,
        })
    }

    fn date(&mut self, value: &Spanned<toml::Value>) -> Option<Date> {
        let text = match value.get_ref() {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let date = text.parse().ok();
        if date.is_none() {
            let at = self.place(value.span());
            self.errors.push(PolicyError::InvalidDate { at, text });
        }
        date
    }

    fn squash(&mut self, file: SquashFile) -> Option<Squash> {
        let place = self.place(file.replaced.span());
        let replaced: Vec<String> = file.replaced.into_inner().into_iter().map(Spanned::into_inner).collect();
        if replaced.is_empty() {
            let (at, help) = (place.clone(), "name every migration that is gone".to_owned());
            self.errors.push(PolicyError::Empty { at, key: "replaced", what: "empty", help });
        }
        let project = file.project.map(|name| self.known_project(name));
        let by = self.text("by", file.by, "name the migration that stands for them");
        let reason = self.text("reason", file.reason, "say why, for whoever reads it next year");
        Some(Squash { project, replaced, by: by?, reason: reason?, place })
    }
}

/// Says in our words what the TOML reader refused. Its messages for keys and words are serde's, with every name in
/// backquotes.
fn parse_error(source: &Arc<Source>, error: &toml::de::Error) -> PolicyError {
    let at = error_place(source, error.span().unwrap_or_default());
    let message = error.message().lines().next().unwrap_or_default();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let help = |word: &str, all: &[&str]| did_you_mean(word, all.iter().copied()).unwrap_or_else(|| one_of(all));
    match quoted.split_first() {
        Some((key, all)) if message.starts_with("unknown field") => {
            PolicyError::UnknownKey { at, key: (*key).to_owned(), help: help(key, all) }
        }
        Some((word, all)) if message.starts_with("unknown variant") => {
            PolicyError::UnknownWord { at, word: (*word).to_owned(), help: help(word, all) }
        }
        Some((key, _)) if message.starts_with("missing field") => {
            PolicyError::MissingKey { at, key: (*key).to_owned() }
        }
        _ if message.starts_with("invalid type") || message.starts_with("invalid value") => {
            let (found, expected) = message.split_once(", expected ").unwrap_or((message, "another type"));
            let found = found.split_once(": ").map_or(found, |(_, rest)| rest);
            let expected = match expected {
                "a sequence" => "a list: [\"…\"]",
                "u32" => "a whole number from 0 on",
                other if other.starts_with("a map") || other.starts_with("struct") => "a table",
                other => other,
            };
            PolicyError::WrongType { at, message: format!("{found}, expected {expected}") }
        }
        _ => PolicyError::Syntax { at, message: message.to_owned() },
    }
}

/// Where the TOML reader stumbled: an empty span (the end of a line or of the file) stands for its whole line.
fn error_place(source: &Arc<Source>, span: Range<usize>) -> Place {
    let text = source.text();
    let (Some(before), true) = (text.get(..span.start), span.start >= span.end) else {
        return Place::new(source, Span::new(span.start, span.end));
    };
    let before = before.trim_end_matches(['\n', '\r']);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = text.get(start..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| start + at);
    Place::new(source, Span::new(start, end))
}

/// Words longer than this resemble nothing.
const LONGEST_WORD: usize = 100;

/// `did you mean …?`, where one of `all` is near enough.
pub(crate) fn did_you_mean<'n>(word: &str, all: impl Iterator<Item = &'n str>) -> Option<String> {
    // The distance takes as long as both lengths multiplied, and no name is as long as this.
    if word.len() > LONGEST_WORD {
        return None;
    }
    let lower = word.to_lowercase().replace('_', "-");
    all.map(|candidate| {
        (strsim::damerau_levenshtein(&lower, candidate), strsim::jaro_winkler(&lower, candidate), candidate)
    })
    .filter(|&(distance, score, candidate)| distance <= candidate.len() / 3 || score > 0.92)
    .min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)))
    .map(|(_, _, candidate)| format!("did you mean `{candidate}`?"))
}

/// `one of a, b, c`.
fn one_of(words: &[&str]) -> String {
    format!("one of {}", words.join(", "))
}

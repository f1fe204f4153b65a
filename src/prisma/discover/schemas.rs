//! Which `.prisma` files make one schema, and which migrations folder is its own.

use super::settings::{Configured, Package};
use super::{
    Arc, BTreeMap, BTreeSet, LOCK_FILE, RepoPath, SCRIPT, Snapshot, SnapshotError, Source, config_root, is_config,
    provider_dialect, read_config, read_package, schema,
};
use crate::git::{FileKind, links};
use crate::prisma::history::is_lfs_pointer;
use crate::prisma::schema::ast::{FieldType, Schema};
use crate::prisma::schema::resolve::{Scalar, Settings};

/// Folders whose files are copies or other people's.
const FOREIGN: [&str; 9] = ["node_modules", "dist", "build", "out", ".next", ".turbo", ".prisma", "vendor", ".git"];

/// Those of them that may be a part of a schema as well, called after what its models are about.
const DOMAINS: [&str; 4] = ["build", "dist", "out", "vendor"];

/// Links that are followed: a repository with more of them keeps something else in them.
const MOST_LINKS: usize = 5_000;

/// A schema and its migrations folder.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Its files, sorted.
    pub(crate) schema: Vec<RepoPath>,
    /// The folder, where the schema is one.
    pub(crate) folder: Option<RepoPath>,
    /// The file with the `datasource` block.
    pub(crate) datasource: RepoPath,
    /// The migrations folder, whether it is there or not.
    pub(crate) migrations: RepoPath,
    /// The configuration that names the schema.
    pub(crate) config: Option<RepoPath>,
}

/// Everything in a snapshot that finding projects looks at.
pub(crate) struct Survey {
    /// The texts of the `.prisma` files.
    pub(crate) sources: BTreeMap<RepoPath, Arc<Source>>,
    /// `package.json` files, by their folder.
    pub(crate) packages: BTreeMap<RepoPath, Package>,
    /// Configurations, by their path.
    pub(crate) configs: BTreeMap<RepoPath, Configured>,
    parsed: BTreeMap<RepoPath, Schema>,
    /// `.prisma` files whose text is not there: links that lead nowhere, Git LFS pointers, files beyond the limits.
    unread: BTreeSet<RepoPath>,
    /// Symbolic links, and the files and folders of the snapshot that they lead to.
    links: BTreeMap<RepoPath, RepoPath>,
    /// Directories that hold a script.
    migrations: BTreeSet<RepoPath>,
    /// Folders that hold a lock file or directories with scripts.
    migration_folders: BTreeSet<RepoPath>,
    locks: BTreeMap<RepoPath, String>,
}

impl Survey {
    /// Looks through a snapshot.
    pub(crate) fn of(snapshot: &dyn Snapshot) -> Result<Self, SnapshotError> {
        let mut survey = Self {
            sources: BTreeMap::new(),
            packages: BTreeMap::new(),
            configs: BTreeMap::new(),
            parsed: BTreeMap::new(),
            unread: BTreeSet::new(),
            links: BTreeMap::new(),
            migrations: BTreeSet::new(),
            migration_folders: BTreeSet::new(),
            locks: BTreeMap::new(),
        };
        let mut schemas = Vec::new();
        let mut packages = Vec::new();
        let mut linking = Vec::new();
        let mut apart = Vec::new();
        for entry in snapshot.files()?.iter() {
            let path = &entry.path;
            let is_schema = || path.extension() == Some("prisma") && path.file_name() != "contract.prisma";
            if let Some(at) = path.components().position(|component| FOREIGN.contains(&component)) {
                let is_domain = path.components().nth(at).is_some_and(|component| DOMAINS.contains(&component));
                if is_domain && is_schema() && entry.kind == FileKind::Regular {
                    let above: Vec<&str> = path.components().take(at).collect();
                    apart.push((RepoPath::new(above.join("/")), path.clone()));
                }
                continue;
            }
            if entry.kind == FileKind::Symlink && linking.len() < MOST_LINKS {
                linking.push(path.clone());
            }
            if entry.kind != FileKind::Regular && !is_schema() {
                continue;
            }
            let folder = || path.parent().unwrap_or_default();
            match path.file_name() {
                SCRIPT => {
                    survey.migration_folders.extend(folder().parent());
                    survey.migrations.insert(folder());
                }
                LOCK_FILE => {
                    let provider = snapshot.read(path)?.text().and_then(|source| locked_provider(source.text()));
                    survey.locks.extend(provider.map(|provider| (folder(), provider)));
                    survey.migration_folders.insert(folder());
                }
                "package.json" => packages.push(path.clone()),
                _ if is_schema() => schemas.push(path.clone()),
                _ if is_config(path) => {
                    let text = snapshot.read(path)?.text();
                    survey.configs.extend(text.map(|source| (path.clone(), read_config(source.text()))));
                }
                _ => {}
            }
        }
        if schemas.is_empty() {
            return Ok(survey);
        }
        for path in linking {
            let Some(target) = links::follow(snapshot, &path)? else { continue };
            if survey.migration_folders.contains(&target) {
                survey.migration_folders.insert(path.clone());
            }
            survey.links.insert(path, target);
        }
        // Below a folder of schemas (`schema/vendor/offers.prisma`) they are a part, unless they are whole by themselves.
        let folders: BTreeSet<RepoPath> = schemas.iter().filter_map(RepoPath::parent).collect();
        for (_, path) in apart.into_iter().filter(|(above, _)| folders.contains(above)) {
            let Some(source) = snapshot.read(&path)?.text() else { continue };
            let parsed = schema::parse(std::slice::from_ref(&source));
            if parsed.datasources.is_empty() && parsed.generators.is_empty() {
                survey.parsed.insert(path.clone(), parsed);
                survey.sources.insert(path, source);
            }
        }
        for path in schemas {
            // What a schema may lie in is told by names alone, so that a commit elsewhere costs nothing.
            let target = survey.links.get(&path).filter(|target| target.extension() == Some("prisma"));
            let source = snapshot.read(target.unwrap_or(&path))?.text();
            if source.as_ref().is_none_or(|source| is_lfs_pointer(source)) {
                survey.unread.insert(path.clone());
            }
            let Some(source) = source else { continue };
            survey.parsed.insert(path.clone(), schema::parse(std::slice::from_ref(&source)));
            survey.sources.insert(path, source);
        }
        for path in packages {
            let Some(source) = snapshot.read(&path)?.text() else { continue };
            survey.packages.insert(path.parent().unwrap_or_default(), read_package(source.text()));
        }
        Ok(survey)
    }

    /// The schemas: first those that a configuration names, then every other file with a `datasource` block.
    pub(crate) fn projects(&self) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        let mut taken: BTreeSet<RepoPath> = BTreeSet::new();
        // What settings name by a path of their own, not by the places that Prisma looks at.
        let mut configured: Vec<Found> = Vec::new();
        let from_configs = self
            .configs
            .iter()
            .map(|(path, config)| (path.clone(), config_root(path), config.schema.clone(), config.migrations.clone()));
        let from_packages = self.packages.iter().filter_map(|(dir, package)| {
            Some((dir.join("package.json"), dir.clone(), Some(package.schema.clone()?), None))
        });
        for (config, root, schema, migrations) in from_configs.chain(from_packages) {
            let Some(target) = self.configured_target(&root, schema.as_deref()) else { continue };
            let Some(mut project) = self.at(&target) else { continue };
            if project.schema.iter().any(|path| taken.contains(path)) {
                continue;
            }
            let says_which = schema.is_some();
            // A linked folder of a schema has its migrations where the link lies, or where it leads to.
            let beside = schema.and_then(|schema| root.join(&schema).parent()).map(|dir| dir.join("migrations"));
            if !self.migration_folders.contains(&project.migrations)
                && let Some(beside) = beside.filter(|dir| self.migration_folders.contains(dir))
            {
                project.migrations = beside;
            }
            if let Some(migrations) = migrations {
                let named = root.join(&migrations);
                project.migrations = self.gathered_from(&root, &named).unwrap_or(named);
            }
            project.config = Some(config);
            taken.extend(project.schema.iter().cloned());
            if says_which {
                configured.push(project.clone());
            }
            found.push(project);
        }
        let datasources: Vec<&RepoPath> =
            self.parsed.keys().filter(|path| self.has_datasource(path) && !taken.contains(*path)).collect();
        for path in &datasources {
            if self.is_migration_file(path) || taken.contains(*path) {
                continue;
            }
            let siblings: Vec<&RepoPath> =
                datasources.iter().filter(|other| other.parent() == path.parent()).copied().collect();
            let files = self.files_around(path, siblings.len() > 1, &taken);
            let folder = (files.len() > 1).then(|| common_folder(&files));
            taken.extend(files.iter().cloned());
            let migrations = self.migrations_of(path, &siblings);
            let is_kept = self.migration_folders.contains(&migrations);
            if !is_kept && (is_sample(path) || self.is_told_elsewhere(path)) {
                continue;
            }
            // A copy beside the schema has no migrations of its own, and a folder of migrations is that of one schema: of
            // the one that Prisma takes by itself, where it is among them.
            let theirs = |other: &&&RepoPath| *other != path && self.migrations_of(other, &siblings) == migrations;
            let is_default = |path: &RepoPath| path.file_name() == "schema.prisma";
            let is_sketch =
                is_kept && !is_default(path) && siblings.iter().filter(theirs).any(|other| is_default(other));
            let is_leftover = is_kept && configured.iter().any(|one| self.stands_for(one, path, &migrations));
            if is_sketch
                || is_leftover
                || is_copy(path, &siblings) && (!is_kept || siblings.iter().any(|other| theirs(&other)))
            {
                continue;
            }
            found.push(Found { schema: files, folder, datasource: (*path).clone(), migrations, config: None });
        }
        self.add_unread(&mut found);
        found
    }

    /// Whether a schema that no settings name is but left over beside one that they do: in one package with it, over the same
    /// migrations. Where another package's settings share them, each has a schema of its own.
    fn stands_for(&self, configured: &Found, leftover: &RepoPath, migrations: &RepoPath) -> bool {
        let package = |path: &RepoPath| super::nearest(path, |dir| self.packages.contains_key(dir)).unwrap_or_default();
        configured.config.as_ref().is_some_and(|config| leftover.is_under(&config_root(config)))
            && self.led(&configured.migrations) == self.led(migrations)
            && package(&configured.datasource) == package(leftover)
    }

    /// Adds the files that cannot be read to the schemas that they are part of, and what is a project by its migrations
    /// though no file of its schema can be read: that is said, not passed over.
    fn add_unread(&self, found: &mut Vec<Found>) {
        let mut lost: BTreeMap<RepoPath, Vec<RepoPath>> = BTreeMap::new();
        for path in self.unread.iter().filter(|path| !self.is_migration_file(path)) {
            let mut wholes =
                found.iter_mut().filter(|other| other.folder.as_ref().is_some_and(|dir| path.is_under(dir)));
            if let Some(whole) = wholes.next() {
                if let Err(at) = whole.schema.binary_search(path) {
                    whole.schema.insert(at, path.clone());
                }
                continue;
            }
            let migrations = self.migrations_of(path, &[]);
            let is_free = !found.iter().any(|other| other.migrations == migrations);
            // A pointer where Prisma looks by itself stands for a schema, with migrations or without; where a link leads is
            // another's matter.
            let is_pointer = self.is_pointer(path) && !is_sample(path) && self.is_default_place(path);
            if is_free && (is_pointer || self.migration_folders.contains(&migrations)) {
                lost.entry(migrations).or_default().push(path.clone());
            }
        }
        found.extend(
            lost.into_iter()
                .filter_map(|(migrations, schema)| Some(Found { migrations, ..project_without_datasource(&schema)? })),
        );
    }

    /// Where the migrations are kept that a build gathers in the folder that a configuration names, where the repository
    /// does not hold it: beside it under much the same name, or, for one with a dot in front, in the one folder with
    /// migrations below the configuration's own.
    fn gathered_from(&self, root: &RepoPath, named: &RepoPath) -> Option<RepoPath> {
        if self.migration_folders.contains(named) {
            return None;
        }
        if !named.file_name().starts_with('.') {
            return self.called_alike(&named.parent()?);
        }
        let mut kept = self.migration_folders.iter().filter(|dir| dir.is_under(root));
        kept.next().filter(|_| kept.next().is_none()).cloned()
    }

    /// The one folder with migrations in another that is called after migrations and nothing else (`migration`): a runner
    /// of the project's own reads it.
    fn called_alike(&self, folder: &RepoPath) -> Option<RepoPath> {
        let is_alike = |dir: &&RepoPath| {
            let name = dir.file_name();
            name.contains("migration") && tag(name).is_empty() && dir.parent().as_ref() == Some(folder)
        };
        let mut alike = self.migration_folders.iter().filter(is_alike);
        alike.next().filter(|_| alike.next().is_none()).cloned()
    }

    /// What a configuration points at: its own words, else the places that Prisma looks at by itself.
    fn configured_target(&self, root: &RepoPath, schema: Option<&str>) -> Option<RepoPath> {
        let candidates: Vec<RepoPath> = match schema {
            Some(schema) => vec![root.join(schema)],
            None => ["schema.prisma", "prisma/schema.prisma", "prisma/schema"].map(|path| root.join(path)).to_vec(),
        };
        let is_there = |path: &RepoPath| self.sources.contains_key(path) || self.has_schema_under(path);
        candidates.iter().find(|path| is_there(path)).cloned().or_else(|| {
            let mut led = candidates.iter().filter_map(|path| self.links.get(path));
            led.find(|path| is_there(path)).cloned()
        })
    }

    /// Whether a schema without migrations of its own is part of another project through a link: the link leads to it and
    /// has migrations, or it is a link to a schema that is found by itself.
    fn is_told_elsewhere(&self, path: &RepoPath) -> bool {
        let leads_here = |(link, target): (&RepoPath, &RepoPath)| {
            target == path && self.migration_folders.contains(&self.migrations_of(link, &[]))
        };
        self.links.iter().any(leads_here)
            || self.links.get(path).is_some_and(|target| self.sources.contains_key(target))
    }

    /// Whether a file is a Git LFS pointer.
    pub(crate) fn is_pointer(&self, path: &RepoPath) -> bool {
        self.unread.contains(path) && self.sources.contains_key(path)
    }

    /// Whether Prisma looks for a schema there when nobody says where it is.
    fn is_default_place(&self, path: &RepoPath) -> bool {
        let folder = path.parent().unwrap_or_default();
        path.file_name() == "schema.prisma" && (folder.file_name() == "prisma" || self.packages.contains_key(&folder))
    }

    /// Where a path leads to.
    pub(crate) fn led<'a>(&'a self, path: &'a RepoPath) -> &'a RepoPath {
        self.links.get(path).unwrap_or(path)
    }

    /// Whether a folder holds a `.prisma` file.
    pub(crate) fn has_schema_under(&self, folder: &RepoPath) -> bool {
        self.sources.keys().any(|path| path != folder && path.is_under(folder))
    }

    /// The project whose schema is that file or folder.
    fn at(&self, target: &RepoPath) -> Option<Found> {
        if self.sources.contains_key(target) {
            return self.project_of(std::slice::from_ref(target));
        }
        let files = self.expand(std::slice::from_ref(target));
        let mut found = self.project_of(&files)?;
        found.folder = Some(target.clone());
        Some(found)
    }

    /// The project whose schema is made of those files; none where no file has a `datasource` block.
    pub(crate) fn project_of(&self, files: &[RepoPath]) -> Option<Found> {
        let datasource = files.iter().find(|path| self.has_datasource(path))?;
        let siblings: Vec<&RepoPath> = self
            .parsed
            .keys()
            .filter(|other| self.has_datasource(other) && other.parent() == datasource.parent())
            .collect();
        Some(Found {
            schema: files.to_vec(),
            folder: (files.len() > 1).then(|| common_folder(files)),
            datasource: datasource.clone(),
            migrations: self.migrations_of(datasource, &siblings),
            config: None,
        })
    }

    /// Files, and in place of folders the `.prisma` files below them that are not migrations'.
    pub(crate) fn expand(&self, paths: &[RepoPath]) -> Vec<RepoPath> {
        let mut files = BTreeSet::new();
        for path in paths {
            if self.sources.contains_key(path) {
                files.insert(path.clone());
            } else {
                let below = self.sources.keys().filter(|file| file.is_under(path) && !self.is_migration_file(file));
                files.extend(below.cloned());
            }
        }
        files.into_iter().collect()
    }

    fn has_datasource(&self, path: &RepoPath) -> bool {
        self.parsed.get(path).is_some_and(|schema| !schema.datasources.is_empty())
    }

    /// Whether a file lies inside a migrations folder: a copy that belongs to one migration.
    fn is_migration_file(&self, path: &RepoPath) -> bool {
        let folder = path.parent().unwrap_or_default();
        // A schema may live in a folder of that name, if its own migrations lie beside it.
        let own = self.migration_folders.contains(&folder.join("migrations"));
        super::nearest(&folder, |dir| {
            self.migrations.contains(dir) || dir.file_name() == "migrations" && !(own && *dir == folder)
        })
        .is_some()
    }

    /// The files of the schema whose `datasource` block stands in `path`, where nothing configures it.
    ///
    /// A file named as Prisma names it by itself, and whole in itself, is a schema of one file. Any other is taken
    /// together with the files around it that have no `datasource` block: below its folder, then below that folder's
    /// parents while names are missing.
    fn files_around(&self, path: &RepoPath, has_rivals: bool, taken: &BTreeSet<RepoPath>) -> Vec<RepoPath> {
        let alone = vec![path.clone()];
        if self.is_whole(&alone) && (has_rivals || path.file_name() == "schema.prisma") {
            return alone;
        }
        let mut folder = path.parent();
        for _ in 0..3 {
            let Some(here) = folder else { break };
            let mut files: BTreeSet<RepoPath> = BTreeSet::from([path.clone()]);
            files.extend(
                self.sources
                    .keys()
                    .filter(|file| {
                        file.is_under(&here)
                            && !self.has_datasource(file)
                            && !self.is_migration_file(file)
                            && !taken.contains(*file)
                            && !self.belongs_to_another(file, path, &here)
                    })
                    .cloned(),
            );
            let files: Vec<RepoPath> = files.into_iter().collect();
            if self.is_whole(&files) {
                return files;
            }
            folder = here.parent().filter(|_| !here.is_root());
        }
        // Nothing around completes it: its own folder is the best guess.
        let here = path.parent().unwrap_or_default();
        if has_rivals {
            return alone;
        }
        self.sources
            .keys()
            .filter(|file| {
                *file == path
                    || file.is_under(&here)
                        && !self.has_datasource(file)
                        && !self.is_migration_file(file)
                        && !self.belongs_to_another(file, path, &here)
            })
            .cloned()
            .collect()
    }

    /// Whether a `datasource` block of another file is nearer to `file` than that of `path`.
    fn belongs_to_another(&self, file: &RepoPath, path: &RepoPath, top: &RepoPath) -> bool {
        let mut dir = file.parent();
        while let Some(here) = dir {
            let nearer = self
                .parsed
                .keys()
                .any(|other| other != path && self.has_datasource(other) && other.parent().as_ref() == Some(&here));
            if nearer && Some(&here) != path.parent().as_ref() {
                return true;
            }
            if here == *top {
                return false;
            }
            dir = here.parent();
        }
        false
    }

    /// Whether files declare at least one model, and every type that they name.
    fn is_whole(&self, files: &[RepoPath]) -> bool {
        let schemas: Vec<&Schema> = files.iter().filter_map(|path| self.parsed.get(path)).collect();
        let names: BTreeSet<&str> = schemas
            .iter()
            .flat_map(|schema| {
                let models = schema.models.iter().chain(&schema.composites).map(|model| model.name.name.as_str());
                models.chain(schema.enums.iter().map(|block| block.name.name.as_str()))
            })
            .collect();
        let fields = schemas.iter().flat_map(|schema| &schema.models).flat_map(|model| &model.fields);
        schemas.iter().any(|schema| !schema.models.is_empty())
            && fields.into_iter().all(|field| match &field.ty {
                FieldType::Unsupported(_) => true,
                FieldType::Named(name) => Scalar::from_name(&name.name).is_some() || names.contains(name.name.as_str()),
            })
    }

    /// The migrations folder of the schema whose `datasource` block stands in `path`: `migrations` beside it. Where
    /// several such files share a folder each has the one that its own name or its provider points to.
    fn migrations_of(&self, path: &RepoPath, siblings: &[&RepoPath]) -> RepoPath {
        let folder = path.parent().unwrap_or_default();
        let default = folder.join("migrations");
        let beside: Vec<&RepoPath> =
            self.migration_folders.iter().filter(|dir| dir.parent().as_ref() == Some(&folder)).collect();
        // `migrations/postgresql` and `migrations/mysql` below one folder.
        let nested: Vec<&RepoPath> =
            self.migration_folders.iter().filter(|dir| dir.parent().as_ref() == Some(&default)).collect();
        let own = tag(path.file_name().trim_end_matches(".prisma"));
        let named = |dirs: &[&RepoPath], tag_of: &dyn Fn(&str) -> String| {
            dirs.iter().find(|dir| !own.is_empty() && tag_of(dir.file_name()) == own).map(|dir| (*dir).clone())
        };
        if let Some(dir) = named(&beside, &tag).or_else(|| named(&nested, &tag)) {
            return dir;
        }
        let provider = self.provider_of(path);
        let by_provider = |dirs: &[&RepoPath]| {
            let provider = provider_dialect(provider.as_deref()?)?;
            // A folder that another schema claims by its name is not up for grabs.
            let claimed = |dir: &RepoPath| {
                let dir = tag(dir.file_name());
                siblings.iter().any(|other| {
                    *other != path && !dir.is_empty() && tag(other.file_name().trim_end_matches(".prisma")) == dir
                })
            };
            dirs.iter()
                .find(|dir| !claimed(dir) && provider_dialect(&tag(dir.file_name())) == Some(provider))
                .map(|dir| (*dir).clone())
        };
        if let Some(dir) = by_provider(&beside).or_else(|| by_provider(&nested)) {
            return dir;
        }
        if !self.migration_folders.contains(&default) {
            // Schema folders of old have their migrations beside the folder, not in it.
            let above = folder.parent().filter(|_| !folder.is_root());
            let is_free = |dir: &RepoPath| {
                !self.parsed.keys().any(|other| self.has_datasource(other) && other.parent().as_ref() == Some(dir))
            };
            if let Some(dir) = above.filter(is_free).map(|dir| dir.join("migrations"))
                && self.migration_folders.contains(&dir)
            {
                return dir;
            }
        }
        if !self.migration_folders.contains(&default)
            && siblings.len() <= 1
            && let Some(dir) = self.called_alike(&folder)
        {
            return dir;
        }
        if siblings.len() > 1 && self.migration_folders.contains(&default) {
            // One plain folder and several schemas: it belongs to the provider that its lock file names.
            let locked = self.locks.get(&default).and_then(|locked| provider_dialect(locked));
            let own_dialect = provider.as_deref().and_then(provider_dialect);
            if locked.is_some() && locked != own_dialect {
                return folder.join(&format!("{own}-migrations"));
            }
        }
        default
    }

    fn provider_of(&self, path: &RepoPath) -> Option<String> {
        Settings::of(self.parsed.get(path)?).provider
    }
}

/// The project whose schema is made of files of which none has a `datasource` block.
pub(crate) fn project_without_datasource(files: &[RepoPath]) -> Option<Found> {
    let first = files.first()?.clone();
    let folder = common_folder(files);
    let migrations = folder.join("migrations");
    let folder = (files.len() > 1).then_some(folder);
    Some(Found { schema: files.to_vec(), folder, datasource: first, migrations, config: None })
}

/// Whether a file without migrations looks like data of something else rather than a schema that someone uses: one that
/// lies among fixtures, or that neither its name nor its folder calls a schema.
fn is_sample(path: &RepoPath) -> bool {
    const SAMPLES: [&str; 8] =
        ["fixtures", "__fixtures__", "test", "tests", "__tests__", "testdata", "templates", "examples"];
    let folder = path.parent().unwrap_or_default();
    let is_named = path.file_name().contains("schema") || matches!(folder.file_name(), "prisma" | "schema");
    !is_named || folder.components().any(|component| SAMPLES.contains(&component))
}

/// Whether a file is called after one beside it and after what becomes of copies: `schema_old.prisma`, `schema.bak.prisma`.
fn is_copy(path: &RepoPath, siblings: &[&RepoPath]) -> bool {
    const COPIES: [&str; 12] =
        ["old", "bak", "backup", "copy", "orig", "original", "tmp", "temp", "previous", "legacy", "deprecated", "bkp"];
    let stem = |path: &RepoPath| path.file_name().trim_end_matches(".prisma").to_ascii_lowercase();
    let own = stem(path);
    siblings.iter().filter(|other| **other != path).any(|other| {
        let other = stem(other);
        let rest = own.strip_prefix(other.as_str()).or_else(|| own.strip_suffix(other.as_str())).unwrap_or_default();
        rest.split(|c: char| !c.is_alphanumeric()).any(|word| COPIES.contains(&word))
    })
}

/// What is left of a name without the words that say what it is: `postgresql-schema` and `migrations_postgresql` are
/// both `postgresql`.
fn tag(name: &str) -> String {
    let is_separator = |c: char| matches!(c, '-' | '_' | '.');
    let words: Vec<&str> = name
        .split(is_separator)
        .filter(|word| !matches!(*word, "" | "schema" | "schemas" | "migrations" | "migration" | "prisma"))
        .collect();
    words.join("-").to_ascii_lowercase()
}

fn locked_provider(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("provider"))?;
    let value = line.trim_start().strip_prefix('=')?;
    Some(value.trim().trim_matches(['"', '\'']).to_owned())
}

/// The deepest folder that holds all files.
fn common_folder(files: &[RepoPath]) -> RepoPath {
    let mut folder = files.first().and_then(RepoPath::parent).unwrap_or_default();
    while !files.iter().all(|file| file.is_under(&folder)) {
        folder = folder.parent().unwrap_or_default();
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_leave_the_words_out_that_every_name_has() {
        for (name, expected) in [
            ("postgresql-schema", "postgresql"),
            ("schema.postgres", "postgres"),
            ("migrations_mysql", "mysql"),
            ("schema", ""),
            ("psql_bouncer-schema", "psql-bouncer"),
        ] {
            assert_eq!(tag(name), expected, "{name}");
        }
    }
}

//! The files that tell Prisma where things are: `package.json` and `prisma.config.*`, read as text. Nothing is executed:
//! a configuration that computes its paths says nothing.

use std::sync::LazyLock;

use regex::Regex;

use crate::source::RepoPath;

/// What a configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Configured {
    /// The schema: a file or a folder, relative to the configuration.
    pub(crate) schema: Option<String>,
    /// The migrations folder, relative to the configuration.
    pub(crate) migrations: Option<String>,
    /// `tables: { external: […] }`: what the engine leaves alone.
    pub(crate) external_tables: Vec<String>,
    /// `enums: { external: […] }`
    pub(crate) external_enums: Vec<String>,
    /// Whether one of the two lists is computed, so that more may be external than the literals in it.
    pub(crate) external_unread: bool,
}

/// Whether a file is a configuration of Prisma by its name.
pub(crate) fn is_config(path: &RepoPath) -> bool {
    let name = path.file_name();
    let stem = name.strip_prefix("prisma.config.").or_else(|| {
        // `.config/prisma.ts` is the other place that Prisma looks at.
        let parent = path.parent()?;
        (parent.file_name() == ".config").then(|| name.strip_prefix("prisma."))?
    });
    stem.is_some_and(|extension| matches!(extension, "ts" | "mts" | "cts" | "js" | "mjs" | "cjs"))
}

/// The folder that paths in a configuration start from.
pub(crate) fn config_root(path: &RepoPath) -> RepoPath {
    let parent = path.parent().unwrap_or_default();
    if parent.file_name() == ".config" { parent.parent().unwrap_or_default() } else { parent }
}

/// Reads `prisma.config.*`: literal strings, and literal strings that are joined.
pub(crate) fn read_config(text: &str) -> Configured {
    static SCHEMA: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bschema\s*:\s*").ok());
    static MIGRATIONS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bmigrations\s*:\s*\{").ok());
    static TABLES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\btables\s*:\s*").ok());
    static ENUMS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\benums\s*:\s*").ok());
    static PATH: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bpath\s*:\s*").ok());
    static EXTERNAL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bexternal\s*:\s*").ok());
    let text = without_comments(text);
    let behind = |text: &'_ str, key: &LazyLock<Option<Regex>>| Some(key.as_ref()?.find(text)?.end());
    let body = |key: &LazyLock<Option<Regex>>| {
        let body = &text[behind(&text, key)?..];
        Some(&body[..body.find('}').unwrap_or(body.len())])
    };
    // The literals of a list, and whether there is nothing else in it.
    let external = |key: &LazyLock<Option<Regex>>, name: &str| -> (Vec<String>, bool) {
        let at = match behind(&text, key) {
            Some(at) => at,
            None if !is_shorthand(&text, name) => return (Vec::new(), true),
            // `{ tables }` means what the variable of that name holds.
            None => match variable(&text, name) {
                Some(at) => at,
                None => return (Vec::new(), false),
            },
        };
        let Some(body) = text[at..].strip_prefix('{') else { return (Vec::new(), false) };
        let body = &body[..body.find('}').unwrap_or(body.len())];
        match behind(body, &EXTERNAL) {
            Some(at) => body[at..].strip_prefix('[').map_or((Vec::new(), false), literals),
            None => (Vec::new(), body.trim().is_empty()),
        }
    };
    let (tables, enums) = (external(&TABLES, "tables"), external(&ENUMS, "enums"));
    Configured {
        schema: behind(&text, &SCHEMA).and_then(|at| path_expression(&text[at..])),
        migrations: body(&MIGRATIONS).and_then(|body| path_expression(&body[behind(body, &PATH)?..])),
        external_tables: tables.0,
        external_enums: enums.0,
        external_unread: !(tables.1 && enums.1),
    }
}

/// Whether a property of that name is written without a value; what is imported is no property.
fn is_shorthand(text: &str, name: &str) -> bool {
    static LIST: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?s)\b(?:import|export)\s+(?:type\s+)?\{[^}]*\}\s*from\b").ok());
    let Some(list) = LIST.as_ref() else { return false };
    let text = list.replace_all(text, "");
    let Ok(property) = Regex::new(&format!(r"[{{,]\s*{name}\s*[,}}]")) else { return false };
    property.is_match(&text)
}

/// Where the value of a variable begins.
fn variable(text: &str, name: &str) -> Option<usize> {
    let written = Regex::new(&format!(r"\b(?:const|let|var)\s+{name}\b[^=;]*=\s*")).ok()?;
    Some(written.find(text)?.end())
}

/// The literals of an array, from behind its opening bracket on, and whether nothing else stands in it.
fn literals(text: &str) -> (Vec<String>, bool) {
    let mut rest = text.trim_start();
    let mut found = Vec::new();
    while let Some((value, behind)) = literal(rest) {
        found.push(value.to_owned());
        rest = behind.trim_start().trim_start_matches(',').trim_start();
    }
    (found, rest.starts_with(']'))
}

/// The path that a literal, or a call that joins literals, stands for. Names of the configuration's own folder
/// (`__dirname`, `import.meta.dirname`) add nothing.
fn path_expression(text: &str) -> Option<String> {
    let text = text.trim_start();
    if let Some(literal) = literal(text) {
        return Some(literal.0.to_owned());
    }
    let (callee, arguments) = text.split_once('(')?;
    let is_join = matches!(callee.trim(), "path.join" | "path.resolve" | "join" | "resolve");
    if !is_join {
        return None;
    }
    let mut rest = arguments.trim_start();
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(')') {
            break;
        }
        if let Some((part, behind)) = literal(rest) {
            parts.push(part);
            rest = behind.trim_start();
        } else {
            let own = ["__dirname", "import.meta.dirname", "process.cwd()"];
            let name = own.iter().find(|name| rest.starts_with(**name))?;
            rest = rest[name.len()..].trim_start();
        }
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind.trim_start(),
            None if rest.starts_with(')') => {}
            None => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// A string literal at the start of a text, and what stands behind it.
fn literal(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let (value, rest) = text[1..].split_once(quote)?;
    (!value.contains(['\n', '$', '\\'])).then_some((value, rest))
}

/// The text with its comments blanked; strings are kept.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("/*") {
            rest = behind.split_once("*/").map_or("", |(_, behind)| behind);
            out.push(' ');
        } else if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if let Some((_, behind)) = literal(rest) {
            out.push_str(&rest[..rest.len() - behind.len()]);
            rest = behind;
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// What a `package.json` says about Prisma.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Package {
    /// `prisma.schema`.
    pub(crate) schema: Option<String>,
    /// The version range of `prisma`, or of `@prisma/client`.
    pub(crate) range: Option<String>,
    /// Whether a script deploys migrations. That one writes them (`migrate dev`) says less: starters come with it, also where
    /// `db push` is what is done.
    pub(crate) migrates: bool,
}

/// Reads a `package.json`; one that does not parse says nothing.
pub(crate) fn read_package(text: &str) -> Package {
    let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else { return Package::default() };
    let schema = json.get("prisma").and_then(|prisma| prisma.get("schema")).and_then(|schema| schema.as_str());
    let range = ["prisma", "@prisma/client"].iter().find_map(|package| {
        ["devDependencies", "dependencies", "peerDependencies"]
            .iter()
            .find_map(|section| json.get(section)?.get(package)?.as_str())
    });
    let scripts = json.get("scripts").and_then(|scripts| scripts.as_object());
    let mut scripts = scripts.into_iter().flat_map(|scripts| scripts.values()).filter_map(|script| script.as_str());
    let migrates = scripts.any(|script| {
        let words: Vec<&str> = script.split_whitespace().collect();
        words.windows(3).any(|words| words[0].ends_with("prisma") && words[1] == "migrate" && words[2] == "deploy")
    });
    Package { schema: schema.map(str::to_owned), range: range.map(str::to_owned), migrates }
}

/// The major version that a range allows, where it allows one only: `^6.1.0`, `~6.2`, `6.x`, `npm:prisma@6.0.0`.
pub(crate) fn major(range: &str) -> Option<u32> {
    let range = range.rsplit_once('@').map_or(range, |(_, version)| version);
    let range = range.trim().trim_start_matches(['^', '~', '=', 'v']);
    let digits: String = range.chars().take_while(char::is_ascii_digit).collect();
    let behind = &range[digits.len()..];
    if range.contains("||") || !(behind.is_empty() || behind.starts_with(['.', '-'])) {
        return None;
    }
    digits.parse().ok().filter(|&major| (1..100).contains(&major))
}

/// The major version that a lock file or a workspace's catalog settles on for the package in `folder`, which is relative
/// to the file: the one version in it, or, where several packages take different ones, that of this package.
pub(crate) fn locked_major(text: &str, folder: &str) -> Option<u32> {
    // package-lock.json; yarn.lock and pnpm-lock.yaml; bun.lock; pnpm-workspace.yaml
    static LOCKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?m)^\s*"((?:[^"\n]*/)?)node_modules/(?:@prisma/client|prisma)":\s*\{\s*"version":\s*"(\d+)\."#,
            r#"|^\s*['"]?/?(?:@prisma/client|prisma)[@/](\d+)\.\d+\.\d+"#,
            r#"|^"?(?:@prisma/client|prisma)@[^\n]*\n\s+version:?\s+"?(\d+)\."#,
            r#"|"(?:@prisma/client|prisma)":\s*\["(?:@prisma/client|prisma)@(\d+)\."#,
            r#"|^\s+['"]?(?:@prisma/client|prisma)['"]?:\s*['"]?[\^~]?(\d+)\.\d+"#,
        ))
        .ok()
    });
    if let Some(own) = imported_major(text, folder) {
        return Some(own);
    }
    let mut nearest: Option<(usize, u32)> = None;
    for captures in LOCKED.as_ref()?.captures_iter(text) {
        let major = captures.iter().skip(2).flatten().next()?.as_str().parse().ok()?;
        // npm keeps what the packages of a workspace do not share below the package itself.
        let below = captures.get(1).map_or("", |below| below.as_str()).trim_end_matches('/');
        let applies = below.is_empty() || folder == below || folder.starts_with(&format!("{below}/"));
        // Of several versions that apply, npm's nearest counts; elsewhere the newest.
        let better = nearest.is_none_or(|(depth, known)| (below.len(), major) > (depth, known));
        if applies && better {
            nearest = Some((below.len(), major));
        }
    }
    nearest.map(|(_, major)| major)
}

/// What pnpm's lock file says a package of the workspace has installed (`importers`).
fn imported_major(text: &str, folder: &str) -> Option<u32> {
    let folder = if folder.is_empty() { "." } else { folder };
    let importers = text.split_once("\nimporters:\n")?.1;
    let mut lines = importers.lines().skip_while(|line| {
        let name =
            line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')).and_then(|rest| rest.strip_suffix(':'));
        name.map(|name| name.trim_matches(['\'', '"'])) != Some(folder)
    });
    lines.next()?;
    let mut own = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    own.find(|line| matches!(line.trim().trim_matches(['\'', '"', ':']), "prisma" | "@prisma/client"))?;
    let version = own.take(2).find_map(|line| line.trim().strip_prefix("version:"))?;
    major(version.trim().trim_matches(['\'', '"']).split('(').next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_are_read_without_running_them() {
        let read = |text: &str| {
            let Configured { schema, migrations, .. } = read_config(text);
            (schema.unwrap_or_default(), migrations.unwrap_or_default())
        };
        let pair = |schema: &str, migrations: &str| (schema.to_owned(), migrations.to_owned());
        for (text, expected) in [
            ("export default defineConfig({ schema: './prisma/schema.prisma' })", pair("./prisma/schema.prisma", "")),
            (
                "export default {\n  schema: path.join('prisma', \"schema\"),\n  migrations: {\n    path: `db/migrations`,\n    seed: 'x' },\n}",
                pair("prisma/schema", "db/migrations"),
            ),
            ("module.exports = { schema: resolve(__dirname, 'a/b.prisma') }", pair("a/b.prisma", "")),
            ("export default { // schema: 'old'\n /* schema: 'older' */ schema: 'new' }", pair("new", "")),
            ("export default { schema: process.env.SCHEMA }", pair("", "")),
            ("export default { schema: `${root}/x` }", pair("", "")),
            ("export default { url: 'http://x', schema: 'a' }", pair("a", "")),
            ("export default { migrations: { seed: 'tsx seed' }, views: { path: 'v' } }", pair("", "")),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_external_is_read() {
        let text = "export default { tables: { external: ['auth.users', \"audit\"] }, enums: { external: ['x',] } }";
        let config = read_config(text);
        assert_eq!(config.external_tables, ["auth.users", "audit"]);
        assert_eq!(config.external_enums, ["x"]);
        let shorthand = read_config("const tables = { external: ['a', 'b'] }\nexport default defineConfig({ tables })");
        assert_eq!(shorthand.external_tables, ["a", "b"]);
        assert!(!config.external_unread);
        for (text, unread) in [
            ("export default { schema: 'a' }", false),
            ("export default { tables: { external: [] }, enums: {} }", false),
            ("export default { tables: { external: ['a', ...more] } }", true),
            ("export default { tables: { external: names } }", true),
            ("export default { tables }", true),
            ("import { tables } from './t'; export default { schema: 'a' }", false),
            ("import { tables } from './t'; export default { schema: 'a', tables }", true),
            ("const enums = { external: ['x'] };\nexport default { schema: 'a', enums, }", false),
            ("const enums: Enums = { external: names };\nexport default { enums }", true),
            ("export default { tables: outside }", true),
            ("export default { enums: { ...outside } }", true),
            ("export default { enums: { external: [`x${y}`] } }", true),
        ] {
            assert_eq!(read_config(text).external_unread, unread, "{text}");
        }
    }

    #[test]
    fn configurations_are_known_by_name() {
        for (path, expected) in [
            ("prisma.config.ts", true),
            ("a/prisma.config.mjs", true),
            (".config/prisma.ts", true),
            ("prisma.config.json", false),
            ("src/prisma.ts", false),
        ] {
            assert_eq!(is_config(&path.into()), expected, "{path}");
        }
        assert_eq!(config_root(&"a/.config/prisma.ts".into()).as_str(), "a");
    }

    #[test]
    fn packages_name_schema_and_version() {
        let package =
            read_package(r#"{"prisma":{"schema":"db"},"dependencies":{"@prisma/client":"^5.1.0","prisma":"~6.2.0"}}"#);
        assert_eq!(package.schema.as_deref(), Some("db"));
        assert_eq!(package.range.as_deref(), Some("~6.2.0"));
        assert_eq!(read_package("{"), Package::default());
    }

    #[test]
    fn ranges_settle_on_a_major_version() {
        for (range, expected) in [
            ("^6.1.0", Some(6)),
            ("5", Some(5)),
            ("6.x", Some(6)),
            ("7.0.0-dev.1", Some(7)),
            ("npm:prisma@6.0.0", Some(6)),
            (">=5", None),
            ("^5 || ^6", None),
            ("latest", None),
            ("workspace:*", None),
            ("catalog:", None),
        ] {
            assert_eq!(major(range), expected, "{range}");
        }
    }

    #[test]
    fn lock_files_settle_on_a_major_version() {
        for (text, expected) in [
            ("\"node_modules/prisma\": {\n  \"version\": \"5.22.0\"", Some(5)),
            ("  prisma@6.1.0:\n    resolution: {}", Some(6)),
            ("  '@prisma/client@6.1.0(prisma@6.1.0)':\n", Some(6)),
            ("  /@prisma/client/4.1.0:\n", Some(4)),
            ("prisma@^5.0.0, prisma@^5.1.0:\n  version \"5.3.1\"\n", Some(5)),
            ("\"@prisma/client@npm:^6.0.0\":\n  version: 6.2.0\n", Some(6)),
            ("\"prisma\": [\"prisma@7.0.0\", \"\"]", Some(7)),
            ("catalog:\n  prisma: ^6.3.0\n", Some(6)),
            ("eslint-plugin-prisma@1.0.0:\n", None),
        ] {
            assert_eq!(locked_major(text, ""), expected, "{text}");
        }
    }

    #[test]
    fn packages_of_a_workspace_have_versions_of_their_own() {
        let npm = "{\n  \"node_modules/prisma\": {\n  \"version\": \"6.1.0\"\n},\n  \"packages/old/node_modules/prisma\": {\n  \"version\": \"5.1.0\"\n}\n}";
        let pnpm = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    devDependencies:\n      turbo:\n        specifier: ^2\n        version: 2.0.0\n\n  packages/old:\n    dependencies:\n      '@prisma/client':\n        specifier: latest\n        version: 5.2.0(prisma@5.2.0)\n\n  packages/new:\n    devDependencies:\n      prisma:\n        specifier: '*'\n        version: 7.0.1\n\npackages:\n\n  prisma@5.2.0:\n    x: y\n  prisma@7.0.1:\n    x: y\n";
        for (text, folder, expected) in [
            (npm, "packages/old", 5),
            (npm, "packages/old/prisma", 5),
            (npm, "packages/new", 6),
            (npm, "packages/older", 6),
            (pnpm, "packages/old", 5),
            (pnpm, "packages/new", 7),
            (pnpm, "elsewhere", 7),
        ] {
            assert_eq!(locked_major(text, folder), Some(expected), "{folder}");
        }
    }
}

//! What is written about releases in several places is one thing: versions, platforms, names of archives, pins.
//!
//! That the packages can be built, installed and run is tried by `.ci/packages`.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::forge::{Brings, Forge, Job, ours, source};

/// One entry of `packaging/targets.json`.
struct Target {
    name: String,
    runner: String,
    archive: String,
    os: String,
    cpu: String,
}

fn targets() -> Vec<Target> {
    let targets: serde_json::Value = serde_json::from_str(&ours("packaging/targets.json")).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let read = |target: &serde_json::Value| Target {
        name: text(&target["target"]),
        runner: text(&target["runner"]),
        archive: text(&target["archive"]),
        os: text(&target["npm"]["os"]),
        cpu: text(&target["npm"]["cpu"]),
    };
    targets.as_array().unwrap().iter().map(read).collect()
}

fn manifest() -> toml::Value {
    toml::from_str(&ours("Cargo.toml")).unwrap()
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn workflows() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(source().join(".github/workflows"))
        .unwrap()
        .map(|entry| {
            let name = format!(".github/workflows/{}", entry.unwrap().file_name().to_string_lossy());
            let text = ours(&name);
            (name, text)
        })
        .collect();
    found.sort();
    assert!(found.len() >= 2, "the workflows are gone");
    found
}

fn captures(pattern: &str, text: &str) -> Vec<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn the_version_stands_in_cargo_toml_alone() {
    assert_eq!(captures(r#"(?m)^version = "(.+)"$"#, &ours("Cargo.toml")), [VERSION], "setup.py reads the first");
    let python: toml::Value = toml::from_str(&ours("packaging/python/pyproject.toml")).unwrap();
    assert!(python["project"].get("version").is_none());
    assert!(python["project"]["dynamic"].as_array().unwrap().iter().any(|field| field.as_str() == Some("version")));
    assert_eq!(python["project"]["name"].as_str(), Some("driftgate"));
    assert_eq!(python["project"]["license"], manifest()["package"]["license"]);
    assert_eq!(python["tool"]["maturin"]["bindings"].as_str(), Some("bin"));
    for file in ["packaging/npm/pack.mjs", "packaging/npm/driftgate/bin/driftgate.js", "packaging/build.sh", "setup.py"]
    {
        assert!(!ours(file).contains(VERSION), "{file} says a version of its own");
    }
    // What a reader copies is this version.
    for file in ["README.md", "examples/pre-commit/.pre-commit-config.yaml", "docs/getting-started/pre-commit.md"] {
        for rev in captures(r"rev: v(\S+)", &ours(file)) {
            assert_eq!(rev, VERSION, "{file}");
        }
    }
}

#[test]
fn npm_runs_nothing_at_installation() {
    let pack = ours("packaging/npm/pack.mjs");
    assert!(!pack.contains("scripts:") && !pack.contains("\"scripts\""), "no install scripts in a package");
}

#[test]
fn the_platforms_are_those_of_node_and_each_stands_once() {
    let mut seen = BTreeSet::new();
    for target in targets() {
        assert!(matches!(target.os.as_str(), "linux" | "darwin" | "win32"), "process.platform of {}", target.name);
        assert!(matches!(target.cpu.as_str(), "x64" | "arm64"), "process.arch of {}", target.name);
        assert_eq!(target.archive, if target.os == "win32" { "zip" } else { "tar.gz" }, "{}", target.name);
        assert!(seen.insert((target.os, target.cpu)), "{} stands twice", target.name);
    }
    assert!(seen.len() >= 6);
}

#[test]
fn a_release_builds_every_platform() {
    let release = ours(".github/workflows/release.yml");
    let pattern = Regex::new(r"- \{ target: (\S+), runner: (\S+) \}").unwrap();
    let built: BTreeSet<_> = pattern.captures_iter(&release).map(|c| (c[1].to_owned(), c[2].to_owned())).collect();
    let wanted: BTreeSet<_> = targets().into_iter().map(|target| (target.name, target.runner)).collect();
    assert_eq!(built, wanted);
}

#[test]
fn cargo_binstall_and_the_action_ask_for_the_archives_that_a_release_has() {
    let manifest = manifest();
    let package = &manifest["package"];
    let binstall = &package["metadata"]["binstall"];
    let forge = Forge::with(Brings::SchemaAndMigration);
    let repo = forge.checkout(&forge.merge, 2);
    let script = source().join("hooks/action/run.sh").display().to_string();
    for target in targets() {
        // As packaging/build.sh names it.
        assert!(ours("packaging/build.sh").contains("archive=driftgate-$version-$target.$(field archive)"));
        let archive = format!("driftgate-99999.0.0-{}.{}", target.name, target.archive);

        let settings = binstall.get("overrides").and_then(|all| all.get(&target.name)).unwrap_or(binstall);
        let url = settings["pkg-url"]
            .as_str()
            .unwrap()
            .replace("{ repo }", package["repository"].as_str().unwrap())
            .replace("{ name }", "driftgate")
            .replace("{ version }", "99999.0.0")
            .replace("{ target }", &target.name);
        assert_eq!(url, format!("https://github.com/driftgate/driftgate/releases/download/v99999.0.0/{archive}"));
        assert_eq!(settings["pkg-fmt"].as_str(), Some(if target.archive == "zip" { "zip" } else { "tgz" }));

        let (os, arch) = match (target.os.as_str(), target.cpu.as_str()) {
            ("linux", "x64") => ("Linux", "X64"),
            ("linux", _) => ("Linux", "ARM64"),
            ("darwin", "x64") => ("macOS", "X64"),
            ("darwin", _) => ("macOS", "ARM64"),
            (_, "x64") => ("Windows", "X64"),
            (..) => ("Windows", "ARM64"),
        };
        let step = Job::new(&repo, "pull_request", &forge.event("pull_request"))
            .with("RUNNER_OS", os)
            .with("RUNNER_ARCH", arch)
            .with("DRIFTGATE_ACTION_VERSION", "99999.0.0")
            .run(std::path::Path::new("sh"), &[&script]);
        assert_eq!(step.code, 2);
        assert!(step.stdout.contains(&format!("no checksum of {archive} is known")), "{}", step.stdout);
    }
    // A program lies at the top of an archive, where binstall and the action look for it.
    assert_eq!(binstall["bin-dir"].as_str(), Some("{ bin }{ binary-ext }"));
}

#[test]
fn the_known_checksums_are_of_archives_of_releases_the_newest_first() {
    let names: Vec<String> =
        targets().into_iter().map(|target| format!("{}.{}", target.name, target.archive)).collect();
    let form = Regex::new(r"^[0-9a-f]{64}  driftgate-(\d+\.\d+\.\d+)-(\S+)$").unwrap();
    let mut versions: Vec<Vec<u32>> = Vec::new();
    for line in ours("hooks/action/checksums.txt").lines().filter(|line| !line.starts_with('#')) {
        let found = form.captures(line);
        let found = found.unwrap_or_else(|| panic!("not a line of sha256sum: {line}"));
        assert!(names.contains(&found[2].to_owned()), "no release has {line}");
        versions.push(found[1].split('.').map(|part| part.parse().unwrap()).collect());
    }
    assert!(versions.is_sorted_by(|a, b| a >= b), "the action takes the first as the newest");
}

#[test]
fn actions_are_pinned_to_commits_and_say_their_version() {
    let pinned = Regex::new(r"^([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$").unwrap();
    let mut pins: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (name, text) in workflows() {
        for uses in captures(r"(?m)^\s*(?:- )?uses: (.+)$", &text) {
            if uses.starts_with("./") {
                continue;
            }
            let found = pinned.captures(&uses).unwrap_or_else(|| panic!("{name}: {uses} is not pinned to a commit"));
            let pin = (found[2].to_owned(), found[3].to_owned());
            let first = pins.entry(found[1].to_owned()).or_insert_with(|| pin.clone());
            assert_eq!(*first, pin, "{name}: two versions of {}", &found[1]);
        }
    }
    assert!(pins.contains_key("actions/checkout"));
}

/// What a workflow runs, line by line.
fn commands(text: &str) -> Vec<&str> {
    let mut commands = Vec::new();
    let mut block: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(run) = block {
            if line.trim().is_empty() || indent > run {
                commands.push(line.trim());
                continue;
            }
            block = None;
        }
        let key = line.trim_start().strip_prefix("- ").unwrap_or(line.trim_start());
        if let Some(command) = key.strip_prefix("run:") {
            commands.push(command.trim());
            block = Some(line.len() - key.len());
        }
    }
    commands
}

#[test]
fn workflows_have_few_rights_and_read_no_input_as_a_command() {
    let action = ("action.yml".to_owned(), ours("action.yml"));
    for (name, text) in workflows().into_iter().chain([action]) {
        let commands = commands(&text);
        assert!(!commands.is_empty(), "{name} runs nothing");
        for command in commands {
            assert!(!command.contains("${{"), "{name}: {command}: an expression in a command is an injection");
        }
        assert!(!text.contains("pull_request_target"), "{name}");
        if name == "action.yml" {
            continue;
        }
        assert!(text.lines().any(|line| line == "permissions: {}"), "{name}: no rights but those a job asks for");
        let lines: Vec<&str> = text.lines().collect();
        for (index, _) in lines.iter().enumerate().filter(|(_, line)| line.contains("uses: actions/checkout@")) {
            let with = lines.get(index + 1..index + 3).unwrap();
            assert!(with[1].trim() == "persist-credentials: false", "{name}: a checkout leaves its token behind");
        }
        let jobs = captures(r"(?m)^  ([\w-]+):$", text.split_once("\njobs:\n").unwrap().1);
        assert_eq!(text.matches("    timeout-minutes: ").count(), jobs.len(), "{name}: every job has a limit");
        assert_eq!(text.matches("\n    permissions:\n").count(), jobs.len(), "{name}: every job says its rights");
    }
}

#[test]
fn every_hook_judges_the_whole_change() {
    let hooks = ours(".pre-commit-hooks.yaml");
    let ids = captures(r"(?m)^- id: (\S+)$", &hooks);
    assert_eq!(ids, ["driftgate", "driftgate-system", "driftgate-bin"]);
    for (hook, language) in hooks.split("- id: ").skip(1).zip(["rust", "system", "python"]) {
        for line in [
            "  entry: driftgate check",
            "  pass_filenames: false",
            "  always_run: true",
            "  require_serial: true",
            "  stages: [pre-commit, pre-merge-commit, pre-push, manual]",
            "  minimum_pre_commit_version: 3.2.0",
        ] {
            assert!(hook.lines().any(|found| found == line), "{line}\n{hook}");
        }
        // What a refused commit says skips the hook, whichever it is.
        assert!(hook.starts_with("driftgate\n") || hook.contains("  alias: driftgate\n"), "{hook}");
        assert!(hook.contains(&format!("  language: {language}\n")), "{hook}");
    }
}

//! What was left behind in the working directory.

use driftgate::git::Scope;

use crate::support::{TestRepo, changed, files, leftovers, text};

#[test]
fn every_sort_of_leftover() {
    let repo = TestRepo::new();
    repo.write("m/1/migration.sql", "1")
        .write("m/2/migration.sql", "2")
        .write("m/3/migration.sql", "3")
        .write("x/y", "y");
    repo.commit("first");
    repo.write("m/1/migration.sql", "edited").remove("m/2/migration.sql");
    repo.write("m/4/migration.sql", "4").write("m/5/migration.sql", "5");
    repo.git(&["add", "--intent-to-add", "m/4/migration.sql"]);
    repo.write("m/6/migration.sql", "6").write("m/.gitignore", "# local\n6/\n");
    repo.write("x/untracked", "not asked about");
    let change = repo.staged();
    let expected = [
        "m/.gitignore: untracked",
        "m/1/migration.sql: unstaged",
        "m/2/migration.sql: unstaged deletion",
        "m/4/migration.sql: intent to add",
        "m/5/migration.sql: untracked",
        "m/6/migration.sql: ignored by m/.gitignore:2:6/",
    ];
    assert_eq!(leftovers(&change, &["m"]), expected);
    assert_eq!(leftovers(&change, &["m/6", "m", "m/1/migration.sql"]), expected, "once each");
    assert_eq!(leftovers(&change, &["m/1/migration.sql"]), expected[1..2]);
    assert_eq!(leftovers(&change, &["nowhere", "m/nowhere"]), [""; 0]);
    assert_eq!(leftovers(&change, &[""]).len(), 7);
}

#[test]
fn staged_in_part_is_both_changed_and_left_over() {
    let repo = TestRepo::new();
    repo.write("schema.prisma", "one\n");
    repo.commit("first");
    repo.write("schema.prisma", "two\n").add();
    repo.write("schema.prisma", "three\n");
    let change = repo.staged();
    assert_eq!(changed(&change), ["~schema.prisma"]);
    assert_eq!(text(&*change.after, "schema.prisma").as_deref(), Some("two\n"));
    assert_eq!(leftovers(&change, &["schema.prisma"]), ["schema.prisma: unstaged"]);
    let worktree = change.worktree.as_ref().unwrap().snapshot();
    assert_eq!(text(worktree, "schema.prisma").as_deref(), Some("three\n"));
}

#[test]
fn a_touched_file_and_other_line_ends_are_not_left_over() {
    let repo = TestRepo::new();
    repo.git(&["config", "core.autocrlf", "true"]);
    repo.write("a.sql", "one\r\ntwo\r\n").write("b.sql", "b\n");
    repo.commit("first");
    assert_eq!(repo.git(&["cat-file", "-p", "HEAD:a.sql"]), "one\ntwo", "git turned the line ends around");
    // Other times, so that the contents must be compared.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(100);
    for name in ["a.sql", "b.sql"] {
        std::fs::File::options().write(true).open(repo.root().join(name)).unwrap().set_modified(later).unwrap();
    }
    let change = repo.staged();
    assert_eq!(leftovers(&change, &[""]), [""; 0]);
    assert_eq!(changed(&repo.load(Scope::Worktree).unwrap()), [""; 0]);
    repo.write("a.sql", "one\r\nthree\r\n");
    assert_eq!(leftovers(&repo.staged(), &[""]), ["a.sql: unstaged"]);
}

#[test]
fn an_edit_within_the_same_second_and_of_the_same_size_is_seen() {
    let repo = TestRepo::new();
    for round in 0..20 {
        repo.write("a.sql", "1");
        repo.commit("first");
        repo.write("a.sql", "2");
        assert_eq!(leftovers(&repo.staged(), &["a.sql"]), ["a.sql: unstaged"], "in round {round}");
    }
}

#[test]
fn a_file_that_git_was_told_not_to_look_at_is_not_left_over() {
    let repo = TestRepo::new();
    repo.write("a.sql", "1").write("b.sql", "1");
    repo.commit("first");
    repo.git(&["update-index", "--assume-unchanged", "a.sql"]);
    repo.git(&["update-index", "--skip-worktree", "b.sql"]);
    repo.write("a.sql", "another");
    repo.remove("b.sql");
    assert_eq!(leftovers(&repo.staged(), &[""]), [""; 0]);
}

#[test]
fn what_a_filter_would_make_of_a_file_is_not_guessed() {
    let repo = TestRepo::new();
    repo.write(".gitattributes", "*.big filter=shout\n").write("x.big", "quiet").write("x.sql", "quiet");
    repo.git(&["config", "filter.shout.clean", "tr a-z A-Z"]);
    repo.commit("first");
    assert_eq!(repo.git(&["cat-file", "-p", "HEAD:x.big"]), "QUIET");
    repo.write("x.big", "quiet ").write("x.sql", "quiet ");
    assert_eq!(leftovers(&repo.staged(), &[""]), ["x.sql: unstaged"]);
}

#[test]
fn ignore_files_of_every_place_are_named_as_git_names_them() {
    let mut repo = TestRepo::new();
    let excludes = repo.beside("excludes");
    std::fs::write(&excludes, "*.global\n").unwrap();
    repo.git(&["config", "core.excludesFile", excludes.to_str().unwrap()]);
    std::fs::write(repo.root().join(".git/info/exclude"), "# here\n/m/*.local\n").unwrap();
    repo.write(".gitignore", "/build\n*.log\n!keep.log\nm/**/deep/*\n");
    repo.write("m/.gitignore", "*\n!*.sql\n!*/\n");
    let paths = [
        "build/x.sql",
        "m/a.global",
        "m/b.local",
        "m/c.log",
        "m/keep.log",
        "m/d.sql",
        "m/sub/deep/e.sql",
        "m/sub/f.sql",
        "m/sub/g.txt",
        "other/keep.log",
        "other/h.log",
        "other/i.global",
    ];
    for path in paths {
        repo.write(path, "x");
    }
    let found = leftovers(&repo.staged(), &[""]);
    for path in paths {
        let output = repo.run_in(repo.root(), "git", &["check-ignore", "--verbose", path]);
        let line = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        // `file:line:pattern TAB path`; a pattern that begins with `!` does not ignore.
        let expected = match line.split_once('\t') {
            Some((by, _)) if !by.contains(":!") => format!("{path}: ignored by {by}"),
            _ => format!("{path}: untracked"),
        };
        assert!(found.contains(&expected), "{expected} in {found:#?}");
    }
    let untracked = repo.git(&["ls-files", "--others", "--exclude-standard"]);
    let worktree = repo.load(Scope::Worktree).unwrap();
    assert_eq!(files(&*worktree.after), untracked.lines().collect::<Vec<_>>());

    let home = repo.beside("home/.config/git");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("ignore"), "h.*\n").unwrap();
    repo.git(&["config", "--unset", "core.excludesFile"]);
    repo.set("XDG_CONFIG_HOME", home.parent().unwrap().display().to_string());
    repo.write(".gitignore", "");
    let by = format!("other/h.log: ignored by {}:1:h.*", home.join("ignore").display());
    assert!(leftovers(&repo.staged(), &["other"]).contains(&by));
}

#[test]
fn other_repositories_packages_and_links_are_not_entered() {
    let repo = TestRepo::new();
    repo.write("app/a.sql", "a");
    repo.commit("first");
    repo.write("app/node_modules/x/migration.sql", "x").write("app/__pycache__/x.pyc", "x");
    repo.git(&["init", "--quiet", "app/nested"]);
    repo.write("app/nested/migration.sql", "x");
    let outside = repo.beside("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret.sql"), "x").unwrap();
    std::os::unix::fs::symlink(&outside, repo.root().join("app/link")).unwrap();
    let change = repo.staged();
    assert_eq!(leftovers(&change, &["app", "app/link/secret.sql"]), ["app/link: untracked"]);
    let worktree = change.worktree.as_ref().unwrap().snapshot();
    assert_eq!(files(worktree), ["app/a.sql", "app/link"]);
    assert_eq!(text(worktree, "app/link/secret.sql"), None);
    assert_eq!(text(worktree, "app/link"), None);
}

#[test]
fn the_working_directory_is_a_snapshot_beside_head() {
    let repo = TestRepo::new();
    repo.write(".gitignore", "ignored\n").write("a", "a").write("b", "b").write("dir/c", "c");
    repo.commit("first");
    repo.write("a", "edited").remove("b").write("dir/new", "new").write("ignored", "x").write("staged", "s");
    repo.git(&["add", "staged"]);
    let change = repo.load(Scope::Worktree).unwrap();
    assert_eq!(changed(&change), ["~a", "-b", "+dir/new", "+staged"]);
    assert_eq!(files(&*change.after), [".gitignore", "a", "dir/c", "dir/new", "staged"]);
    assert_eq!(files(change.before.as_deref().unwrap()), [".gitignore", "a", "b", "dir/c"]);
    let id = change.changed[2].after.unwrap().to_string();
    assert_eq!(id, repo.git(&["hash-object", "dir/new"]), "untracked files have the ids that git would give them");
}

//! Commands in a piece of shell.

use super::words as parts;

/// A word of a command and where it begins in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) start: usize,
    /// Whether quotes keep several words together in it.
    pub(super) several: bool,
}

impl Word {
    pub(super) fn new(text: &str, start: usize) -> Self {
        Self { text: text.to_owned(), start, several: text.contains(char::is_whitespace) }
    }

    /// `NAME=value`.
    fn assigns(&self) -> bool {
        self.text.split_once('=').is_some_and(|(name, _)| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    }
}

/// A simple command: what stands between `;`, `&&`, `|` and line ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// Whether it is a text that something unknown was given, which may be prose: only what starts programs may stand
    /// before the program that is looked for.
    guessed: bool,
}

impl Command {
    /// The position at which these words stand one after the other; the first may be a path or carry a version
    /// (`node_modules/.bin/prisma`, `prisma@6`).
    pub(super) fn find(&self, wanted: &[&str]) -> Option<usize> {
        let (first, rest) = wanted.split_first()?;
        self.words.iter().enumerate().position(|(at, word)| {
            is_program(word, first)
                && self.arguments(at).take(rest.len()).map(|word| word.text.as_str()).eq(rest.iter().copied())
                && (!self.guessed || self.words[..at].iter().all(launches))
        })
    }

    /// Whether an option stands in it, with or without a value.
    pub(super) fn has_option(&self, option: &str) -> bool {
        self.words.iter().any(|word| word.text == option || word.text.starts_with(&format!("{option}=")))
    }

    /// The words behind a position that are no options.
    pub(super) fn arguments(&self, at: usize) -> impl Iterator<Item = &Word> {
        let mut skip = false;
        self.words.iter().skip(at + 1).filter(move |word| {
            if std::mem::take(&mut skip) {
                return false;
            }
            // `-c alembic.ini`, `--schema x`: what stands before a subcommand takes a value.
            let option = word.text.starts_with('-');
            skip = option && !word.text.contains('=') && VALUED.contains(&word.text.as_str());
            !option
        })
    }

    /// The program that it calls, behind what the shell itself reads.
    fn program(&self) -> Option<&str> {
        let word = self.words.iter().find(|word| !word.assigns() && !KEYWORDS.contains(&word.text.as_str()))?;
        let name = word.text.rsplit('/').next().unwrap_or_default();
        (!word.several).then(|| name.trim_start_matches(['@', '-', '+']))
    }
}

/// Options of prisma, alembic and flask that take the next word.
const VALUED: [&str; 10] = ["-c", "--config", "-n", "--name", "-x", "--schema", "-d", "--directory", "-A", "--app"];

/// Words of the shell that stand before a command.
const KEYWORDS: [&str; 9] = ["if", "then", "elif", "else", "while", "until", "do", "!", "time"];

/// Whether a word calls a program: by name, by path, with a version.
fn is_program(word: &Word, program: &str) -> bool {
    if word.several {
        return false;
    }
    // `node node_modules/prisma/build/index.js`, `python -m alembic.config`
    let text = word.text.strip_suffix("/build/index.js").unwrap_or(&word.text);
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let name = name.strip_suffix(".cmd").or_else(|| name.strip_suffix(".config")).unwrap_or(name);
    name == program
}

/// Words that start the program behind them.
const LAUNCHERS: [&str; 27] = [
    "npx",
    "bunx",
    "bun",
    "x",
    "pnpm",
    "pnpx",
    "yarn",
    "npm",
    "exec",
    "dlx",
    "run",
    "sudo",
    "env",
    "timeout",
    "nohup",
    "poetry",
    "uv",
    "uvx",
    "pipenv",
    "hatch",
    "pdm",
    "python",
    "python3",
    "node",
    "dotenv",
    "dotenvx",
    "cross-env",
];

fn launches(word: &Word) -> bool {
    let text = word.text.as_str();
    LAUNCHERS.contains(&text)
        || KEYWORDS.contains(&text)
        || text.starts_with('-')
        || text.starts_with(|c: char| c.is_ascii_digit())
        || word.assigns()
}

/// Programs that run the text that they are given.
const RUNNERS: [&str; 31] = [
    "cmd",
    "powershell",
    "pwsh",
    "iex",
    "invoke-expression",
    "sh",
    "bash",
    "zsh",
    "dash",
    "ash",
    "ksh",
    "su",
    "eval",
    "ssh",
    "heroku",
    "fly",
    "flyctl",
    "railway",
    "concurrently",
    "nodemon",
    "xargs",
    "watch",
    "exec",
    "docker",
    "docker-compose",
    "podman",
    "kubectl",
    "oc",
    "gosu",
    "start-server-and-test",
    "dotenv",
];

/// Whether a program runs a text that it is given.
pub(super) fn runs_texts(program: &str) -> bool {
    RUNNERS.contains(&program.rsplit('/').next().unwrap_or(program))
}

/// Programs that only say, keep or look for what stands behind them.
const SAYING: [&str; 19] = [
    "echo",
    "printf",
    "grep",
    "egrep",
    "rg",
    "sed",
    "awk",
    "cat",
    "git",
    "gh",
    "alias",
    "#",
    "//",
    "rem",
    "write-host",
    "write-output",
    "write-verbose",
    "write-debug",
    "throw",
];

/// Words of the names that people give to functions which only say something: `log_info`, `print_step`.
const SPEAKING: [&str; 18] = [
    "log", "logger", "echo", "print", "msg", "message", "info", "warn", "warning", "error", "err", "die", "fail",
    "abort", "say", "note", "success", "usage",
];

fn says(program: &str) -> bool {
    SAYING.contains(&program.to_lowercase().as_str()) || parts(program).any(|part| SPEAKING.contains(&part.as_str()))
}

/// How deep texts in texts are followed.
const DEEPEST: usize = 6;

/// The simple commands of a text. What stands in quotes is read as well where it is run (`sh -c "a && b"`) or may be;
/// what is only printed or kept in a variable is left out, and so are here documents that no shell reads.
pub(super) fn commands(text: &str) -> Vec<Command> {
    let text = super::heredoc::without_texts(text);
    let mut reader = Reader::default();
    reader.read(&text, 0, false, 0);
    reader.commands
}

/// The commands of a list of words that no shell parts, as in `["sh", "-c", "a && b"]`.
pub(super) fn commands_of_words(words: Vec<Word>) -> Vec<Command> {
    let mut reader = Reader::default();
    reader.end(Command { words, guessed: false }, 0);
    reader.commands
}

#[derive(Default)]
struct Reader {
    commands: Vec<Command>,
}

impl Reader {
    fn read(&mut self, text: &str, offset: usize, guessed: bool, depth: usize) {
        let fresh = || Command { words: Vec::new(), guessed };
        let mut command = fresh();
        let mut word = Word::new("", 0);
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let next = at + c.len_utf8();
            let rest = &text[next..];
            match c {
                '\\' if rest.starts_with('\n') => at = next + 1,
                '\\' if rest.starts_with("\r\n") => at = next + 2,
                '\\' if rest.starts_with(['"', '\'']) => {
                    flush(&mut word, &mut command);
                    at = next + 1;
                }
                '#' if word.text.is_empty() => at = next + rest.find('\n').unwrap_or(rest.len()),
                '\'' | '"' => {
                    let Some(end) = closing(rest, c) else {
                        flush(&mut word, &mut command);
                        at = next;
                        continue;
                    };
                    // An escaped quote before it has left a blank.
                    let inner = rest[..end].trim_end();
                    if word.text.is_empty() {
                        word.start = offset + next;
                    }
                    if c == '"' {
                        self.substitutions(inner, offset + next, depth);
                        // Quotes in quotes keep their place.
                        word.text.push_str(&inner.replace("\\\"", " \""));
                    } else {
                        word.text.push_str(inner);
                    }
                    word.several |= inner.contains(char::is_whitespace);
                    at = next + end + 1;
                }
                '`' => {
                    if let Some(end) = rest.find('`') {
                        self.read_deeper(&rest[..end], offset + next, false, depth);
                        at = next + end + 1;
                    } else {
                        flush(&mut word, &mut command);
                        at = next;
                    }
                }
                // `${NAME}`, `${{ secrets.NAME }}`
                '$' if rest.starts_with('{') => {
                    let close = if rest.starts_with("{{") { "}}" } else { "}" };
                    let end = rest.find(close).map_or(rest.len(), |end| end + close.len());
                    if word.text.is_empty() {
                        word.start = offset + at;
                    }
                    word.text.push_str(&text[at..next + end]);
                    at = next + end;
                }
                ';' | '&' | '|' | '\n' | '(' | ')' | '{' | '}' => {
                    flush(&mut word, &mut command);
                    self.end(std::mem::replace(&mut command, fresh()), depth);
                    at = next;
                }
                // The brackets and commas of a list of words part words.
                c if c.is_whitespace() || matches!(c, '[' | ']' | ',') => {
                    flush(&mut word, &mut command);
                    at = next;
                }
                _ => {
                    if word.text.is_empty() {
                        word.start = offset + at;
                    }
                    word.text.push(c);
                    at = next;
                }
            }
        }
        flush(&mut word, &mut command);
        self.end(command, depth);
    }

    fn read_deeper(&mut self, text: &str, offset: usize, guessed: bool, depth: usize) {
        if depth < DEEPEST {
            self.read(text, offset, guessed, depth + 1);
        }
    }

    /// What `$(…)` and backticks run inside double quotes, also where the rest is only printed.
    fn substitutions(&mut self, text: &str, offset: usize, depth: usize) {
        let mut at = 0;
        while let Some(found) = text[at..].find("$(") {
            let from = at + found + 2;
            let end = matching(&text[from..]).map_or(text.len(), |end| from + end);
            self.read_deeper(&text[from..end], offset + from, false, depth);
            at = end;
        }
        let mut ticks = text.match_indices('`').map(|(at, _)| at);
        while let (Some(from), Some(end)) = (ticks.next(), ticks.next()) {
            self.read_deeper(&text[from + 1..end], offset + from + 1, false, depth);
        }
    }

    fn end(&mut self, command: Command, depth: usize) {
        if command.words.is_empty() || command.program().is_some_and(says) {
            return;
        }
        for (at, word) in command.words.iter().enumerate() {
            if word.several && !word.assigns() {
                let run = command.words[..at].iter().any(|before| runs_texts(&before.text));
                self.read_deeper(&word.text, word.start, !run, depth);
            }
        }
        self.commands.push(command);
    }
}

fn flush(word: &mut Word, command: &mut Command) {
    let word = std::mem::replace(word, Word::new("", 0));
    if !word.text.is_empty() {
        command.words.push(word);
    }
}

/// Where a quote ends: a single one at the next, a double one at the next that is neither escaped nor inside `$(…)`.
fn closing(text: &str, quote: char) -> Option<usize> {
    if quote == '\'' {
        return text.find('\'');
    }
    let mut chars = text.char_indices().peekable();
    let mut open = 0_usize;
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '$' if chars.peek().is_some_and(|(_, next)| *next == '(') => open += 1,
            ')' => open = open.saturating_sub(1),
            '"' if open == 0 => return Some(at),
            _ => {}
        }
    }
    // A `$(` that nothing closes, then: the next quote.
    text.find('"').filter(|_| open > 0)
}

/// Where the bracket that is open before a text closes.
fn matching(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        (open == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(text: &str, wanted: &[&str]) -> bool {
        commands(text).iter().any(|command| command.find(wanted).is_some())
    }

    #[test]
    fn commands_are_found_behind_runners_and_in_quotes() {
        let push = ["prisma", "db", "push"];
        for text in [
            "prisma db push",
            "npx prisma db push --accept-data-loss",
            "pnpm exec prisma db push && node server.js",
            "sh -c \"cd app && npx prisma@6 db push\"",
            "[\"npx\", \"prisma\", \"db\", \"push\"]",
            "[\"sh\", \"-c\", \"npx prisma db push && node .\"]",
            "./node_modules/.bin/prisma db push; true",
            "node node_modules/prisma/build/index.js db push",
            "DATABASE_URL=x yarn prisma db \\\n  push",
            "prisma --schema x.prisma db push",
            "prisma --schema ${{ env.SCHEMA }} db push",
            "OUT=$(npx prisma db push 2>&1)",
            "echo \"said: $(npx prisma db push)\"",
            "echo \"it's\" && npx prisma db push",
            "run_step \"npx prisma db push\"",
            "bash -c 'cd \"$DIR\" && npx prisma db push'",
            "sh -c \"bash -c \\\"npx prisma db push\\\"\"",
            "if ! npx prisma db push; then exit 1; fi",
            "eval `npx prisma db push`",
            "a=${b#x}; npx prisma db push",
            "echo \"see #12\" ; npx prisma db push # x",
        ] {
            assert!(has(text, &push), "{text}");
        }
        for text in [
            "echo prisma db push",
            "# prisma db push",
            "prisma db pull",
            "myprisma db push",
            "prisma migrate deploy # not db push",
            "MESSAGE=\"run npx prisma db push\"",
            "log \"running prisma db push\"",
            "log_info \"prisma db push\"",
            "die 'prisma db push failed'",
            "then echo \"prisma db push\"",
            "expect_failure \"after prisma db push\"",
            "echo \"usage:\n  prisma db push\n\"",
            "git commit -m \"prisma db push\"",
        ] {
            assert!(!has(text, &push), "{text}");
        }
    }

    #[test]
    fn options_with_values_stand_between() {
        assert!(has("alembic -c backend/alembic.ini downgrade base", &["alembic", "downgrade", "base"]));
        assert!(has("python -m alembic.config downgrade base", &["alembic", "downgrade", "base"]));
        assert!(has("python -m flask --app x db stamp head", &["db", "stamp"]));
        assert!(!has("alembic downgrade -1", &["alembic", "downgrade", "base"]));
    }

    #[test]
    fn what_stands_behind_backticks_is_read_once() {
        let texts = |text: &str| {
            let words =
                |command: Command| command.words.into_iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
            commands(text).into_iter().map(words).collect::<Vec<_>>()
        };
        assert_eq!(texts("prisma `flags` db push"), ["flags", "prisma db push"]);
    }

    #[test]
    fn words_of_quotes_keep_their_place() {
        let text = "sh -c \"\n  npm ci\n  npx \\\"prisma\\\" db push\"";
        let found = commands(text).into_iter().find(|command| command.find(&["prisma", "db", "push"]).is_some());
        assert_eq!(found.map(|command| command.words[0].start), text.find("npx"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}|[-a-z \"'\\\\\n;&|#(){}$`<]{0,40}") {
            for command in commands(&text) {
                for word in &command.words {
                    assert!(word.start <= text.len());
                }
            }
        }
    }
}

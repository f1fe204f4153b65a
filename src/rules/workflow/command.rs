//! Commands in a line of shell.

/// A word of a command and where it begins in the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) start: usize,
}

/// A simple command: what stands between `;`, `&&`, `|` and line ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
}

impl Command {
    /// The position at which these words stand one after the other; the first may be a path or carry a version
    /// (`node_modules/.bin/prisma`, `prisma@6`).
    pub(super) fn find(&self, wanted: &[&str]) -> Option<usize> {
        let (first, rest) = wanted.split_first()?;
        self.words.iter().enumerate().position(|(at, word)| {
            is_program(&word.text, first)
                && self.arguments(at).take(rest.len()).map(|word| word.text.as_str()).eq(rest.iter().copied())
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
}

/// Options of prisma, alembic and flask that take the next word.
const VALUED: [&str; 10] = ["-c", "--config", "-n", "--name", "-x", "--schema", "-d", "--directory", "-A", "--app"];

/// Whether a word calls a program: by name, by path, with a version.
fn is_program(word: &str, program: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    name.strip_suffix(".cmd").unwrap_or(name) == program
}

/// Programs that only say or look for the words behind them.
const SAYING: [&str; 7] = ["echo", "printf", "grep", "rg", "#", "//", "rem"];

/// The simple commands of a text. Quotes are taken off, so that `sh -c "a && b"` is read like `a && b`; what is only
/// printed is left out.
pub(super) fn commands(text: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut command = Command::default();
    let mut word = Word { text: String::new(), start: 0 };
    let mut chars = text.char_indices().peekable();
    let mut comment = false;
    while let Some((at, c)) = chars.next() {
        if comment {
            comment = c != '\n';
            if comment {
                continue;
            }
        }
        match c {
            '\\' if chars.peek().is_some_and(|(_, next)| *next == '\n' || *next == '\r') => {
                chars.next();
            }
            '#' if word.text.is_empty() => comment = true,
            ';' | '&' | '|' | '\n' | '(' | ')' | '{' | '}' => {
                flush(&mut word, &mut command);
                end(&mut command, &mut commands);
            }
            c if c.is_whitespace() => flush(&mut word, &mut command),
            // Quotes, JSON's among them, and the commas of a JSON list part words and nothing else.
            '"' | '\'' | '`' | '[' | ']' | ',' => flush(&mut word, &mut command),
            _ => {
                if word.text.is_empty() {
                    word.start = at;
                }
                word.text.push(c);
            }
        }
    }
    flush(&mut word, &mut command);
    end(&mut command, &mut commands);
    commands
}

fn flush(word: &mut Word, command: &mut Command) {
    if !word.text.is_empty() {
        command.words.push(std::mem::replace(word, Word { text: String::new(), start: 0 }));
    }
}

fn end(command: &mut Command, commands: &mut Vec<Command>) {
    let said = command.words.first().is_some_and(|word| SAYING.contains(&word.text.to_lowercase().as_str()));
    let command = std::mem::take(command);
    if !said && !command.words.is_empty() {
        commands.push(command);
    }
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
            "./node_modules/.bin/prisma db push; true",
            "DATABASE_URL=x yarn prisma db \\\n  push",
            "prisma --schema x.prisma db push",
        ] {
            assert!(has(text, &push), "{text}");
        }
        for text in [
            "echo prisma db push",
            "# prisma db push",
            "prisma db pull",
            "myprisma db push",
            "prisma migrate deploy # not db push",
        ] {
            assert!(!has(text, &push), "{text}");
        }
    }

    #[test]
    fn options_with_values_stand_between() {
        assert!(has("alembic -c backend/alembic.ini downgrade base", &["alembic", "downgrade", "base"]));
        assert!(has("python -m flask --app x db stamp head", &["db", "stamp"]));
        assert!(!has("alembic downgrade -1", &["alembic", "downgrade", "base"]));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}|[-a-z \"'\\\\\n;&|#()]{0,40}") {
            for command in commands(&text) {
                for word in &command.words {
                    assert!(text.is_char_boundary(word.start));
                }
            }
        }
    }
}

//! The little of YAML that workflow files need: which scalar stands under which keys, and where.
//!
//! Not a parser of YAML: it follows indentation, keys, list items, block, folded, quoted and flow scalars, and comments,
//! which is what people write in such files. What it does not understand it passes over.

/// A scalar and the keys above it, outermost first; items of a list add nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    /// The keys, without quotes.
    pub(super) keys: Vec<String>,
    /// The text, byte for byte as far into it as in the file: what is no part of it stands as blanks.
    pub(super) text: String,
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// The list items that hold it, outermost first, by where they begin.
    pub(super) items: Vec<usize>,
    /// Whether it is itself an item of a list.
    pub(super) is_item: bool,
}

/// The deepest nesting that is followed.
const DEEPEST: usize = 64;

/// What is open above a line: a key, or an item where there is none, and the column at which it stands.
struct Open {
    column: usize,
    key: Option<String>,
    start: usize,
}

/// Every scalar of a text, in order.
pub(super) fn scalars(text: &str) -> Vec<Scalar> {
    let mut reader = Reader { text, lines: lines(text), open: Vec::new(), found: Vec::new() };
    let mut at = 0;
    while at < reader.lines.len() {
        at = reader.line(at);
    }
    reader.found
}

struct Reader<'a> {
    text: &'a str,
    lines: Vec<(usize, &'a str)>,
    open: Vec<Open>,
    found: Vec<Scalar>,
}

impl Reader<'_> {
    /// Reads what begins in a line; the line that comes after it.
    fn line(&mut self, at: usize) -> usize {
        let (start, line) = self.lines[at];
        let mut rest = line;
        let mut column = 0;
        // Blanks and the dashes of list items.
        loop {
            let blanks = rest.len() - rest.trim_start_matches(' ').len();
            column += blanks;
            rest = &rest[blanks..];
            let Some(behind) = rest.strip_prefix("- ").or_else(|| (rest == "-").then_some("")) else { break };
            // A list may stand at the column of its key.
            self.open.retain(|open| open.column < column || (open.column == column && open.key.is_some()));
            if self.open.len() < DEEPEST {
                self.open.push(Open { column, key: None, start: start + column });
            }
            column += rest.len() - behind.len();
            rest = behind;
        }
        if rest.is_empty() || rest.starts_with('#') || rest.starts_with("---") {
            return at + 1;
        }
        let (key, value, value_at) = split_key(rest, start + column);
        let is_item = key.is_none() && self.open.last().is_some_and(|open| open.key.is_none());
        if let Some(key) = key {
            self.open.retain(|open| open.column < column);
            if self.open.len() < DEEPEST {
                self.open.push(Open { column, key: Some(key), start: start + column });
            }
        }
        let (value, value_at) = without_properties(value, value_at);
        let parent = self.open.last().map_or(0, |open| open.column);
        match value.chars().next() {
            None | Some('#') => at + 1,
            Some('|' | '>') if is_header(value) => self.block(at + 1, parent, value.starts_with('>'), is_item),
            Some(quote @ ('"' | '\'')) if closing(&self.text[value_at + 1..], quote).is_some() => {
                let end = closing(&self.text[value_at + 1..], quote).unwrap_or_default();
                let text = unquoted(&self.text[value_at + 1..value_at + 1 + end], quote);
                self.push(text, value_at + 1, is_item);
                self.line_after(value_at + 1 + end, at)
            }
            Some('[' | '{') => {
                let (keys, items) = self.above();
                let end = flow(self.text, value_at, &Above { keys, items }, &mut self.found, 0);
                self.line_after(end, at)
            }
            Some(_) => self.plain(at, value_at, parent, is_item),
        }
    }

    fn above(&self) -> (Vec<String>, Vec<usize>) {
        let keys = self.open.iter().filter_map(|open| open.key.clone()).collect();
        let items = self.open.iter().filter(|open| open.key.is_none()).map(|open| open.start).collect();
        (keys, items)
    }

    fn push(&mut self, text: String, start: usize, is_item: bool) {
        let (keys, items) = self.above();
        self.found.push(Scalar { keys, text, start, items, is_item });
    }

    /// The line behind the one that holds an offset.
    fn line_after(&self, offset: usize, at: usize) -> usize {
        self.lines.partition_point(|(start, _)| *start <= offset).max(at + 1)
    }

    /// A block scalar: the lines that stand deeper than its key. A folded one makes one line of those of one depth.
    fn block(&mut self, from: usize, parent: usize, folded: bool, is_item: bool) -> usize {
        let mut at = from;
        let mut last = from;
        while let Some((_, line)) = self.lines.get(at) {
            if !line.trim().is_empty() {
                if indent(line) <= parent && !(parent == 0 && self.open.is_empty()) {
                    break;
                }
                last = at + 1;
            }
            at += 1;
        }
        let first = (from..last).find(|at| !self.lines[*at].1.trim().is_empty());
        let Some(first) = first else { return at };
        let start = self.lines[first].0;
        let mut text = String::new();
        for at in first..last {
            let (begin, line) = self.lines[at];
            let next = self.lines.get(at + 1).map_or(self.text.len(), |(start, _)| *start);
            let following = (at + 1 < last).then(|| self.lines[at + 1].1);
            let joins = folded
                && !line.trim().is_empty()
                && following.is_some_and(|next| !next.trim().is_empty() && indent(next) == indent(line));
            let whole = &self.text[begin..next];
            text.push_str(&if joins { whole.replace('\n', " ") } else { whole.to_owned() });
        }
        self.push(text, start, is_item);
        at
    }

    /// A scalar without quotes, with the deeper lines that go on with it.
    fn plain(&mut self, at: usize, value_at: usize, parent: usize, is_item: bool) -> usize {
        let (start, line) = self.lines[at];
        let mut text = String::new();
        let mut end = at + 1;
        let first = &line[value_at - start..];
        let cut = without_comment(first);
        text.push_str(cut);
        let mut open = cut.len() == first.len();
        while open && let Some((begin, line)) = self.lines.get(end) {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') || indent(line) <= parent {
                break;
            }
            // The text of the lines between keeps its length.
            text.push_str(&" ".repeat(begin - value_at - text.len()));
            let cut = without_comment(line);
            open = cut.len() == line.len();
            text.push_str(cut);
            end += 1;
        }
        self.push(text.trim_end().to_owned(), value_at, is_item);
        end
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// What stands above a flow collection.
struct Above {
    keys: Vec<String>,
    items: Vec<usize>,
}

/// Reads the flow collection whose bracket stands at an offset; where it ends.
fn flow(text: &str, start: usize, above: &Above, found: &mut Vec<Scalar>, depth: usize) -> usize {
    let list = text[start..].starts_with('[');
    let mut at = start + 1;
    let mut key: Option<String> = None;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = &text[at..];
        let mut keys = above.keys.clone();
        keys.extend(key.clone());
        let mut items = above.items.clone();
        if list {
            items.push(at);
        }
        match c {
            ']' | '}' => return at + 1,
            ',' => {
                key = None;
                at += 1;
            }
            '#' => at += rest.find('\n').unwrap_or(rest.len()),
            '[' | '{' if depth < DEEPEST => at = flow(text, at, &Above { keys, items }, found, depth + 1),
            '[' | '{' => return text.len(),
            c if c.is_whitespace() || c == ':' => at += c.len_utf8(),
            _ => {
                let (value, value_at, end) = match c {
                    '"' | '\'' => match closing(&rest[1..], c) {
                        Some(end) => (unquoted(&rest[1..=end], c), at + 1, at + end + 2),
                        None => return text.len(),
                    },
                    _ => {
                        let end = rest
                            .char_indices()
                            .find(|(at, c)| matches!(c, ',' | ']' | '}' | '\n') || rest[*at..].starts_with(": "))
                            .map_or(rest.len(), |(at, _)| at);
                        (rest[..end].trim_end().to_owned(), at, at + end)
                    }
                };
                at = end.max(at + 1);
                let names = text.get(at..).is_some_and(|rest| rest.trim_start_matches(' ').starts_with(':'));
                if !list && key.is_none() && names {
                    key = Some(value);
                } else {
                    found.push(Scalar { keys, text: value, start: value_at, items, is_item: list });
                }
            }
        }
    }
    text.len()
}

/// Where a quoted scalar ends, counted from behind its first quote.
fn closing(text: &str, quote: char) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if quote == '"' => at += 2,
            b'\'' if quote == '\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            byte if char::from(byte) == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// What a quoted scalar says, with its length kept.
fn unquoted(text: &str, quote: char) -> String {
    let text = text.replace('\n', " ");
    if quote == '"' { text.replace("\\\"", " \"").replace("\\n", " \n") } else { text.replace("''", " '") }
}

/// Whether a value announces a block scalar: `|`, `>-`, `|2 # why`.
fn is_header(value: &str) -> bool {
    let rest = value[1..].trim_start_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    rest.trim().is_empty() || rest.trim_start().starts_with('#') && rest.starts_with(' ')
}

/// A value without the anchor and the tag before it.
fn without_properties(mut value: &str, mut at: usize) -> (&str, usize) {
    while value.starts_with(['&', '!']) {
        let end = value.find(' ').unwrap_or(value.len());
        let rest = value[end..].trim_start();
        at += value.len() - rest.len();
        value = rest;
    }
    (value, at)
}

/// Lines with the offset of each, without their ends.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    text.split('\n')
        .map(|line| {
            let start = at;
            at += line.len() + 1;
            (start, line.strip_suffix('\r').unwrap_or(line))
        })
        .collect()
}

/// `key: value`; the value alone where there is no key. The offset is that of the value.
fn split_key(text: &str, start: usize) -> (Option<String>, &str, usize) {
    let quoted = text.starts_with(['"', '\'']);
    let search = if quoted { text[1..].find(&text[..1]).map_or(text.len(), |end| end + 2) } else { 0 };
    let colon = text.get(search..).and_then(|rest| {
        let at = rest.find(": ").or_else(|| rest.strip_suffix(':').map(str::len))?;
        Some(search + at)
    });
    let Some(colon) = colon else { return (None, text.trim_end(), start) };
    let key = text[..colon].trim();
    // A key is one word or a quoted text; anything else is a scalar with a colon in it.
    if (key.contains(' ') && !quoted) || text.starts_with(['[', '{']) {
        return (None, text.trim_end(), start);
    }
    let value = text.get(colon + 1..).unwrap_or_default();
    let blanks = value.len() - value.trim_start().len();
    (Some(key.trim_matches(['"', '\'']).to_owned()), value.trim(), start + colon + 1 + blanks)
}

/// A line of a scalar without the comment behind it.
fn without_comment(value: &str) -> &str {
    value.find(" #").map_or(value, |at| value[..at].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKFLOW: &str = "name: CD\non: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - name: Migrate\n        run: |\n          npm ci\n\n          npx prisma db push\n      - run: npx prisma migrate reset --force # no\n  test:\n    steps:\n    - run: npm test\n";

    fn texts(text: &str) -> Vec<(String, String)> {
        scalars(text).into_iter().map(|scalar| (scalar.keys.join("."), scalar.text)).collect()
    }

    #[test]
    fn scalars_know_the_keys_above_them() {
        let found = scalars(WORKFLOW);
        let runs: Vec<(String, &str)> = found
            .iter()
            .filter(|scalar| scalar.keys.last().is_some_and(|key| key == "run"))
            .map(|scalar| (scalar.keys.join("."), scalar.text.trim()))
            .collect();
        assert_eq!(runs[0].0, "jobs.deploy.steps.run");
        assert_eq!(runs[0].1, "npm ci\n\n          npx prisma db push");
        assert_eq!(runs[1], ("jobs.deploy.steps.run".to_owned(), "npx prisma migrate reset --force"));
        assert_eq!(runs[2], ("jobs.test.steps.run".to_owned(), "npm test"));
    }

    #[test]
    fn lists_of_scalars_stand_under_their_key() {
        let found =
            scalars("deploy:\n  script:\n    - npx prisma db push\n    - \"echo: no key\"\nother: [a, \"b c\"]\n");
        assert_eq!(found[0].keys, ["deploy", "script"]);
        assert_eq!(found[0].text, "npx prisma db push");
        assert!(found[0].is_item);
        assert_eq!(found[1].text, "echo: no key");
        assert_ne!(found[0].items, found[1].items);
        assert_eq!((found[2].keys.join("."), found[2].text.as_str()), ("other".to_owned(), "a"));
        assert_eq!((found[3].keys.join("."), found[3].text.as_str()), ("other".to_owned(), "b c"));
    }

    #[test]
    fn scalars_of_several_lines_are_one() {
        let found = texts(
            "a: >-\n  one\n  two\n\n  three\nb: one\n  two # no\nc: \"one\n  two\"\nd: 'it''s'\ne: | # why\n  x\n\nf: y\n",
        );
        let squeezed: Vec<String> = found
            .iter()
            .map(|(key, text)| {
                format!("{key}={}", text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
            })
            .collect();
        assert_eq!(squeezed, ["a=one two\n\n three\n", "b=one two", "c=one two", "d=it 's", "e=x\n", "f=y"]);
    }

    #[test]
    fn a_scalar_without_quotes_goes_on_until_a_comment() {
        let found = texts("a: one\n  two\n  three\nb: four\n  five # no\n  six\n");
        let words = |at: usize| found[at].1.split_whitespace().collect::<Vec<_>>();
        assert_eq!((words(0), words(1)), (vec!["one", "two", "three"], vec!["four", "five"]));
    }

    #[test]
    fn flow_collections_are_parted() {
        let text = "steps:\n  - {name: push, run: \"npx prisma db push\"}\nc: [\n  sh, # no\n  '-c',\n]\nd: e\n";
        let found = texts(text);
        let pairs: Vec<(&str, &str)> = found.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
        assert_eq!(
            pairs,
            [("steps.name", "push"), ("steps.run", "npx prisma db push"), ("c", "sh"), ("c", "-c"), ("d", "e")]
        );
    }

    #[test]
    fn a_list_at_the_column_of_its_key_ends_with_the_next_key() {
        let found = scalars("a:\n- x\n- y\nb: z\n");
        assert_eq!(found[1].keys, ["a"]);
        assert_eq!(found[2].keys, ["b"]);
        assert!(found[2].items.is_empty());
    }

    #[test]
    fn offsets_point_at_the_text() {
        for scalar in scalars(WORKFLOW) {
            let first = scalar.text.lines().next().unwrap_or_default();
            assert!(WORKFLOW[scalar.start..].starts_with(first), "{scalar:?}");
        }
        let windows = WORKFLOW.replace('\n', "\r\n");
        let push = scalars(&windows).into_iter().find(|scalar| scalar.text.contains("db push")).expect("the block");
        let inside = push.text.find("npx").unwrap_or_default();
        assert!(windows[push.start + inside..].starts_with("npx prisma db push"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,60}|[-a:|>#\"'{}\\[\\],&! \n\\\\\u{e9}]{0,60}") {
            for scalar in scalars(&text) {
                assert!(scalar.start <= text.len() && text.is_char_boundary(scalar.start));
            }
        }
    }
}

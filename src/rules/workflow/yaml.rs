//! The little of YAML that workflow files need: which scalar stands under which keys, and where.
//!
//! Not a parser of YAML: it follows indentation, keys, list items, block scalars and comments, which is what people
//! write in such files. What it does not understand it passes over.

/// A scalar and the keys above it, outermost first; items of a list add nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    /// The keys, without quotes.
    pub(super) keys: Vec<String>,
    /// The text: of a block scalar, its lines.
    pub(super) text: String,
    /// Where it begins, in bytes.
    pub(super) start: usize,
}

/// The deepest nesting that is followed.
const DEEPEST: usize = 64;

/// Every scalar of a text, in order.
pub(super) fn scalars(text: &str) -> Vec<Scalar> {
    let mut found = Vec::new();
    // The open keys, each with the column at which it stands.
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut lines = lines(text).into_iter().peekable();
    while let Some((start, line)) = lines.next() {
        let mut rest = line;
        let mut column = 0;
        // Blanks and the dashes of list items; a dash stands for a deeper level at its own column.
        loop {
            let blanks = rest.len() - rest.trim_start_matches(' ').len();
            column += blanks;
            rest = &rest[blanks..];
            match rest.strip_prefix("- ").or_else(|| (rest == "-").then_some("")) {
                Some(behind) => {
                    column += rest.len() - behind.len();
                    rest = behind;
                    open.retain(|(at, _)| *at < column);
                }
                None => break,
            }
        }
        if rest.is_empty() || rest.starts_with('#') || rest.starts_with("---") {
            continue;
        }
        let (key, value, value_at) = split_key(rest, start + column);
        if let Some(key) = key {
            open.retain(|(at, _)| *at < column);
            if open.len() < DEEPEST {
                open.push((column, key));
            }
        }
        let value = without_comment(value);
        if value.is_empty() {
            continue;
        }
        let keys: Vec<String> = open.iter().map(|(_, key)| key.clone()).collect();
        if value.starts_with(['|', '>']) && value.len() <= 3 {
            let mut block = String::new();
            let mut block_start = value_at;
            let parent = open.last().map_or(0, |(at, _)| *at);
            while let Some((at, line)) = lines.peek() {
                let indent = line.len() - line.trim_start_matches(' ').len();
                if !line.trim().is_empty() && indent <= parent {
                    break;
                }
                if block.is_empty() && !line.trim().is_empty() {
                    block_start = *at;
                }
                if !block.is_empty() || !line.trim().is_empty() {
                    block.push_str(line);
                    block.push('\n');
                }
                lines.next();
            }
            found.push(Scalar { keys, text: block, start: block_start });
        } else {
            found.push(Scalar { keys, text: value.to_owned(), start: value_at });
        }
    }
    found
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
    if key.contains(' ') && !quoted {
        return (None, text.trim_end(), start);
    }
    let value = text.get(colon + 1..).unwrap_or_default();
    let blanks = value.len() - value.trim_start().len();
    (Some(key.trim_matches(['"', '\'']).to_owned()), value.trim(), start + colon + 1 + blanks)
}

/// A scalar without the comment behind it.
fn without_comment(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    if value.starts_with(['"', '\'']) {
        return value;
    }
    value.find(" #").map_or(value, |at| value[..at].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKFLOW: &str = "name: CD\non: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - name: Migrate\n        run: |\n          npm ci\n\n          npx prisma db push\n      - run: npx prisma migrate reset --force # no\n  test:\n    steps:\n    - run: npm test\n";

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
        let found = scalars("deploy:\n  script:\n    - npx prisma db push\n    - \"echo: no key\"\nother: [a, b]\n");
        assert_eq!(found[0].keys, ["deploy", "script"]);
        assert_eq!(found[0].text, "npx prisma db push");
        assert_eq!(found[1].text, "\"echo: no key\"");
        assert_eq!(found[2].keys, ["other"]);
    }

    #[test]
    fn offsets_point_at_the_text() {
        for scalar in scalars(WORKFLOW) {
            let first = scalar.text.lines().next().unwrap_or_default();
            assert!(WORKFLOW[scalar.start..].starts_with(first), "{scalar:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,60}|[-a:|>#\"' \n\u{e9}]{0,60}") {
            for scalar in scalars(&text) {
                assert!(scalar.start <= text.len() && text.is_char_boundary(scalar.start));
            }
        }
    }
}

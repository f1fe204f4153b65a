//! Python's `re`, as far as names of tables are made with it: a small backtracking matcher with look-around, which the
//! `regex` crate does not have, bounded in steps.
//!
//! Syntax: <https://docs.python.org/3/library/re.html#regular-expression-syntax>. What is not known (flags, conditional
//! patterns, named back-references) makes the pattern unreadable, never wrong.

use super::interpreter::{Eval, Interpreter};
use super::value::{Args, SymbolKind, Value};
use crate::source::Place;

/// What a match is to its user: a call of this name with its groups.
const MATCH: &str = "re.Match";

/// Steps of one operation. Table names are short.
const STEPS: usize = 200_000;
/// Characters of a pattern or text: repetitions nest in the call stack.
const LENGTH: usize = 400;
/// How deep the matcher may recurse.
const RECURSION: usize = 4_000;
/// How deep groups may nest.
const DEPTH: usize = 30;

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    root: Node,
    groups: usize,
}

#[derive(Debug)]
enum Node {
    /// One character of a set.
    Set(Vec<Item>, bool),
    /// Any character but a line's end.
    Any,
    Start,
    End,
    /// A word's edge, or none.
    Edge(bool),
    Back(usize),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Capture(usize, Box<Node>),
    Repeat {
        node: Box<Node>,
        min: usize,
        max: usize,
        greedy: bool,
    },
    Look {
        node: Box<Node>,
        behind: bool,
        negative: bool,
    },
}

#[derive(Debug)]
enum Item {
    Range(char, char),
    Digit(bool),
    Word(bool),
    Space(bool),
}

/// Where groups matched: the whole first.
pub(super) type Groups = Vec<Option<(usize, usize)>>;

impl Pattern {
    /// Reads a pattern; none where it holds what is not known here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > LENGTH {
            return None;
        }
        let chars: Vec<char> = text.chars().collect();
        let mut parser = Parser { chars: &chars, at: 0, groups: 0, depth: 0 };
        let root = parser.choice()?;
        (parser.at == chars.len()).then_some(Self { root, groups: parser.groups })
    }

    /// Every match, left to right, not overlapping; none where the bound is reached.
    pub(super) fn matches(&self, text: &[char]) -> Option<Vec<Groups>> {
        if text.len() > LENGTH {
            return None;
        }
        let mut steps = 0;
        let mut found = Vec::new();
        let mut at = 0;
        while at <= text.len() {
            match self.match_at(text, at, &mut steps)? {
                Some(groups) => {
                    let (start, end) = groups.first().copied().flatten().unwrap_or((at, at));
                    // An empty match right behind the last one is none (Python 3.7).
                    at = if end == start { end + 1 } else { end };
                    found.push(groups);
                }
                None => at += 1,
            }
        }
        Some(found)
    }

    /// The match that starts at exactly that character.
    pub(super) fn match_at(&self, text: &[char], at: usize, steps: &mut usize) -> Option<Option<Groups>> {
        if text.len() > LENGTH {
            return None;
        }
        let mut groups: Groups = vec![None; self.groups + 1];
        let mut end = None;
        let mut matcher = Matcher { text, steps, depth: 0, exhausted: false };
        let mut captured: Groups = Vec::new();
        let matched = matcher.run(&self.root, at, &mut groups, &mut |_, position, groups| {
            end = Some(position);
            captured.clone_from(groups);
            true
        });
        if matcher.exhausted {
            return None;
        }
        Some(match (matched, end) {
            (true, Some(end)) => {
                if let Some(whole) = captured.first_mut() {
                    *whole = Some((at, end));
                }
                Some(captured)
            }
            _ => None,
        })
    }
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
    groups: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, word: &str) -> bool {
        let word: Vec<char> = word.chars().collect();
        let here = self.chars.get(self.at..self.at + word.len()) == Some(&word[..]);
        if here {
            self.at += word.len();
        }
        here
    }

    fn choice(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let mut branches = vec![self.sequence()?];
        while self.eat("|") {
            branches.push(self.sequence()?);
        }
        self.depth -= 1;
        Some(if branches.len() == 1 { branches.pop()? } else { Node::Choice(branches) })
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let atom = self.atom()?;
            nodes.push(self.repeated(atom)?);
        }
        Some(Node::Sequence(nodes))
    }

    fn repeated(&mut self, node: Node) -> Option<Node> {
        let (min, max) = match self.peek() {
            Some('*') => (0, usize::MAX),
            Some('+') => (1, usize::MAX),
            Some('?') => (0, 1),
            Some('{') => {
                let close = self.chars.get(self.at..)?.iter().position(|&c| c == '}')? + self.at;
                let inner: String = self.chars.get(self.at + 1..close)?.iter().collect();
                let bounds = match inner.split_once(',') {
                    Some((min, "")) => (min.parse().ok()?, usize::MAX),
                    Some(("", max)) => (0, max.parse().ok()?),
                    Some((min, max)) => (min.parse().ok()?, max.parse().ok()?),
                    None => (inner.parse().ok()?, inner.parse().ok()?),
                };
                self.at = close;
                bounds
            }
            _ => return Some(node),
        };
        self.at += 1;
        let greedy = !self.eat("?");
        if self.eat("+") || matches!(self.peek(), Some('*' | '{')) {
            return None;
        }
        Some(Node::Repeat { node: Box::new(node), min, max, greedy })
    }

    fn atom(&mut self) -> Option<Node> {
        Some(match self.next()? {
            '.' => Node::Any,
            '^' => Node::Start,
            '$' => Node::End,
            '[' => self.set()?,
            '(' => self.group()?,
            '\\' => self.escape()?,
            '*' | '+' | '?' => return None,
            c => Node::Set(vec![Item::Range(c, c)], false),
        })
    }

    fn group(&mut self) -> Option<Node> {
        let look = |behind, negative| Some((behind, negative));
        let kind = if self.eat("?:") {
            None
        } else if self.eat("?=") {
            look(false, false)
        } else if self.eat("?!") {
            look(false, true)
        } else if self.eat("?<=") {
            look(true, false)
        } else if self.eat("?<!") {
            look(true, true)
        } else {
            if self.eat("?P<") {
                while self.next()? != '>' {}
            } else if self.peek() == Some('?') {
                return None;
            }
            self.groups += 1;
            let number = self.groups;
            let inner = self.choice()?;
            return self.eat(")").then(|| Node::Capture(number, Box::new(inner)));
        };
        let inner = self.choice()?;
        if !self.eat(")") {
            return None;
        }
        Some(match kind {
            None => inner,
            Some((behind, negative)) => Node::Look { node: Box::new(inner), behind, negative },
        })
    }

    fn class(c: char) -> Option<Item> {
        Some(match c {
            'd' => Item::Digit(true),
            'D' => Item::Digit(false),
            'w' => Item::Word(true),
            'W' => Item::Word(false),
            's' => Item::Space(true),
            'S' => Item::Space(false),
            'n' => Item::Range('\n', '\n'),
            't' => Item::Range('\t', '\t'),
            'r' => Item::Range('\r', '\r'),
            c if c.is_ascii_alphanumeric() => return None,
            c => Item::Range(c, c),
        })
    }

    fn escape(&mut self) -> Option<Node> {
        let c = self.next()?;
        Some(match c {
            'b' => Node::Edge(true),
            'B' => Node::Edge(false),
            'A' => Node::Start,
            'Z' => Node::End,
            '1'..='9' => Node::Back(c.to_digit(10)? as usize),
            c => Node::Set(vec![Self::class(c)?], false),
        })
    }

    fn set(&mut self) -> Option<Node> {
        let negative = self.eat("^");
        let mut items = Vec::new();
        loop {
            let c = self.next()?;
            if c == ']' && !items.is_empty() {
                return Some(Node::Set(items, negative));
            }
            let item = if c == '\\' { Self::class(self.next()?)? } else { Item::Range(c, c) };
            let range = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|&c| c != ']');
            match item {
                Item::Range(from, _) if range => {
                    self.at += 1;
                    let to = match self.next()? {
                        '\\' => self.next()?,
                        c => c,
                    };
                    items.push(Item::Range(from, to));
                }
                item => items.push(item),
            }
        }
    }
}

/// What follows a node: called with where it ended.
type Then<'c, 't> = &'c mut dyn FnMut(&mut Matcher<'t>, usize, &mut Groups) -> bool;

struct Matcher<'t> {
    text: &'t [char],
    steps: &'t mut usize,
    depth: usize,
    exhausted: bool,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl<'t> Matcher<'t> {
    fn holds(items: &[Item], negative: bool, c: char) -> bool {
        let found = items.iter().any(|item| match item {
            Item::Range(from, to) => (*from..=*to).contains(&c),
            Item::Digit(wanted) => c.is_numeric() == *wanted,
            Item::Word(wanted) => is_word(c) == *wanted,
            Item::Space(wanted) => c.is_whitespace() == *wanted,
        });
        found != negative
    }

    fn run(&mut self, node: &Node, at: usize, groups: &mut Groups, then: Then<'_, 't>) -> bool {
        *self.steps += 1;
        if *self.steps > STEPS || self.depth > RECURSION {
            self.exhausted = true;
        }
        if self.exhausted {
            return false;
        }
        self.depth += 1;
        let matched = self.run_node(node, at, groups, then);
        self.depth -= 1;
        matched
    }

    fn run_node(&mut self, node: &Node, at: usize, groups: &mut Groups, then: Then<'_, 't>) -> bool {
        match node {
            Node::Set(items, negative) => match self.text.get(at) {
                Some(&c) if Self::holds(items, *negative, c) => then(self, at + 1, groups),
                _ => false,
            },
            Node::Any => match self.text.get(at) {
                Some(&c) if c != '\n' => then(self, at + 1, groups),
                _ => false,
            },
            Node::Start => at == 0 && then(self, at, groups),
            Node::End => at == self.text.len() && then(self, at, groups),
            Node::Edge(wanted) => {
                let word = |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_some_and(|&c| is_word(c));
                let edge = word(at.checked_sub(1)) != word(Some(at));
                edge == *wanted && then(self, at, groups)
            }
            Node::Back(number) => {
                let Some((start, end)) = groups.get(*number).copied().flatten() else { return false };
                let same = self.text.get(start..end) == self.text.get(at..at + (end - start));
                same && then(self, at + (end - start), groups)
            }
            Node::Sequence(nodes) => self.sequence(nodes, at, groups, then),
            Node::Choice(branches) => branches.iter().any(|branch| self.run(branch, at, groups, then)),
            Node::Capture(number, inner) => {
                let before = groups.get(*number).copied().flatten();
                let matched = self.run(inner, at, groups, &mut |matcher, end, groups| {
                    let old = groups.get(*number).copied().flatten();
                    if let Some(slot) = groups.get_mut(*number) {
                        *slot = Some((at, end));
                    }
                    let matched = then(matcher, end, groups);
                    if !matched && let Some(slot) = groups.get_mut(*number) {
                        *slot = old;
                    }
                    matched
                });
                if !matched && let Some(slot) = groups.get_mut(*number) {
                    *slot = before;
                }
                matched
            }
            Node::Repeat { node, min, max, greedy } => self.repeat(node, (*min, *max), *greedy, at, groups, then),
            Node::Look { node, behind, negative } => {
                let mut inner = groups.clone();
                let found = if *behind {
                    (0..=at).any(|start| self.run(node, start, &mut inner, &mut |_, end, _| end == at))
                } else {
                    self.run(node, at, &mut inner, &mut |_, _, _| true)
                };
                found != *negative && !self.exhausted && then(self, at, groups)
            }
        }
    }

    fn sequence(&mut self, nodes: &[Node], at: usize, groups: &mut Groups, then: Then<'_, 't>) -> bool {
        match nodes.split_first() {
            None => then(self, at, groups),
            Some((first, rest)) => {
                self.run(first, at, groups, &mut |matcher, end, groups| matcher.sequence(rest, end, groups, then))
            }
        }
    }

    fn repeat(
        &mut self,
        node: &Node,
        (min, max): (usize, usize),
        greedy: bool,
        at: usize,
        groups: &mut Groups,
        then: Then<'_, 't>,
    ) -> bool {
        // One step deeper in the call stack for each repetition: the text's length bounds it.
        if min == 0 && !greedy && then(self, at, groups) {
            return true;
        }
        if max > 0 {
            let further = self.run(node, at, groups, &mut |matcher, end, groups| {
                // An empty repetition leads nowhere.
                (end != at || min > 0)
                    && matcher.repeat(node, (min.saturating_sub(1), max.saturating_sub(1)), greedy, end, groups, then)
            });
            if further {
                return true;
            }
        }
        min == 0 && greedy && then(self, at, groups)
    }
}

/// `re.sub(pattern, replacement, text)`; `replace` makes the text of one match.
pub(super) fn substitute<E>(
    pattern: &Pattern,
    text: &str,
    count: usize,
    mut replace: impl FnMut(&[char], &Groups) -> Result<Option<String>, E>,
) -> Result<Option<String>, E> {
    let chars: Vec<char> = text.chars().collect();
    let Some(matches) = pattern.matches(&chars) else { return Ok(None) };
    let mut out = String::new();
    let mut done = 0;
    for (number, groups) in matches.iter().enumerate() {
        if count > 0 && number >= count {
            break;
        }
        let (start, end) = groups.first().copied().flatten().unwrap_or_default();
        out.extend(chars.get(done..start).unwrap_or_default());
        match replace(&chars, groups)? {
            Some(text) => out.push_str(&text),
            None => return Ok(None),
        }
        done = end;
    }
    out.extend(chars.get(done..).unwrap_or_default());
    Ok(Some(out))
}

/// A replacement with its group references filled in; none where it holds what is not known here.
pub(super) fn template(replacement: &str, text: &[char], groups: &Groups) -> Option<String> {
    let mut out = String::new();
    let mut chars = replacement.chars().peekable();
    let group = |number: usize| -> Option<String> {
        let (start, end) = groups.get(number)?.unwrap_or_default();
        Some(text.get(start..end)?.iter().collect())
    };
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'g' => {
                let inner: String = chars.by_ref().skip(1).take_while(|&c| c != '>').collect();
                out.push_str(&group(inner.parse().ok()?)?);
            }
            digit @ '0'..='9' => out.push_str(&group(digit.to_digit(10)? as usize)?),
            'n' => out.push('\n'),
            '\\' => out.push('\\'),
            c if c.is_ascii_alphanumeric() => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

/// The text of a group.
pub(super) fn group_text(text: &[char], groups: &Groups, number: usize) -> Option<String> {
    let (start, end) = groups.get(number).copied().flatten()?;
    Some(text.get(start..end)?.iter().collect())
}

impl Interpreter<'_> {
    /// A function of `re` on a pattern; none leaves it symbolic.
    pub(super) fn call_regex(
        &mut self,
        name: &str,
        pattern: &Value,
        args: &[Value],
        place: &Place,
    ) -> Eval<Option<Value>> {
        let unknown = || Ok(Some(Value::unknown("the result of a regular expression", place.clone())));
        let pattern = match pattern.call_of() {
            Some(("re.compile", made)) if made.positional.len() == 1 => made.positional.first().cloned(),
            Some(_) => None,
            None => Some(pattern.clone()),
        };
        let Some(pattern) = pattern.and_then(|pattern| pattern.as_str()).and_then(|text| Pattern::parse(&text)) else {
            return unknown();
        };
        match name {
            "sub" => {
                let (Some(replacement), Some(text)) = (args.first(), args.get(1).and_then(Value::as_str)) else {
                    return unknown();
                };
                let count = match args.get(2) {
                    None => 0,
                    Some(count) => match count.as_int().and_then(|count| usize::try_from(count).ok()) {
                        Some(count) => count,
                        None => return unknown(),
                    },
                };
                let made = substitute(&pattern, &text, count, |text, groups| match replacement.as_str() {
                    Some(replacement) => Ok(template(&replacement, text, groups)),
                    None => {
                        let made =
                            self.call_value(replacement, Args::positional(vec![matched(text, groups)]), place)?;
                        Ok(made.as_str().map(|text| text.to_string()))
                    }
                })?;
                match made {
                    Some(text) => Ok(Some(self.text(text)?)),
                    None => unknown(),
                }
            }
            "findall" | "split" => {
                let Some(text) = args.first().and_then(Value::as_str) else { return unknown() };
                let chars: Vec<char> = text.chars().collect();
                let Some(found) = pattern.matches(&chars) else { return unknown() };
                let part = |range: (usize, usize)| -> Value {
                    Value::str(chars.get(range.0..range.1).unwrap_or_default().iter().collect::<String>())
                };
                if name == "findall" {
                    let items = found.iter().map(|groups| {
                        let all: Vec<Value> = groups.iter().map(|range| part(range.unwrap_or_default())).collect();
                        match all.as_slice() {
                            [whole] => whole.clone(),
                            [_, one] => one.clone(),
                            [_, rest @ ..] => Value::tuple(rest.to_vec()),
                            [] => Value::None,
                        }
                    });
                    return Ok(Some(Value::list(items.collect())));
                }
                let mut items = Vec::new();
                let mut done = 0;
                for groups in &found {
                    let (start, end) = groups.first().copied().flatten().unwrap_or_default();
                    items.push(part((done, start)));
                    items.extend(groups.iter().skip(1).map(|range| range.map_or(Value::None, part)));
                    done = end;
                }
                items.push(part((done, chars.len())));
                Ok(Some(Value::list(items)))
            }
            "match" | "search" | "fullmatch" => {
                let Some(text) = args.first().and_then(Value::as_str) else { return unknown() };
                let chars: Vec<char> = text.chars().collect();
                let mut steps = 0;
                let found = if name == "search" {
                    pattern.matches(&chars).map(|found| found.into_iter().next())
                } else {
                    pattern.match_at(&chars, 0, &mut steps)
                };
                let Some(found) = found else { return unknown() };
                let found = found.filter(|groups| {
                    name != "fullmatch" || groups.first().copied().flatten().is_some_and(|(_, end)| end == chars.len())
                });
                Ok(Some(found.map_or(Value::None, |groups| matched(&chars, &groups))))
            }
            _ => Ok(None),
        }
    }
}

/// A match as a value.
fn matched(text: &[char], groups: &Groups) -> Value {
    let groups = (0..groups.len()).map(|number| group_text(text, groups, number).map_or(Value::None, Value::str));
    let args = Args::positional(groups.collect());
    Value::symbol(SymbolKind::Call { callee: Value::external(MATCH), args }, None)
}

/// `match.group(…)`, `match.groups()`; none where it is no method of a match.
pub(super) fn match_method(base: &Value, name: &str, args: &[Value]) -> Option<Value> {
    let (MATCH, groups) = base.call_of()? else { return None };
    let group = |number: &Value| {
        let number = usize::try_from(number.as_int()?).ok()?;
        groups.positional.get(number).cloned()
    };
    match name {
        "group" => match args {
            [] => groups.positional.first().cloned(),
            [one] => group(one),
            several => several.iter().map(group).collect::<Option<Vec<_>>>().map(Value::tuple),
        },
        "groups" => Some(Value::tuple(groups.positional.get(1..).unwrap_or_default().to_vec())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sub(pattern: &str, replacement: &str, text: &str) -> Option<String> {
        let pattern = Pattern::parse(pattern)?;
        substitute::<()>(&pattern, text, 0, |text, groups| Ok(template(replacement, text, groups))).ok()?
    }

    #[test]
    fn names_are_made_as_python_makes_them() {
        for (pattern, replacement, text, wanted) in [
            (r"(?<!^)(?=[A-Z])", "_", "InvoiceLine", "Invoice_Line"),
            (r"(.)([A-Z][a-z]+)", r"\1_\2", "HTTPLogEntry", "HTTP_LogEntry"),
            (r"([a-z0-9])([A-Z])", r"\1_\2", "myHTTPLog", "my_HTTPLog"),
            (r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", "HTTPLog2", "HTTP_Log2"),
            (r"\W+", "-", "a  b!c", "a-b-c"),
            (r"x*", "-", "abxd", "-a-b--d-"),
            (r"[^a-z]{2,}?", ".", "a1234b", "a..b"),
            (r"(a)|b", r"<\1>", "ab", "<a><>"),
            (r"(\w)\1", "=", "aabc", "=bc"),
            (r"Model$", "", "UserModel", "User"),
            (r"\bA", "x", "A BA", "x BA"),
        ] {
            assert_eq!(sub(pattern, replacement, text).as_deref(), Some(wanted), "{pattern}");
        }
        assert_eq!(sub(r"(?i)a", "b", "A"), None);
        assert_eq!(sub(r"(", "b", "A"), None);
    }

    proptest! {
        #[test]
        fn no_pattern_runs_away(pattern in r"[ab(|)*+?\[\]\\^$.{},1]{0,14}", text in "[ab1]{0,40}") {
            if let Some(pattern) = Pattern::parse(&pattern) {
                let chars: Vec<char> = text.chars().collect();
                for groups in pattern.matches(&chars).unwrap_or_default() {
                    let (start, end) = groups[0].unwrap_or_default();
                    prop_assert!(start <= end && end <= chars.len());
                }
            }
        }
    }
}

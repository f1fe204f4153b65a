//! Python's `re`, as far as names of tables are made with it: its syntax told in that of `fancy-regex`, which matches, bounded
//! in steps.
//!
//! Syntax: <https://docs.python.org/3/library/re.html#regular-expression-syntax>. What is not known (other flags, conditional
//! patterns, references beyond the ninth group) makes the pattern unreadable, never wrong.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::ops::Range;
use std::str::Chars;

use super::interpreter::{Eval, Interpreter};
use super::value::{Args, SymbolKind, Value};
use crate::source::Place;

/// What a match is to its user: a call of this name with its groups.
const MATCH: &str = "re.Match";

/// How often the matcher may go back. Table names are short.
const STEPS: usize = 200_000;
/// Bytes of a pattern or text.
const LENGTH: usize = 400;
/// Bytes that a compiled pattern may take: `a{900}{900}` is short to write.
const SIZE: usize = 1 << 20;

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern(fancy_regex::Regex);

/// Where groups matched, in bytes: the whole first.
pub(super) type Groups = Vec<Option<Range<usize>>>;

impl Pattern {
    /// Reads a pattern; none where it holds what is not known here.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::build(&translate(text)?)
    }

    /// The same for `fullmatch`: to the end of the text, by whichever of its ways leads there.
    fn parse_whole(text: &str) -> Option<Self> {
        Self::build(&format!(r"(?:{})\z", translate(text)?))
    }

    fn build(told: &str) -> Option<Self> {
        let mut builder = fancy_regex::RegexBuilder::new(told);
        builder.backtrack_limit(STEPS).delegate_size_limit(SIZE).delegate_dfa_size_limit(SIZE).max_prog_size(SIZE);
        builder.build().ok().map(Self)
    }

    /// Every match, left to right, not overlapping; none where the bound is reached.
    pub(super) fn matches(&self, text: &str) -> Option<Vec<Groups>> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(groups) = self.match_from(text, at)? {
            let Some(Some(whole)) = groups.first().cloned() else { break };
            found.push(groups);
            // An empty match right behind another one is one (Python 3.7), two at one place are not.
            at = if whole.is_empty() {
                whole.end + text.get(whole.end..)?.chars().next().map_or(1, char::len_utf8)
            } else {
                whole.end
            };
        }
        Some(found)
    }

    /// The first match that starts at that byte or behind it.
    fn match_from(&self, text: &str, at: usize) -> Option<Option<Groups>> {
        if text.len() > LENGTH {
            return None;
        }
        if at > text.len() {
            return Some(None);
        }
        let found = self.0.captures_from_pos(text, at).ok()?;
        Some(found.map(|groups| groups.iter().map(|group| group.map(|group| group.start()..group.end())).collect()))
    }

    /// The match that starts with the text.
    pub(super) fn match_start(&self, text: &str) -> Option<Option<Groups>> {
        let starts = |groups: &Groups| groups.first().is_some_and(|whole| whole.as_ref().is_some_and(|r| r.start == 0));
        // The leftmost match is found: where one starts with the text, it is that.
        Some(self.match_from(text, 0)?.filter(starts))
    }
}

/// A pattern of Python's as `fancy-regex` writes it: what one of the two takes for a word of its language, and the other
/// does not, is told by its number.
fn translate(pattern: &str) -> Option<String> {
    if pattern.len() > LENGTH {
        return None;
    }
    let mut chars = pattern.chars().peekable();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                // Python's is the end of the text, the other's stands before a last end of line as well.
                'Z' => out.push_str(r"\z"),
                c @ ('A' | 'b' | 'B') => out.extend(['\\', c]),
                c @ '1'..='9' if !chars.peek().is_some_and(char::is_ascii_digit) => write!(out, r"(?:\{c})").ok()?,
                c => out.push_str(&class_or_char(c, &mut chars)?),
            },
            '[' => set(&mut chars, &mut out)?,
            '(' => group(&mut chars, &mut out)?,
            '$' => out.push_str(r"(?=\n?\z)"),
            '{' => match repetition(&mut chars) {
                Some(count) => out.push_str(&count),
                None => out.push_str(&literal('{')),
            },
            '.' | '^' | '*' | '+' | '?' | '|' | ')' => out.push(c),
            c => out.push_str(&literal(c)),
        }
    }
    Some(out)
}

/// A character that stands for itself.
fn literal(c: char) -> String {
    if c.is_alphanumeric() || c == '_' { c.to_string() } else { format!(r"\x{{{:X}}}", u32::from(c)) }
}

/// What an escape means in a set and outside of one alike, the backslash read.
fn class_or_char(c: char, chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut number = |digits: usize| -> Option<String> {
        let text: String = chars.by_ref().take(digits).collect();
        let code = u32::from_str_radix(&text, 16).ok().filter(|_| text.len() == digits)?;
        Some(literal(char::from_u32(code)?))
    };
    Some(match c {
        'd' | 'D' | 's' | 'S' | 'w' | 'W' => format!("\\{c}"),
        'n' => literal('\n'),
        't' => literal('\t'),
        'r' => literal('\r'),
        'f' => literal('\x0c'),
        'v' => literal('\x0b'),
        'a' => literal('\x07'),
        'x' => number(2)?,
        'u' => number(4)?,
        'U' => number(8)?,
        c if c.is_ascii_alphanumeric() => return None,
        c => literal(c),
    })
}

/// `[…]`, its bracket read: `[[`, `&&`, `--` and `~~` are operators of sets to the other and characters to Python.
fn set(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Option<()> {
    out.push('[');
    out.extend(chars.next_if_eq(&'^'));
    let mut is_first = true;
    while is_first || chars.peek() != Some(&']') {
        is_first = false;
        out.push_str(&item(chars)?);
        let mut ahead = chars.clone();
        if ahead.next() == Some('-') && ahead.next()? != ']' {
            chars.next();
            out.push('-');
            out.push_str(&item(chars)?);
        }
    }
    out.extend(chars.next());
    Some(())
}

/// A character or a class in a set.
fn item(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    match chars.next()? {
        '\\' => match chars.next()? {
            'b' => Some(literal('\x08')),
            c => class_or_char(c, chars),
        },
        c => Some(literal(c)),
    }
}

/// What opens a group, its bracket read.
fn group(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Option<()> {
    out.push('(');
    if chars.next_if_eq(&'?').is_none() {
        return Some(());
    }
    let mut word = String::from("?");
    match chars.next()? {
        c @ (':' | '=' | '!' | '>') => word.push(c),
        '<' => word.extend(['<', chars.next_if(|c| matches!(c, '=' | '!'))?]),
        'P' => {
            word.extend(['P', chars.next_if(|c| matches!(c, '<' | '='))?]);
            let name = |c: &char| c.is_alphanumeric() || *c == '_';
            while let Some(c) = chars.next_if(name) {
                word.push(c);
            }
            word.push(chars.next_if(|c| matches!(c, '>' | ')'))?);
        }
        // Upper and lower case alike: of all flags the one that names are made with.
        'i' => word.extend(['i', chars.next_if(|c| matches!(c, ':' | ')'))?]),
        _ => return None,
    }
    out.push_str(&word);
    Some(())
}

/// `{m}`, `{m,}`, `{,n}` or `{m,n}`, its bracket read; none, with nothing else read, where it is no repetition.
fn repetition(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let inner: String = chars.clone().take_while(|&c| c != '}').take(8).collect();
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let (min, max) = inner.split_once(',').unwrap_or((&inner, &inner));
    let is_one = is_number(min) && is_number(max) && inner.chars().any(|c| c.is_ascii_digit());
    if !is_one || chars.clone().nth(inner.len()) != Some('}') {
        return None;
    }
    chars.nth(inner.len());
    let min = if min.is_empty() { "0" } else { min };
    Some(if inner.contains(',') { format!("{{{min},{max}}}") } else { format!("{{{min}}}") })
}

/// `re.sub(pattern, replacement, text)`; `replace` makes the text of one match.
pub(super) fn substitute<E>(
    pattern: &Pattern,
    text: &str,
    count: usize,
    mut replace: impl FnMut(&Groups) -> Result<Option<String>, E>,
) -> Result<Option<String>, E> {
    let Some(matches) = pattern.matches(text) else { return Ok(None) };
    let mut out = String::new();
    let mut done = 0;
    let count = if count == 0 { matches.len() } else { count };
    for groups in matches.iter().take(count) {
        let Some(Some(whole)) = groups.first() else { continue };
        out.push_str(text.get(done..whole.start).unwrap_or_default());
        match replace(groups)? {
            Some(text) => out.push_str(&text),
            None => return Ok(None),
        }
        done = whole.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Ok(Some(out))
}

/// A replacement with its group references filled in; none where it holds what is not known here.
pub(super) fn template(replacement: &str, text: &str, groups: &Groups) -> Option<String> {
    let mut out = String::new();
    let mut chars = replacement.chars();
    let group = |number: usize| text.get(groups.get(number)?.clone().unwrap_or_default());
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'g' => {
                let inner: String = chars.by_ref().skip(1).take_while(|&c| c != '>').collect();
                out.push_str(group(inner.parse().ok()?)?);
            }
            digit @ '0'..='9' => out.push_str(group(digit.to_digit(10)? as usize)?),
            'n' => out.push('\n'),
            '\\' => out.push('\\'),
            c if c.is_ascii_alphanumeric() => return None,
            c => out.push(c),
        }
    }
    Some(out)
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
            Some(("re.compile", made)) if made.positional.len() == 1 && made.keyword.is_empty() => {
                made.positional.first().cloned()
            }
            Some(_) => None,
            None => Some(pattern.clone()),
        };
        let parse = if name == "fullmatch" { Pattern::parse_whole } else { Pattern::parse };
        let Some(pattern) = pattern.and_then(|pattern| pattern.as_str()).and_then(|text| parse(&text)) else {
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
                let made = substitute(&pattern, &text, count, |groups| match replacement.as_str() {
                    Some(replacement) => Ok(template(&replacement, &text, groups)),
                    None => {
                        let args = Args::positional(vec![matched(&text, groups)]);
                        let made = self.call_value(replacement, args, place)?;
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
                let Some(found) = pattern.matches(&text) else { return unknown() };
                let part = |range: Range<usize>| Value::str(text.get(range).unwrap_or_default());
                if name == "findall" {
                    let items = found.iter().map(|groups| {
                        let all: Vec<Value> =
                            groups.iter().map(|range| part(range.clone().unwrap_or_default())).collect();
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
                    let Some(Some(whole)) = groups.first() else { continue };
                    items.push(part(done..whole.start));
                    items.extend(groups.iter().skip(1).map(|range| range.clone().map_or(Value::None, part)));
                    done = whole.end;
                }
                items.push(part(done..text.len()));
                Ok(Some(Value::list(items)))
            }
            "match" | "search" | "fullmatch" => {
                let Some(text) = args.first().and_then(Value::as_str) else { return unknown() };
                let found = if name == "search" { pattern.match_from(&text, 0) } else { pattern.match_start(&text) };
                let Some(found) = found else { return unknown() };
                Ok(Some(found.map_or(Value::None, |groups| matched(&text, &groups))))
            }
            _ => Ok(None),
        }
    }
}

/// A match as a value.
fn matched(text: &str, groups: &Groups) -> Value {
    let groups =
        groups.iter().map(|range| range.clone().and_then(|range| text.get(range)).map_or(Value::None, Value::str));
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
        substitute::<()>(&pattern, text, 0, |groups| Ok(template(replacement, text, groups))).ok()?
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
            (r"x*", "-", "äxö", "-ä--ö-"),
            (r"[^a-z]{2,}?", ".", "a1234b", "a..b"),
            (r"(a)|b", r"<\1>", "ab", "<a><>"),
            (r"(\w)\1", "=", "aabc", "=bc"),
            (r"Model$", "", "UserModel", "User"),
            (r"Model\Z", "", "UserModel", "User"),
            (r"\bA", "x", "A BA", "x BA"),
            (r"(?i)a", "b", "A", "b"),
            (r"(?P<head>[A-Z])(?P=head)", r"\1", "AAB", "AB"),
            (r"a{,2}b", "-", "aaab", "a-"),
            (r"a{b", "-", "a{b", "-"),
            // What is an operator to the other and a character to Python.
            (r"[[]|[a&&b]|[\-~~]", "", "[a&b-~c", "c"),
            (r"[a-c-e]", "", "a-bde", "d"),
            (r"[]x]", "", "]xy", "y"),
            (r"[[:x:]", "", "a:[x", "a"),
            (r"\<a\>", "", "<a>b", "b"),
            (r"#.", "", "a#bc", "ac"),
            (r"\u00e4|\x62", "", "äbc", "c"),
        ] {
            assert_eq!(sub(pattern, replacement, text).as_deref(), Some(wanted), "{pattern}");
        }
        for unread in [r"(?x)a", r"(?(1)a|b)", "(", r"\p{L}", r"\K", r"(a)\10", r"(?<a>b)"] {
            assert_eq!(sub(unread, "b", "A"), None, "{unread}");
        }
    }

    #[test]
    fn a_pattern_that_goes_back_without_end_is_left_unread() {
        let pattern = Pattern::parse(r"^(?:(a|aa)+\1)+(?<!a)$").expect("it is read");
        assert_eq!(pattern.matches(&"a".repeat(60)), None);
        assert!(Pattern::parse(r"((a{90}){90}){90}").is_none(), "it would take too much room");
    }

    #[test]
    fn a_whole_match_takes_the_way_that_leads_to_the_end() {
        let whole = |pattern: &str, text: &str| {
            Pattern::parse_whole(pattern).and_then(|pattern| pattern.match_start(text)).map(|groups| groups.is_some())
        };
        assert_eq!(whole("a|ab", "ab"), Some(true));
        assert_eq!(whole("a|ab", "abc"), Some(false));
        assert_eq!(whole("b", "ab"), Some(false));
    }

    proptest! {
        #[test]
        fn no_pattern_runs_away(pattern in r"[ab(|)*+?\[\]\\^$.{},1&~<=!:Pi-]{0,14}", text in "[ab1ä]{0,40}") {
            if let Some(pattern) = Pattern::parse(&pattern) {
                for groups in pattern.matches(&text).unwrap_or_default() {
                    let whole = groups[0].clone().unwrap_or_default();
                    prop_assert!(text.get(whole).is_some());
                }
            }
        }
    }
}

//! Here documents of shell scripts.

use super::command::runs_texts;

/// A script whose here documents are blanked, since they are texts and no commands; what a shell is given
/// (`bash <<EOF`, `ssh host <<EOF`, a Dockerfile's `RUN <<EOF`) stays.
pub(super) fn without_texts(text: &str) -> String {
    if !text.contains("<<") {
        return text.to_owned();
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        out.push_str(line);
        at += 1;
        let Some((head, word)) = opening(line) else { continue };
        let Some(body) = lines[at..].iter().position(|line| line.trim() == word) else { continue };
        let shell = head.split_whitespace().all(|word| word.starts_with('-')) || runs(head) || runs(behind(line));
        for line in &lines[at..=at + body] {
            if shell && line.trim() != word {
                out.push_str(line);
            } else {
                blank(line, &mut out);
            }
        }
        at += body + 1;
    }
    out
}

/// How many lines belong to the here documents that a line opens.
pub(super) fn length(line: &str, rest: &[&str]) -> usize {
    let Some((_, word)) = opening(line) else { return 0 };
    rest.iter().position(|line| line.trim() == word).map_or(0, |end| end + 1)
}

fn runs(text: &str) -> bool {
    text.split_whitespace().any(runs_texts)
}

/// What stands behind the word that ends a here document.
fn behind(line: &str) -> &str {
    let rest = line.split_once("<<").map_or("", |(_, rest)| rest).trim_start_matches(['-', ' ']);
    rest.split_once(char::is_whitespace).map_or("", |(_, behind)| behind)
}

/// What stands before the first `<<` of a line, and the word that ends the here document.
fn opening(line: &str) -> Option<(&str, &str)> {
    let (head, rest) = line.split_once("<<")?;
    // `<<<` gives a text, and in `$((1 << 2))` it shifts.
    if rest.starts_with('<') || head.contains("((") || head.trim_start().starts_with('#') {
        return None;
    }
    let rest = rest.trim_start_matches(['-', ' ', '\'', '"', '\\']);
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    rest.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some((head, &rest[..end]))
}

/// Blanks of the same length, so that what follows keeps its place.
fn blank(line: &str, out: &mut String) {
    let length = line.trim_end_matches('\n').len();
    out.push_str(&" ".repeat(length));
    out.push_str(&line[length..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_and_scripts_stay() {
        let left = |text: &str| without_texts(text).contains("prisma");
        for text in [
            "cat <<EOF\nprisma db push\nEOF\n",
            "cat > note <<-'END'\n\tprisma db push\n\tEND\n",
            "python3 - <<\"PY\"\nprisma\nPY\n",
        ] {
            assert!(!left(text), "{text}");
            assert_eq!(without_texts(text).len(), text.len());
        }
        for text in [
            "bash <<EOF\nprisma db push\nEOF\n",
            "ssh -T host <<'EOF'\nprisma db push\nEOF\n",
            "<<EOF\nprisma db push\nEOF\n",
            "<<EOF bash\nprisma db push\nEOF\n",
            "x=$((1<<EOF))\nprisma db push\nEOF\n",
            "x=$((1<<3))\nprisma db push\n",
            "cat <<< EOF\nprisma db push\nEOF\n",
            "cat <<EOF\nprisma db push, and no end\n",
        ] {
            assert!(left(text), "{text}");
        }
    }
}

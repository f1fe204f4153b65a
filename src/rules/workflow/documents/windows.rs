//! Scripts of Windows, put into the form in which a shell's are read: as long, and with the same lines.

/// A script of PowerShell: comments of several lines and here-strings are left out, a backtick at the end of a line goes on
/// in the next one.
pub(super) fn powershell(text: &str) -> String {
    let text = blanked(text, "<#", "#>");
    let text = blanked(&blanked(&text, "@\"", "\n\"@"), "@'", "\n'@");
    let text = text.replace("`\r\n", "\\\r\n").replace("`\n", "\\\n");
    text.replace('`', " ")
}

/// A batch file: `rem` and `::` begin comments, a caret at the end of a line goes on in the next one, and one quote is none.
pub(super) fn batch(text: &str) -> String {
    let plain = |line: &str| {
        let words = line.trim_start().trim_start_matches('@').to_ascii_lowercase();
        let end = line.trim_end_matches(['\n', '\r']).len();
        let comments = words.starts_with("::") || words.split_whitespace().next() == Some("rem");
        let kept = if comments { " ".repeat(end) } else { line[..end].replace('\'', " ") };
        match kept.strip_suffix('^') {
            Some(kept) => format!("{kept}\\{}", &line[end..]),
            None => kept + &line[end..],
        }
    };
    text.split_inclusive('\n').map(plain).collect()
}

/// A text in which what stands between two marks is blank.
fn blanked(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(from) {
        let end = rest[start + from.len()..].find(to).map_or(rest.len(), |end| start + from.len() + end + to.len());
        out.push_str(&rest[..start]);
        for c in rest[start..end].chars() {
            if c == '\n' {
                out.push('\n');
            } else {
                out.push_str(&" ".repeat(c.len_utf8()));
            }
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

//! Settings of platforms in JSON and TOML: commands by key.

use super::{Piece, Said, is_playground, starts_development};
use crate::source::RepoPath;

/// A setting that is a command, with the key that says so.
struct Setting {
    key: String,
    text: String,
}

pub(super) fn pieces(path: &RepoPath, text: &str) -> Vec<Piece> {
    let root =
        if path.extension() == Some("toml") { toml::from_str(text).ok() } else { serde_json::from_str(text).ok() };
    let mut found = Vec::new();
    settings(&Under { above: "", key: "" }, &root.unwrap_or_default(), &mut found);
    found
        .into_iter()
        .map(|Setting { key, text: command }| {
            let playground = is_playground(&key) || starts_development(&command);
            Piece {
                within: format!("the setting {key}"),
                said: Said::Changed(command.clone(), position(text, &key, &command)),
                deploys: !playground,
                playground,
            }
        })
        .collect()
}

/// Where a setting stands: its text as written, else its key.
fn position(text: &str, key: &str, command: &str) -> usize {
    let first = command.lines().next().unwrap_or_default();
    let start = first.find(['"', '\\']).map_or(first, |end| &first[..end]);
    text.find(start).filter(|_| !start.is_empty()).or_else(|| text.find(key)).unwrap_or(0)
}

/// Where a setting stands: its key, and that of the table that holds it.
///
/// Kept in one value: where a function calls itself with its arguments one place on, rustc 1.95 takes the key above for empty
/// at `opt-level` 1 and beyond, and is right without optimisation.
struct Under<'a> {
    above: &'a str,
    key: &'a str,
}

impl Under<'_> {
    /// Whether the key, or the table that holds it, says that its value is a command.
    fn is_command(&self) -> bool {
        self.key.ends_with("Command")
            || self.key.ends_with("command")
            || matches!(self.key, "cmd" | "cmds" | "commands" | "predeploy" | "postdeploy" | "pr-predestroy")
            || self.above == "processes"
    }
}

/// Adds the commands among what stands under a key.
fn settings(under: &Under<'_>, value: &serde_json::Value, found: &mut Vec<Setting>) {
    match value {
        serde_json::Value::String(text) if under.is_command() => {
            found.push(Setting { key: under.key.to_owned(), text: text.clone() });
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| settings(under, item, found)),
        serde_json::Value::Object(table) => {
            for (name, value) in table {
                settings(&Under { above: under.key, key: name }, value, found);
            }
        }
        _ => {}
    }
}

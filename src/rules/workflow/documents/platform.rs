//! Settings of platforms in JSON and TOML: commands by key.

use super::{Piece, Said, is_playground, starts_development};
use crate::source::RepoPath;

/// A setting that is a command, with the key that says so.
struct Setting {
    key: String,
    text: String,
}

pub(super) fn pieces(path: &RepoPath, text: &str) -> Vec<Piece> {
    let mut settings = Vec::new();
    if path.extension() == Some("toml") {
        if let Ok(root) = text.parse::<toml::Table>() {
            from_toml("", "", &toml::Value::Table(root), &mut settings);
        }
    } else if let Ok(root) = serde_json::from_str(text) {
        from_json("", "", &root, &mut settings);
    }
    settings
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

/// Whether a key, or the table that holds it, says that its value is a command.
fn is_command(above: &str, key: &str) -> bool {
    key.ends_with("Command")
        || key.ends_with("command")
        || matches!(key, "cmd" | "cmds" | "postdeploy" | "pr-predestroy")
        || above == "processes"
}

fn from_json(above: &str, key: &str, value: &serde_json::Value, found: &mut Vec<Setting>) {
    match value {
        serde_json::Value::String(text) if is_command(above, key) => {
            found.push(Setting { key: key.to_owned(), text: text.clone() });
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| from_json(above, key, item, found)),
        serde_json::Value::Object(table) => table.iter().for_each(|(name, value)| from_json(key, name, value, found)),
        _ => {}
    }
}

fn from_toml(above: &str, key: &str, value: &toml::Value, found: &mut Vec<Setting>) {
    match value {
        toml::Value::String(text) if is_command(above, key) => {
            found.push(Setting { key: key.to_owned(), text: text.clone() });
        }
        toml::Value::Array(items) => items.iter().for_each(|item| from_toml(above, key, item, found)),
        toml::Value::Table(table) => table.iter().for_each(|(name, value)| from_toml(key, name, value, found)),
        _ => {}
    }
}

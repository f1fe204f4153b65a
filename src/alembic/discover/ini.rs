//! Reading `alembic.ini`, as Python's `ConfigParser` does.
//!
//! Rules: <https://docs.python.org/3/library/configparser.html#supported-ini-file-structure>. Keys are case-insensitive,
//! `=` and `:` both separate, indented lines continue a value, `DEFAULT` is inherited, `%(name)s` is interpolated.

use std::collections::BTreeMap;

/// What `%(here)s` becomes: no path can hold it, so that it is found again when the value is resolved.
pub(crate) const HERE: &str = "\u{1}here\u{1}";

/// How deep `%(name)s` may refer to values that refer to others (`ConfigParser`'s own limit).
const MAX_INTERPOLATION_DEPTH: usize = 10;

/// One parsed file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ini {
    sections: BTreeMap<String, BTreeMap<String, String>>,
    /// Section names in the order of the file.
    order: Vec<String>,
}

impl Ini {
    /// Reads a file. Lines that mean nothing are passed over.
    pub(crate) fn parse(text: &str) -> Self {
        let mut ini = Self::default();
        let mut section: Option<String> = None;
        let mut key: Option<(String, usize)> = None;
        for line in text.lines() {
            let trimmed = line.trim();
            let indent = line.len() - line.trim_start().len();
            if trimmed.is_empty() || trimmed.starts_with('#') || trimmed.starts_with(';') {
                continue;
            }
            if let (Some(name), Some((key, key_indent))) = (&section, &key)
                && indent > *key_indent
            {
                if let Some(value) = ini.sections.get_mut(name).and_then(|values| values.get_mut(key)) {
                    value.push('\n');
                    value.push_str(trimmed);
                }
                continue;
            }
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
                if !ini.sections.contains_key(name) {
                    ini.order.push(name.to_owned());
                    ini.sections.insert(name.to_owned(), BTreeMap::new());
                }
                section = Some(name.to_owned());
                key = None;
                continue;
            }
            let (Some(name), Some(at)) = (&section, trimmed.find(['=', ':'])) else { continue };
            let (found, value) = trimmed.split_at(at);
            let found = found.trim().to_lowercase();
            if let Some(values) = ini.sections.get_mut(name) {
                values.insert(found.clone(), value.get(1..).unwrap_or_default().trim().to_owned());
            }
            key = Some((found, indent));
        }
        ini
    }

    /// Its sections, `DEFAULT` apart, in the order of the file.
    pub(crate) fn sections(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(String::as_str).filter(|name| *name != "DEFAULT")
    }

    /// Whether the section itself, and not `DEFAULT`, has the key.
    pub(crate) fn has_own(&self, section: &str, key: &str) -> bool {
        self.sections.get(section).is_some_and(|values| values.contains_key(key))
    }

    /// A value, interpolated; `DEFAULT`'s where the section has none.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<String> {
        let raw = self.raw(section, key)?;
        self.interpolate(section, raw, 0)
    }

    /// All values of a section, interpolated, with `DEFAULT`'s; none where there is no such section or a value is not told
    /// by the file alone.
    pub(crate) fn values(&self, section: &str) -> Option<BTreeMap<String, String>> {
        let own = self.sections.get(section)?;
        let inherited = self.sections.get("DEFAULT").into_iter().flat_map(BTreeMap::keys);
        own.keys()
            .chain(inherited)
            .map(|key| {
                let value = self.get(section, key).filter(|value| !value.contains(HERE))?;
                Some((key.clone(), value))
            })
            .collect()
    }

    fn raw(&self, section: &str, key: &str) -> Option<&str> {
        let look = |name: &str| self.sections.get(name).and_then(|values| values.get(key)).map(String::as_str);
        look(section).or_else(|| look("DEFAULT"))
    }

    fn interpolate(&self, section: &str, raw: &str, depth: usize) -> Option<String> {
        if depth > MAX_INTERPOLATION_DEPTH {
            return None;
        }
        let mut value = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find('%') {
            value.push_str(&rest[..at]);
            let behind = &rest[at + 1..];
            if let Some(after) = behind.strip_prefix('%') {
                value.push('%');
                rest = after;
            } else if let Some((name, after)) = behind.strip_prefix('(').and_then(|behind| behind.split_once(")s")) {
                match name {
                    "here" => value.push_str(HERE),
                    _ => {
                        let raw = self.raw(section, &name.to_lowercase())?;
                        value.push_str(&self.interpolate(section, raw, depth + 1)?);
                    }
                }
                rest = after;
            } else {
                value.push('%');
                rest = behind;
            }
        }
        value.push_str(rest);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_continued_inherited_and_interpolated() {
        let ini = Ini::parse(
            "[DEFAULT]\nbase = db\n\n[alembic]\n# a comment\nscript_location = %(here)s/%(base)s\nFile_Template: %%(year)d_%%(slug)s\nversion_locations = a\n    b\n\n[other]\nscript_location=%(base)s\n",
        );
        assert_eq!(ini.get("alembic", "script_location"), Some(format!("{HERE}/db")));
        assert_eq!(ini.get("alembic", "file_template").as_deref(), Some("%(year)d_%(slug)s"));
        assert_eq!(ini.get("alembic", "version_locations").as_deref(), Some("a\nb"));
        assert_eq!(ini.get("other", "script_location").as_deref(), Some("db"));
        assert_eq!(ini.sections().collect::<Vec<_>>(), ["alembic", "other"]);
        assert_eq!(ini.get("alembic", "none"), None);
    }

    #[test]
    fn values_that_refer_to_themselves_end() {
        let ini = Ini::parse("[a]\nx = %(y)s\ny = %(x)s\n");
        assert_eq!(ini.get("a", "x"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            let ini = Ini::parse(&text);
            for section in ini.sections() {
                prop_assert!(text.contains(section));
            }
        }
    }
}

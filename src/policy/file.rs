//! The file as it is written: one struct per table, every value with its place.
//!
//! Nothing here is judged; [`super::validate`] turns it into a [`super::Policy`]. Keys that are not listed are refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{FailOn, RuleLevel};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct PolicyFile {
    pub(super) required_version: Option<Spanned<String>>,
    pub(super) fail_on: Option<FailOn>,
    pub(super) exclude: Vec<Spanned<String>>,
    pub(super) documents: Vec<Spanned<String>>,
    pub(super) rules: BTreeMap<Spanned<String>, RuleLevel>,
    pub(super) naming: NamingFile,
    pub(super) prisma: PrismaFile,
    pub(super) alembic: AlembicFile,
    pub(super) project: Vec<ProjectFile>,
    pub(super) allow: Vec<Spanned<AllowFile>>,
    pub(super) squash: Vec<SquashFile>,
}

/// The one key that is read before all others, from a file whose other keys may belong to another version.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct VersionFile {
    pub(super) required_version: Option<Spanned<String>>,
}

/// `[naming]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct NamingFile {
    pub(super) convention: Option<Spanned<String>>,
    pub(super) pattern: Option<Spanned<String>>,
    pub(super) min_words: Option<u32>,
    pub(super) max_length: Option<Spanned<u32>>,
    pub(super) banned_words: Option<Vec<Spanned<String>>>,
    pub(super) future_tolerance: Option<Spanned<String>>,
    pub(super) objects: ObjectsFile,
}

/// `[naming.objects]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct ObjectsFile {
    pub(super) table: Option<Spanned<String>>,
    pub(super) column: Option<Spanned<String>>,
    pub(super) index: Option<Spanned<String>>,
    pub(super) unique: Option<Spanned<String>>,
    pub(super) foreign_key: Option<Spanned<String>>,
    pub(super) primary_key: Option<Spanned<String>>,
    pub(super) check: Option<Spanned<String>>,
    #[serde(rename = "enum")]
    pub(super) enumeration: Option<Spanned<String>>,
    pub(super) enum_value: Option<Spanned<String>>,
}

/// `[prisma]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct PrismaFile {
    pub(super) version: Option<Spanned<String>>,
}

/// `[alembic]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct AlembicFile {
    pub(super) max_heads: Option<Spanned<u32>>,
    pub(super) head_labels: Vec<Spanned<String>>,
    pub(super) compare_type: Option<bool>,
    pub(super) compare_server_default: Option<bool>,
    pub(super) beyond_engine: Option<RuleLevel>,
}

/// `[[project]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProjectFile {
    pub(super) name: Spanned<String>,
    pub(super) ecosystem: Option<Spanned<String>>,
    pub(super) root: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) schema: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) migrations: Vec<Spanned<String>>,
    pub(super) provider: Option<Spanned<String>>,
    pub(super) prisma_version: Option<Spanned<String>>,
    pub(super) compare_type: Option<Spanned<bool>>,
    pub(super) compare_server_default: Option<Spanned<bool>>,
    pub(super) max_heads: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) rules: BTreeMap<Spanned<String>, RuleLevel>,
}

/// `[[allow]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AllowFile {
    pub(super) rule: Spanned<String>,
    pub(super) path: Option<Spanned<String>>,
    pub(super) object: Option<Spanned<String>>,
    pub(super) project: Option<Spanned<String>>,
    pub(super) reason: Spanned<String>,
    pub(super) owner: Option<Spanned<String>>,
    /// A TOML date or a text: both are what people write.
    pub(super) until: Option<Spanned<toml::Value>>,
}

/// `[[squash]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SquashFile {
    pub(super) project: Option<Spanned<String>>,
    pub(super) replaced: Spanned<Vec<Spanned<String>>>,
    pub(super) by: Spanned<String>,
    pub(super) reason: Spanned<String>,
}

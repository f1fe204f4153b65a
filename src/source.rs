//! Texts and places in them: the vocabulary in which every layer says *where*.
//!
//! A [`Place`] holds the text it points into, so two snapshots of one path never get mixed up and line numbers
//! are computed only for what is reported.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use serde::{Serialize, Serializer};

/// First code point of the private range that carries bytes which are not UTF-8 (see [`RepoPath`]).
const BYTE_BASE: u32 = 0x10_FF00;

/// A path inside the repository: relative to its root, `/` between components, no leading `./`, no trailing `/`.
///
/// Git paths are bytes. Bytes that are not UTF-8 are carried as the private code points `U+10FF00 + byte`, so the
/// whole program can work on text and [`RepoPath::to_bytes`] still gives back exactly what git holds.
/// [`fmt::Display`] and serialisation print such a byte as `\xNN`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RepoPath(Arc<str>);

impl RepoPath {
    /// A path from text that is already in the form described above.
    pub fn new(path: impl AsRef<str>) -> Self {
        Self(Arc::from(path.as_ref().trim_start_matches("./").trim_end_matches('/')))
    }

    /// The root of the repository: the empty path.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path from git's bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self(Arc::from(text));
        }
        let mut text = String::with_capacity(bytes.len() + 8);
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for &byte in chunk.invalid() {
                text.push(char::from_u32(BYTE_BASE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        Self(Arc::from(text.as_str()))
    }

    /// The bytes that git and the disk know the path by.
    pub fn to_bytes(&self) -> Cow<'_, [u8]> {
        if !self.0.chars().any(|c| c as u32 >= BYTE_BASE) {
            return Cow::Borrowed(self.0.as_bytes());
        }
        let mut bytes = Vec::with_capacity(self.0.len());
        let mut buffer = [0; 4];
        for c in self.0.chars() {
            match u8::try_from((c as u32).wrapping_sub(BYTE_BASE)) {
                Ok(byte) => bytes.push(byte),
                Err(_) => bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
            }
        }
        Cow::Owned(bytes)
    }

    /// The path as text, private code points included: for comparison and matching, not for display.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root of the repository.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last component; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// What follows the last dot of the file name, if a name stands before it.
    pub fn extension(&self) -> Option<&str> {
        self.file_name().rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ext)| ext)
    }

    /// The folder that holds it; the root's parent is none.
    pub fn parent(&self) -> Option<RepoPath> {
        if self.is_root() {
            return None;
        }
        Some(self.0.rsplit_once('/').map_or_else(Self::root, |(dir, _)| Self(Arc::from(dir))))
    }

    /// `self` followed by `rest`; `.` and `..` components of `rest` are resolved, and `..` past the root is dropped.
    #[must_use]
    pub fn join(&self, rest: &str) -> RepoPath {
        if !rest.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return if self.is_root() { Self(Arc::from(rest)) } else { Self(Arc::from(format!("{}/{rest}", self.0))) };
        }
        let mut parts: Vec<&str> = if self.is_root() { Vec::new() } else { self.0.split('/').collect() };
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                other => parts.push(other),
            }
        }
        Self(Arc::from(parts.join("/").as_str()))
    }

    /// Whether it is `dir` itself or lies below it. Everything lies below the root.
    pub fn is_under(&self, dir: &RepoPath) -> bool {
        self.strip_prefix(dir).is_some()
    }

    /// What is left of it below `dir`: empty for `dir` itself, none where it lies elsewhere.
    pub fn strip_prefix(&self, dir: &RepoPath) -> Option<&str> {
        if dir.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(&*dir.0)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    /// Its components, first to last.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for c in self.0.chars() {
            match u8::try_from((c as u32).wrapping_sub(BYTE_BASE)) {
                Ok(byte) => write!(f, "\\x{byte:02x}")?,
                Err(_) => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl From<&str> for RepoPath {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl Serialize for RepoPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why the bytes of a file are not a text that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// Longer than [`Source::MAX_LEN`].
    #[error("the file has {0} bytes, more than the {max} that are read", max = Source::MAX_LEN)]
    TooLarge(usize),
    /// Not UTF-8; the offset of the first offending byte.
    #[error("the file is not UTF-8 text (byte {0})")]
    NotUtf8(usize),
}

/// The text of one file of one snapshot. A byte order mark is not part of it; line ends are kept as they are.
pub struct Source {
    path: RepoPath,
    text: String,
    line_starts: OnceLock<Vec<u32>>,
    reading: Mutex<Option<Weak<dyn Any + Send + Sync>>>,
    note: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Source {
    /// The largest file that is read, in bytes. The largest `migration.sql` met in 54 public repositories has 2 MB.
    pub const MAX_LEN: usize = 32 * 1024 * 1024;

    /// A source from text.
    pub fn new(path: RepoPath, text: impl Into<String>) -> Arc<Self> {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Arc::new(Self { path, text, line_starts: OnceLock::new(), reading: Mutex::default(), note: OnceLock::new() })
    }

    /// A source from a file's bytes.
    ///
    /// # Errors
    /// [`NotText`] where the bytes are too many or not UTF-8.
    pub fn from_bytes(path: RepoPath, bytes: Vec<u8>) -> Result<Arc<Self>, NotText> {
        if bytes.len() > Self::MAX_LEN {
            return Err(NotText::TooLarge(bytes.len()));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(path, text)),
            Err(error) => Err(NotText::NotUtf8(error.utf8_error().valid_up_to())),
        }
    }

    /// Where the text stands in the repository.
    pub fn path(&self) -> &RepoPath {
        &self.path
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What reading this text gives, shared for as long as somebody holds it: the two sides of a change, and the commits of
    /// a history, have most of their texts in common, and none is parsed twice. What was read before is taken where it
    /// `fits` (the same text can be read for several databases). It is held weakly, since what is read points back here.
    pub(crate) fn reading<T: Any + Send + Sync>(
        &self,
        fits: impl FnOnce(&T) -> bool,
        read: impl FnOnce() -> Arc<T>,
    ) -> Arc<T> {
        let known = self.reading.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Weak::upgrade);
        if let Some(known) = known.and_then(|known| known.downcast::<T>().ok())
            && fits(&known)
        {
            return known;
        }
        let fresh = read();
        let weak = Arc::downgrade(&fresh);
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(weak);
        fresh
    }

    /// What the text alone tells, taken down once and kept with it: little, and nothing that points back here.
    pub(crate) fn note<T: Any + Send + Sync>(&self, take: impl Fn(&str) -> T) -> Arc<T> {
        let kept = self.note.get_or_init(|| Arc::new(take(&self.text)));
        Arc::clone(kept).downcast().unwrap_or_else(|_| Arc::new(take(&self.text)))
    }

    /// Line and column of a byte offset, both counted from 1; columns count characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let starts = self.line_starts.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX))).collect()
        });
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = starts.partition_point(|&start| start as usize <= offset);
        let start = starts[line - 1] as usize;
        (line, self.text[start..offset].chars().count() + 1)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.path)
    }
}

/// A half-open range of byte offsets in a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// A span from offsets; those past 4 GiB are clamped (no [`Source`] is that long).
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Span) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// As a range for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A piece of a file: what a finding points at.
#[derive(Clone)]
pub struct Place {
    /// The text.
    pub source: Arc<Source>,
    /// The piece.
    pub span: Span,
}

impl Place {
    /// The piece `span` of `source`.
    pub fn new(source: &Arc<Source>, span: Span) -> Self {
        Self { source: Arc::clone(source), span }
    }

    /// The start of a file.
    pub fn start_of(source: &Arc<Source>) -> Self {
        Self::new(source, Span::default())
    }

    /// The file.
    pub fn path(&self) -> &RepoPath {
        self.source.path()
    }

    /// The text of the piece.
    pub fn text(&self) -> &str {
        self.source.text().get(self.span.range()).unwrap_or_default()
    }

    /// Line and column of its start, both counted from 1.
    pub fn start(&self) -> (usize, usize) {
        self.source.position(self.span.start as usize)
    }

    /// Line and column behind its last character, both counted from 1.
    pub fn end(&self) -> (usize, usize) {
        self.source.position(self.span.end as usize)
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span && self.path() == other.path()
    }
}

impl Eq for Place {}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.start();
        write!(f, "{}:{line}:{column}", self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_keep_bytes_that_are_not_utf8() {
        let bytes = b"dir/caf\xe9/\xff.sql";
        let path = RepoPath::from_bytes(bytes);
        assert_eq!(path.to_bytes().as_ref(), bytes);
        assert_eq!(path.to_string(), "dir/caf\\xe9/\\xff.sql");
        assert_eq!(path.extension(), Some("sql"));
    }

    #[test]
    fn paths_join_and_strip() {
        let dir = RepoPath::new("a/b");
        assert_eq!(dir.join("../c/./d.sql").as_str(), "a/c/d.sql");
        assert_eq!(dir.join("../../../x").as_str(), "x");
        assert_eq!(RepoPath::new("a/b/c").strip_prefix(&dir), Some("c"));
        assert_eq!(RepoPath::new("a/bc").strip_prefix(&dir), None);
        assert!(RepoPath::new("a").is_under(&RepoPath::root()));
        assert_eq!(RepoPath::new("a").parent(), Some(RepoPath::root()));
        assert_eq!(RepoPath::root().parent(), None);
    }

    #[test]
    fn what_a_text_tells_is_taken_down_once() {
        let times = std::sync::atomic::AtomicUsize::new(0);
        let source = Source::new("x".into(), "abc");
        let length = |text: &str| {
            times.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            text.len()
        };
        assert_eq!((*source.note(length), *source.note(length)), (3, 3));
        assert_eq!(times.into_inner(), 1);
        assert_eq!(*source.note(str::to_owned), "abc", "there is room for one thing; another is told all the same");
    }

    #[test]
    fn positions_count_characters_and_survive_any_offset() {
        let source = Source::new("x".into(), "\u{feff}é\nab\r\nc");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(1), (1, 1));
        assert_eq!(source.position(2), (1, 2));
        assert_eq!(source.position(3), (2, 1));
        assert_eq!(source.position(7), (3, 1));
        assert_eq!(source.position(999), (3, 2));
    }
}

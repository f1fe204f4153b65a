//! Reading git's index file.
//!
//! libgit2 takes 1.2 µs for every entry of an index, because it builds an object for each; git itself a third of that.
//! A hook that looks at nothing must not cost more than git, so the file is read here: one pass finds where the
//! entries are and what they are called, and nothing else is decoded until it is asked for.
//!
//! The format is git's `Documentation/gitformat-index.txt`: versions 2, 3 and 4, SHA-1 and SHA-256, the extended flags,
//! and the extension `TREE`. An extension whose name begins with a lower-case letter changes what the entries mean;
//! such an index (`link`: split, `sdir`: sparse) is left to git.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::git::snapshot::{FileKind, ObjectId};

mod cache_tree;

pub(crate) use cache_tree::{CacheTree, NodeId};

/// Bytes of an entry before its object id: ten numbers of the file's status.
const STAT_LEN: usize = 40;
/// Flag: two more bytes of flags follow.
const EXTENDED: u16 = 0x4000;
/// Flag: `git update-index --assume-unchanged`.
const ASSUME_UNCHANGED: u16 = 0x8000;
/// Flags: the stage of a merge.
const STAGE: u16 = 0x3000;
/// Flags: the length of the name, or this where it does not fit.
const NAME_LEN: u16 = 0x0fff;
/// Extended flag: not to be in the working directory (sparse checkout).
const SKIP_WORKTREE: u16 = 0x4000;
/// Extended flag: added with `git add -N`.
const INTENT_TO_ADD: u16 = 0x2000;
/// The longest name that is read. Paths of real file systems end at 4,096 bytes.
const MAX_NAME: usize = 64 * 1024;

/// Why an index was not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IndexError {
    /// It is an index, of a form that is left to git.
    Unsupported(String),
    /// It breaks the format.
    Damaged(String),
}

fn damaged(reason: impl Into<String>) -> IndexError {
    IndexError::Damaged(reason.into())
}

/// Where one entry is.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Offset of the entry in the file.
    at: u32,
    /// Offset of its name in [`Index::names`] or in the file.
    name: u32,
    /// The name's length.
    name_len: u16,
    /// The two words of flags.
    flags: u16,
    extended: u16,
}

/// An index, read.
pub(crate) struct Index {
    data: Vec<u8>,
    /// Names of version 4, where the file itself holds only what differs from the name before; empty otherwise.
    names: Vec<u8>,
    prefixed: bool,
    slots: Vec<Slot>,
    hash_len: usize,
    unmerged: usize,
    first_unmerged: Option<usize>,
    cache_tree: Option<CacheTree>,
}

/// One entry of an index.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    index: &'a Index,
    slot: Slot,
}

/// What the index remembers of a file's status when it was last known to be the same as the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Modification time: seconds since 1970, cut to 32 bits.
    pub(crate) seconds: u32,
    /// Its nanoseconds; 0 where git was built without them.
    pub(crate) nanoseconds: u32,
    /// Size in bytes, cut to 32 bits; 0 also for entries that git wants compared by content.
    pub(crate) size: u32,
}

impl<'a> Entry<'a> {
    /// Git's path.
    pub(crate) fn name(&self) -> &'a [u8] {
        self.index.name_of(&self.slot)
    }

    fn bytes(&self, range: Range<usize>) -> &'a [u8] {
        let at = self.slot.at as usize;
        self.index.data.get(at + range.start..at + range.end).unwrap_or_default()
    }

    fn word(&self, offset: usize) -> u32 {
        self.bytes(offset..offset + 4).try_into().map_or(0, u32::from_be_bytes)
    }

    /// The object.
    pub(crate) fn id(&self) -> ObjectId {
        ObjectId::new(self.bytes(STAT_LEN..STAT_LEN + self.index.hash_len))
    }

    /// The mode, as git writes it (`0o100644`).
    pub(crate) fn mode(&self) -> u32 {
        self.word(24)
    }

    /// The sort of file.
    pub(crate) fn kind(&self) -> FileKind {
        kind_of_mode(self.mode())
    }

    /// What the index remembers of the file's status.
    pub(crate) fn stat(&self) -> Stat {
        Stat { seconds: self.word(8), nanoseconds: self.word(12), size: self.word(36) }
    }

    /// 0 for a normal entry, 1 to 3 for the sides of an unresolved merge.
    pub(crate) fn stage(&self) -> u16 {
        (self.slot.flags & STAGE) >> 12
    }

    /// Whether a sparse checkout keeps it out of the working directory.
    pub(crate) fn skip_worktree(&self) -> bool {
        self.slot.extended & SKIP_WORKTREE != 0
    }

    /// Whether git was told not to look whether the file has changed.
    pub(crate) fn assume_unchanged(&self) -> bool {
        self.slot.flags & ASSUME_UNCHANGED != 0
    }

    /// Whether it was added with `git add -N`: a name without content, which git does not commit.
    pub(crate) fn intent_to_add(&self) -> bool {
        self.slot.extended & INTENT_TO_ADD != 0
    }
}

/// An entry as git lists it.
pub(crate) struct Listed {
    /// Git's path.
    pub(crate) name: Vec<u8>,
    /// The object.
    pub(crate) id: ObjectId,
    /// Git's mode.
    pub(crate) mode: u32,
    /// The stage, 0 to 3.
    pub(crate) stage: u16,
    /// See [`Entry::skip_worktree`].
    pub(crate) skip_worktree: bool,
    /// See [`Entry::intent_to_add`].
    pub(crate) intent_to_add: bool,
}

/// The sort of file that a mode of git means.
pub(crate) fn kind_of_mode(mode: u32) -> FileKind {
    match mode & 0o170_000 {
        0o120_000 => FileKind::Symlink,
        0o160_000 => FileKind::Submodule,
        _ => FileKind::Regular,
    }
}

/// A number of the file, big-endian.
fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

/// Git's variable-length number as version 4 uses it (`varint.c`): each byte that is followed by another adds one, so
/// that no number can be written in two ways. Returns the number and the offset behind it.
fn varint(data: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut byte = *data.get(at)?;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        at += 1;
        byte = *data.get(at)?;
        value = value.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
    }
    Some((value, at + 1))
}

impl Index {
    /// The index of a repository that has none yet.
    pub(crate) fn empty() -> Self {
        Self {
            data: Vec::new(),
            names: Vec::new(),
            prefixed: false,
            slots: Vec::new(),
            hash_len: 20,
            unmerged: 0,
            first_unmerged: None,
            cache_tree: None,
        }
    }

    /// Reads an index; `hash_len` is 20 or 32.
    ///
    /// The checksum at the end is not verified, as git itself does not verify it (`verify_hdr` in `read-cache.c`).
    pub(crate) fn parse(data: Vec<u8>, hash_len: usize) -> Result<Self, IndexError> {
        if u32::try_from(data.len()).is_err() {
            return Err(IndexError::Unsupported("it is larger than 4 GiB".to_owned()));
        }
        if !data.starts_with(b"DIRC") {
            return Err(damaged("it does not begin with DIRC"));
        }
        let too_short = || damaged("it ends too early");
        let version = u32_at(&data, 4).ok_or_else(too_short)?;
        let count = u32_at(&data, 8).ok_or_else(too_short)? as usize;
        if !(2..=4).contains(&version) {
            return Err(IndexError::Unsupported(format!("it has version {version}")));
        }
        let end = data.len().checked_sub(hash_len).filter(|&end| end >= 12).ok_or_else(too_short)?;
        let smallest = STAT_LEN + hash_len + 2 + 1;
        if count > (end - 12) / smallest {
            return Err(damaged(format!("it announces {count} entries and is too short for them")));
        }

        let mut index = Self { data, prefixed: version == 4, hash_len, ..Self::empty() };
        let mut at = index.read_slots(version, count, end)?;

        while at < end {
            let name = index.data.get(at..at + 4).filter(|_| at + 8 <= end).ok_or_else(too_short)?;
            let name: [u8; 4] = name.try_into().map_err(|_| too_short())?;
            let len = u32_at(&index.data, at + 4).ok_or_else(too_short)? as usize;
            let body = at + 8..(at + 8).checked_add(len).filter(|&stop| stop <= end).ok_or_else(too_short)?;
            match &name {
                b"TREE" => index.cache_tree = CacheTree::parse(&index.data, body.clone(), hash_len, count),
                [first, ..] if first.is_ascii_uppercase() => {}
                _ => {
                    let what = match &name {
                        b"link" => "a split index".to_owned(),
                        b"sdir" => "a sparse index".to_owned(),
                        other => format!("an index with the extension `{}`", other.escape_ascii()),
                    };
                    return Err(IndexError::Unsupported(format!("it is {what}")));
                }
            }
            at = body.end;
        }
        if index.slots.iter().any(|slot| slot.name_len == 0) {
            return Err(damaged("an entry has no name"));
        }
        Ok(index)
    }

    /// An index of version 3 from a listing in the index's order, for indexes that only git can read. It remembers no
    /// status and no trees.
    pub(crate) fn from_listing(entries: &[Listed], hash_len: usize) -> Result<Self, IndexError> {
        let mut data = b"DIRC\0\0\0\x03".to_vec();
        let count = u32::try_from(entries.len()).map_err(|_| damaged("it has too many entries"))?;
        data.extend(count.to_be_bytes());
        for entry in entries {
            let at = data.len();
            data.extend([0; 24]);
            data.extend(entry.mode.to_be_bytes());
            data.extend([0; STAT_LEN - 28]);
            data.extend(entry.id.as_bytes().iter().copied().chain(std::iter::repeat(0)).take(hash_len));
            let len = u16::try_from(entry.name.len()).map_or(NAME_LEN, |len| len.min(NAME_LEN));
            data.extend((len | EXTENDED | (entry.stage << 12)).to_be_bytes());
            let skip = if entry.skip_worktree { SKIP_WORKTREE } else { 0 };
            let intent = if entry.intent_to_add { INTENT_TO_ADD } else { 0 };
            data.extend((skip | intent).to_be_bytes());
            data.extend(&entry.name);
            data.resize(at + ((data.len() - at + 8) & !7), 0);
        }
        data.resize(data.len() + hash_len, 0);
        Self::parse(data, hash_len)
    }

    /// Finds the entries and checks that they are in order. Returns the offset behind the last one.
    fn read_slots(&mut self, version: u32, count: usize, end: usize) -> Result<usize, IndexError> {
        let fixed = STAT_LEN + self.hash_len + 2;
        let too_short = || damaged("it ends inside an entry");
        // A name of version 4 may repeat the one before; this bounds what a hostile file can make of that.
        let max_names = self.data.len().saturating_mul(64);
        let mut slots: Vec<Slot> = Vec::with_capacity(count);
        let mut names = Vec::new();
        let mut at = 12;
        for _ in 0..count {
            let flags = u16_at(&self.data, at + STAT_LEN + self.hash_len).ok_or_else(too_short)?;
            let mut body = at + fixed;
            let mut extended = 0;
            if flags & EXTENDED != 0 {
                if version < 3 {
                    return Err(damaged("an entry of version 2 has extended flags"));
                }
                extended = u16_at(&self.data, body).ok_or_else(too_short)?;
                body += 2;
            }
            let (name, name_len, next);
            if version == 4 {
                let (strip, suffix) = varint(&self.data, body).ok_or_else(too_short)?;
                let rest = self.data.get(suffix..end).ok_or_else(too_short)?;
                let len = rest.iter().take(MAX_NAME).position(|&byte| byte == 0).ok_or_else(too_short)?;
                let previous = slots
                    .last()
                    .map_or(0..0, |slot| slot.name as usize..slot.name as usize + usize::from(slot.name_len));
                let kept = previous.len().checked_sub(strip).ok_or_else(|| damaged("a name takes away too much"))?;
                name = names.len();
                name_len = kept + len;
                if name.saturating_add(name_len) > max_names {
                    return Err(damaged("its names are too long"));
                }
                names.extend_from_within(previous.start..previous.start + kept);
                names.extend_from_slice(&rest[..len]);
                next = suffix + len + 1;
            } else {
                name = body;
                let short = usize::from(flags & NAME_LEN);
                name_len = if flags & NAME_LEN < NAME_LEN {
                    short
                } else {
                    let rest = self.data.get(body..end).ok_or_else(too_short)?;
                    rest.iter().take(MAX_NAME).position(|&byte| byte == 0).ok_or_else(too_short)?
                };
                // Padded with one to eight NUL bytes to a multiple of eight.
                next = at + ((body - at + name_len + 8) & !7);
            }
            if next > end {
                return Err(too_short());
            }
            let slot = Slot {
                at: u32::try_from(at).map_err(|_| too_short())?,
                name: u32::try_from(name).map_err(|_| too_short())?,
                name_len: u16::try_from(name_len).map_err(|_| damaged("a name is too long"))?,
                flags,
                extended,
            };
            let text = |slot: &Slot| {
                let base = if version == 4 { names.as_slice() } else { self.data.as_slice() };
                &base[slot.name as usize..slot.name as usize + usize::from(slot.name_len)]
            };
            // Only a split index has entries without a name, and that is known at the end of the file alone.
            if let Some(previous) = slots.last().filter(|previous| previous.name_len > 0 && name_len > 0) {
                let order = text(previous).cmp(text(&slot)).then((previous.flags & STAGE).cmp(&(flags & STAGE)));
                if order != Ordering::Less {
                    return Err(damaged(format!("its entries are not in order at `{}`", text(&slot).escape_ascii())));
                }
            }
            if flags & STAGE != 0 {
                self.unmerged +=
                    usize::from(slots.last().is_none_or(|p| p.flags & STAGE == 0 || text(p) != text(&slot)));
                self.first_unmerged.get_or_insert(slots.len());
            }
            slots.push(slot);
            at = next;
        }
        self.slots = slots;
        self.names = names;
        Ok(at)
    }

    fn name_of(&self, slot: &Slot) -> &[u8] {
        let base = if self.prefixed { &self.names } else { &self.data };
        base.get(slot.name as usize..slot.name as usize + usize::from(slot.name_len)).unwrap_or_default()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// All entries, sorted by name and stage.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.slots.iter().map(|&slot| Entry { index: self, slot })
    }

    /// The entries of a range of positions.
    pub(crate) fn range(&self, range: Range<usize>) -> impl Iterator<Item = Entry<'_>> {
        self.slots.get(range).unwrap_or_default().iter().map(|&slot| Entry { index: self, slot })
    }

    /// The entry at a position.
    pub(crate) fn entry(&self, at: usize) -> Option<Entry<'_>> {
        self.slots.get(at).map(|&slot| Entry { index: self, slot })
    }

    /// The merged entry of that name.
    pub(crate) fn get(&self, name: &[u8]) -> Option<Entry<'_>> {
        let at = self.slots.partition_point(|slot| self.name_of(slot) < name);
        self.entry(at).filter(|entry| entry.name() == name && entry.stage() == 0)
    }

    /// The positions in `within` whose names begin with `prefix`, where those before `within.start` do not.
    pub(crate) fn with_prefix(&self, prefix: &[u8], within: Range<usize>) -> Range<usize> {
        let slots = self.slots.get(within.clone()).unwrap_or_default();
        let begins = |slot: &Slot| self.name_of(slot).starts_with(prefix);
        // A walk asks at the very first of a folder's entries, of which there are few beside all that follow.
        let start = match slots.first() {
            Some(first) if begins(first) => 0,
            _ => slots.partition_point(|slot| self.name_of(slot) < prefix),
        };
        let rest = &slots[start..];
        let mut bound = 1;
        while rest.get(bound - 1).is_some_and(begins) {
            bound *= 2;
        }
        let len = rest[..bound.min(rest.len())].partition_point(begins);
        within.start + start..within.start + start + len
    }

    /// Whether there is an entry of that name, merged or not.
    pub(crate) fn is_known(&self, name: &[u8]) -> bool {
        let at = self.slots.partition_point(|slot| self.name_of(slot) < name);
        self.entry(at).is_some_and(|entry| entry.name() == name)
    }

    /// The entry of that name and those below the folder of that name; all for the empty one.
    pub(crate) fn at_and_below(&self, name: &[u8]) -> impl Iterator<Item = Entry<'_>> {
        let all = 0..self.len();
        let (own, below) = if name.is_empty() {
            (0..0, all)
        } else {
            let folder = [name, b"/"].concat();
            let below = self.with_prefix(&folder, all.clone());
            // Between a name and the folder of that name stand names such as `name-2`.
            let start = self.slots.partition_point(|slot| self.name_of(slot) < name);
            let len = self.slots[start..].partition_point(|slot| self.name_of(slot) == name);
            (start..start + len, below)
        };
        self.range(own).chain(self.range(below))
    }

    /// How many paths are unmerged, and the first of them.
    pub(crate) fn unmerged(&self) -> Option<(usize, &[u8])> {
        let first = self.slots.get(self.first_unmerged?)?;
        Some((self.unmerged, self.name_of(first)))
    }

    /// The folders directly below a remembered one, by name.
    pub(crate) fn known_folders(&self, node: Option<NodeId>) -> BTreeMap<&[u8], NodeId> {
        let (Some(node), Some(cache)) = (node, &self.cache_tree) else { return BTreeMap::new() };
        let name = |range: Range<u32>| self.data.get(range.start as usize..range.end as usize);
        cache.children(node).filter_map(|(range, id)| Some((name(range)?, id))).collect()
    }

    /// What the index knows about the trees that its entries make.
    pub(crate) fn cache_tree(&self) -> Option<&CacheTree> {
        self.cache_tree.as_ref()
    }
}

#[cfg(test)]
mod tests;

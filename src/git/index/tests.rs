use proptest::prelude::*;

use super::*;

fn listed(name: &str, byte: u8) -> Listed {
    Listed {
        name: name.as_bytes().to_vec(),
        id: ObjectId::new(&[byte; 20]),
        mode: 0o100_644,
        stage: 0,
        skip_worktree: false,
        intent_to_add: false,
    }
}

fn names(index: &Index, range: Range<usize>) -> Vec<String> {
    index.range(range).map(|entry| String::from_utf8_lossy(entry.name()).into_owned()).collect()
}

#[test]
fn a_listing_becomes_an_index() {
    let mut entries = vec![listed("a-b", 1), listed("a/b", 2), listed("a/c/d", 3), listed("a0", 4)];
    entries[1].intent_to_add = true;
    entries[2].skip_worktree = true;
    let index = Index::from_listing(&entries, 20).unwrap();
    assert_eq!(index.len(), 4);
    assert_eq!(index.get(b"a/c/d").map(|entry| entry.id()), Some(ObjectId::new(&[3; 20])));
    assert!(index.get(b"a/b").is_some_and(|entry| entry.intent_to_add() && !entry.skip_worktree()));
    assert!(index.get(b"a/c/d").is_some_and(|entry| entry.skip_worktree()));
    assert!(index.get(b"a").is_none());
    assert_eq!(names(&index, index.with_prefix(b"a/", 0..4)), ["a/b", "a/c/d"]);
    assert_eq!(names(&index, index.with_prefix(b"b/", 0..4)), [""; 0]);
    let below: Vec<_> = index.at_and_below(b"a").map(|entry| entry.name().to_vec()).collect();
    assert_eq!(below, [b"a/b".to_vec(), b"a/c/d".to_vec()]);
    assert_eq!(index.at_and_below(b"a0").count(), 1);
    assert_eq!(index.at_and_below(b"").count(), 4);
    assert!(index.unmerged().is_none());
}

#[test]
fn the_sides_of_a_merge_are_one_unmerged_path() {
    let mut entries = vec![listed("a", 1), listed("b", 2), listed("b", 3), listed("b", 4), listed("c", 5)];
    for (at, stage) in [(1, 1), (2, 2), (3, 3)] {
        entries[at].stage = stage;
    }
    entries[4].stage = 1;
    let index = Index::from_listing(&entries, 20).unwrap();
    assert_eq!(index.unmerged(), Some((2, b"b".as_slice())));
    assert!(index.get(b"b").is_none());
    assert!(index.is_known(b"b"));
}

#[test]
fn what_is_out_of_order_is_damaged() {
    let index = Index::from_listing(&[listed("b", 1), listed("a", 2)], 20);
    assert_eq!(index.err(), Some(IndexError::Damaged("its entries are not in order at `a`".to_owned())));
    let index = Index::from_listing(&[listed("a", 1), listed("a", 2)], 20);
    assert!(matches!(index.err(), Some(IndexError::Damaged(_))));
}

#[test]
fn forms_that_change_the_meaning_of_entries_are_left_to_git() {
    let with_extension = |name: &[u8; 4]| {
        let mut data = b"DIRC\0\0\0\x02\0\0\0\0".to_vec();
        data.extend(name);
        data.extend(4_u32.to_be_bytes());
        data.extend([0; 4 + 20]);
        Index::parse(data, 20).err()
    };
    assert_eq!(with_extension(b"link"), Some(IndexError::Unsupported("it is a split index".to_owned())));
    assert_eq!(with_extension(b"sdir"), Some(IndexError::Unsupported("it is a sparse index".to_owned())));
    assert!(matches!(with_extension(b"next"), Some(IndexError::Unsupported(_))));
    assert_eq!(with_extension(b"REUC"), None);
    let version = |version: u8| Index::parse([b"DIRC\0\0\0", &[version][..], &[0; 24]].concat(), 20).err();
    assert_eq!(version(2), None);
    assert!(matches!(version(5), Some(IndexError::Unsupported(_))));
}

#[test]
fn a_count_that_the_file_cannot_hold_is_refused_before_anything_is_reserved() {
    let data = [b"DIRC\0\0\0\x02\xff\xff\xff\xff".as_slice(), &[0; 40]].concat();
    assert!(matches!(Index::parse(data, 20).err(), Some(IndexError::Damaged(reason)) if reason.contains("4294967295")));
}

/// An index of version 4: every entry takes away `strip` bytes of the name before it and adds its own.
fn version_4(entries: &[(u8, &str)]) -> Vec<u8> {
    let mut data = b"DIRC\0\0\0\x04".to_vec();
    data.extend(u32::try_from(entries.len()).unwrap().to_be_bytes());
    for (strip, suffix) in entries {
        data.extend([0; STAT_LEN + 20]);
        data.extend([0, 0, *strip]);
        data.extend(suffix.as_bytes());
        data.push(0);
    }
    data.extend([0; 20]);
    data
}

#[test]
fn names_of_version_4_are_put_together() {
    let index = Index::parse(version_4(&[(0, "dir/a"), (1, "b"), (5, "x")]), 20).unwrap();
    assert_eq!(names(&index, 0..3), ["dir/a", "dir/b", "x"]);
    assert!(Index::parse(version_4(&[(0, "dir/a"), (6, "b")]), 20).is_err());
}

#[test]
fn varints_are_gits() {
    assert_eq!(varint(&[0x7f], 0), Some((127, 1)));
    assert_eq!(varint(&[0x80, 0x00], 0), Some((128, 2)));
    assert_eq!(varint(&[0x81, 0x00], 0), Some((256, 2)));
    assert_eq!(varint(&[0x80], 0), None);
    assert_eq!(varint(&[0xff; 20], 0), None);
}

fn walk_all(index: &Index) {
    for entry in index.entries() {
        let _ = (entry.id(), entry.mode(), entry.stat(), entry.stage(), index.get(entry.name()));
    }
    let mut open: Vec<_> = index.cache_tree().and_then(CacheTree::root).into_iter().collect();
    while let Some(node) = open.pop() {
        open.extend(index.known_folders(Some(node)).into_values());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(version in 2_u8..5, count in 0_u8..5, body in proptest::collection::vec(any::<u8>(), 0..600)) {
        let data = [b"DIRC\0\0\0".as_slice(), &[version, 0, 0, 0, count], &body].concat();
        if let Ok(index) = Index::parse(data, 20) {
            walk_all(&index);
        }
    }

    #[test]
    fn a_flipped_byte_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), four in any::<bool>()) {
        let mut data = if four {
            version_4(&[(0, "dir/a"), (1, "b"), (5, "x")])
        } else {
            Index::from_listing(&[listed("a", 1), listed("dir/b", 2)], 20).unwrap().data
        };
        // A remembered root with one folder, which remembers nothing.
        let end = data.len() - 20;
        let tree = [b"\x002 1\n".as_slice(), &[7; 20], b"dir\0-1 0\n"].concat();
        let extension = [b"TREE".as_slice(), &u32::try_from(tree.len()).unwrap().to_be_bytes(), &tree].concat();
        data.splice(end..end, extension);
        let at = at.index(data.len());
        data[at] = byte;
        if let Ok(index) = Index::parse(data, 20) {
            walk_all(&index);
        }
    }

    #[test]
    fn names_are_found_again(mut words in proptest::collection::btree_set("[a-c/.-]{1,6}", 1..20)) {
        words.retain(|word| !word.is_empty());
        let entries: Vec<_> = words.iter().map(|word| listed(word, 1)).collect();
        let index = Index::from_listing(&entries, 20).unwrap();
        for word in &words {
            prop_assert!(index.get(word.as_bytes()).is_some());
            let folder = format!("{word}/");
            let expected = words.iter().filter(|other| other.starts_with(&folder)).count();
            prop_assert_eq!(index.with_prefix(folder.as_bytes(), 0..index.len()).len(), expected);
        }
    }
}

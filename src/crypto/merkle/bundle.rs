//! Bundles of entries (C2SP tlog-tiles): up to 256 entries, each behind its length in two bytes.

use super::tile::TILE_WIDTH;

/// The bundle of `entries`: 1 to 256, each of 65,535 bytes at most.
pub fn encode_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    if entries.is_empty() || entries.len() > usize::from(TILE_WIDTH) {
        return Err(BundleError::Width);
    }
    let mut bundle = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLarge)?;
        bundle.extend(length.to_be_bytes());
        bundle.extend(entry);
    }
    Ok(bundle)
}

/// The entries of a bundle that must hold exactly `width` of them (1 to 256) and nothing else.
///
/// What the entries say is not judged: their hashes must be those of the tile at level 0.
pub fn decode_bundle(bundle: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    if !(1..=TILE_WIDTH).contains(&width) {
        return Err(BundleError::Width);
    }
    let mut entries = Vec::with_capacity(usize::from(width));
    let mut rest = bundle;
    for _ in 0..width {
        let (length, behind) = rest.split_first_chunk().ok_or(BundleError::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, behind) = behind.split_at_checked(length).ok_or(BundleError::Truncated)?;
        entries.push(entry);
        rest = behind;
    }
    if rest.is_empty() { Ok(entries) } else { Err(BundleError::Excess) }
}

/// Why entries are no bundle, or bytes are not the bundle that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// An entry is longer than two bytes can tell.
    #[error("an entry of a log has 65535 bytes at most")]
    EntryTooLarge,
    /// Bytes follow the last entry.
    #[error("the bundle holds more than its entries")]
    Excess,
    /// The bytes end within an entry, or before the last.
    #[error("the bundle ends before its last entry")]
    Truncated,
    /// No entry, or more than 256.
    #[error("a bundle holds 1 to 256 entries")]
    Width,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bundle_is_lengths_and_entries() {
        let bundle = encode_bundle(&["ab", "", "c"]).unwrap();
        assert_eq!(bundle, b"\0\x02ab\0\0\0\x01c");
        assert_eq!(decode_bundle(&bundle, 3).unwrap(), [&b"ab"[..], b"", b"c"]);
        let largest = [vec![7; 65_535]];
        let bundle = encode_bundle(&largest).unwrap();
        assert_eq!(decode_bundle(&bundle, 1).unwrap(), largest);
    }

    #[test]
    fn bundles_have_the_width_that_was_asked_for() {
        let bundle = encode_bundle(&["ab", "", "c"]).unwrap();
        for (bytes, width, error) in [
            (&bundle[..], 0, BundleError::Width),
            (&bundle, 257, BundleError::Width),
            (&bundle, 2, BundleError::Excess),
            (&bundle, 4, BundleError::Truncated),
            (&bundle[..bundle.len() - 1], 3, BundleError::Truncated),
            (&bundle[1..], 3, BundleError::Truncated),
            (&[&bundle[..], b"\0"].concat(), 3, BundleError::Excess),
            (&[&bundle[..], b"\0"].concat(), 4, BundleError::Truncated),
            (b"", 1, BundleError::Truncated),
            (b"\xff\xffshort", 1, BundleError::Truncated),
        ] {
            assert_eq!(decode_bundle(bytes, width), Err(error), "{bytes:?} {width}");
        }
        assert_eq!(encode_bundle(&[""; 0]), Err(BundleError::Width));
        assert_eq!(encode_bundle(&[""; 257]), Err(BundleError::Width));
        assert_eq!(encode_bundle(&[vec![0; 65_536]]), Err(BundleError::EntryTooLarge));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256),
        ) {
            let bundle = encode_bundle(&entries).unwrap();
            let width = u16::try_from(entries.len()).unwrap();
            prop_assert_eq!(decode_bundle(&bundle, width).unwrap(), entries);
        }
    }
}

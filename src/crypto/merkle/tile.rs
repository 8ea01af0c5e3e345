//! The names of tiles and of bundles of entries (C2SP tlog-tiles): a full one has 256 hashes or
//! entries, the last of its level may have fewer.

use std::fmt;
use std::str::FromStr;

/// How many hashes or entries a full tile has.
pub const TILE_WIDTH: u16 = 256;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TileKind {
    /// Hashes of one level: leaf hashes at 0, and above it the roots of the full tiles below.
    Hashes {
        /// From 0 to 63.
        level: u8,
    },
    /// The entries of the log themselves.
    Entries,
}

/// The address of a tile behind `tile/`, such as `0/x001/x234/067` or `entries/000.p/5`.
///
/// The text is strict: one for each tile, and nothing before or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl TilePath {
    /// The tile called `index` among those of its kind, with `width` hashes or entries (1 to 256).
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, TileError> {
        let known = !matches!(kind, TileKind::Hashes { level } if level > HIGHEST_LEVEL);
        if known && (1..=TILE_WIDTH).contains(&width) {
            Ok(Self { kind, index, width })
        } else {
            Err(TileError)
        }
    }

    /// The tile called `index` as wide as it is in a tree of `size` leaves; `None` when the tree
    /// is too small to have it.
    #[must_use]
    pub fn in_tree(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let nodes = match kind {
            TileKind::Hashes { level } => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
            TileKind::Entries => size,
        };
        let before = index.checked_mul(u64::from(TILE_WIDTH))?;
        let rest = nodes.checked_sub(before)?.min(u64::from(TILE_WIDTH));
        Self::new(kind, index, u16::try_from(rest).ok()?).ok()
    }

    /// What the tile holds.
    #[must_use]
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its number among those of its kind, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it has, from 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it has 256 hashes or entries, and so never changes.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(formatter, "{level}/")?,
            TileKind::Entries => formatter.write_str("entries/")?,
        }
        let digits = self.index.to_string();
        let padded = format!("{digits:0>width$}", width = digits.len().next_multiple_of(3));
        let last = padded.len() - 3;
        for at in (0..last).step_by(3) {
            write!(formatter, "x{}/", &padded[at..at + 3])?;
        }
        formatter.write_str(&padded[last..])?;
        if self.is_full() { Ok(()) } else { write!(formatter, ".p/{}", self.width) }
    }
}

impl FromStr for TilePath {
    type Err = TileError;

    fn from_str(text: &str) -> Result<Self, TileError> {
        if text.len() > PATH_BYTES {
            return Err(TileError);
        }
        let (kind, rest) = text.split_once('/').ok_or(TileError)?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes { level: level.parse().map_err(|_| TileError)? },
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, width.parse().map_err(|_| TileError)?),
            None => (rest, TILE_WIDTH),
        };
        let digits: String = groups.split('/').map(|group| group.trim_start_matches('x')).collect();
        let path = Self::new(kind, digits.parse().map_err(|_| TileError)?, width)?;
        // Other groupings, zeros and signs: whatever does not write back as it was read.
        if path.to_string() == text { Ok(path) } else { Err(TileError) }
    }
}

/// The text is not the address of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a tile or of a bundle of entries")]
pub struct TileError;

/// The highest level that a path may name (C2SP tlog-tiles).
const HIGHEST_LEVEL: u8 = 63;
/// More than the longest: `entries/`, seven groups, and the width.
const PATH_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_tile_has_one_address() {
        for (text, kind, index, width) in [
            ("0/000", TileKind::Hashes { level: 0 }, 0, 256),
            ("0/x001/x234/067", TileKind::Hashes { level: 0 }, 1_234_067, 256),
            ("63/x001/000.p/255", TileKind::Hashes { level: 63 }, 1_000, 255),
            ("entries/999.p/1", TileKind::Entries, 999, 1),
            ("0/x018/x446/x744/x073/x709/x551/615", TileKind::Hashes { level: 0 }, u64::MAX, 256),
        ] {
            let path: TilePath = text.parse().unwrap();
            assert_eq!((path.kind(), path.index(), path.width()), (kind, index, width));
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_no_address() {
        for bad in [
            "",
            "0",
            "0/",
            "/000",
            "0//000",
            "0/0",
            "0/00",
            "0/0000",
            "0/x000/000",
            "0/x000",
            "0/000/",
            "0/000/x001",
            "0/001/000",
            "0/x1/000",
            "0/xx001/000",
            "0/X001/000",
            "00/000",
            "01/000",
            "64/000",
            "256/000",
            "-1/000",
            "+1/000",
            " 0/000",
            "0/000 ",
            "0/000\n",
            "0/+00",
            "0/-01",
            "0/x00a/000",
            "0/\u{0661}00",
            "tile/0/000",
            "../0/000",
            "0/../000",
            "0/%30",
            "0/000.p",
            "0/000.p/",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/01",
            "0/000.p/+1",
            "0/000.p/1/",
            "0/000.p/1.p/1",
            "0/000.p/-1",
            "0/000.P/1",
            "0/000.p/1000",
            "entries",
            "Entries/000",
            "entries/0",
            "data/000",
            "0/000?x",
            "0/000\0",
            "0/x018/x446/x744/x073/x709/x551/616",
            "0/x001/x018/x446/x744/x073/x709/x551/615",
        ] {
            assert_eq!(bad.parse::<TilePath>(), Err(TileError), "{bad:?}");
        }
        assert_eq!("0/x000/".repeat(1_000).parse::<TilePath>(), Err(TileError));
        for (level, width) in [(64, 1), (0, 0), (0, 257)] {
            assert!(TilePath::new(TileKind::Hashes { level }, 0, width).is_err());
        }
    }

    /// The example of the specification: which tiles a tree of 70,000 leaves has.
    #[test]
    fn a_tree_of_seventy_thousand_leaves_has_the_published_tiles() {
        let width = |level, index| {
            let tile = TilePath::in_tree(TileKind::Hashes { level }, index, 70_000);
            tile.map(|tile| tile.width())
        };
        assert_eq!([width(0, 0), width(0, 272), width(0, 273)], [Some(256), Some(256), Some(112)]);
        assert_eq!([width(1, 0), width(1, 1), width(2, 0)], [Some(256), Some(17), Some(1)]);
        assert_eq!([width(0, 274), width(1, 2), width(2, 1), width(3, 0)], [None; 4]);
        assert_eq!([width(8, 0), width(63, 0), width(0, u64::MAX)], [None; 3]);
        let top = TilePath::in_tree(TileKind::Hashes { level: 1 }, 0, 256).unwrap();
        assert_eq!(top.to_string(), "1/000.p/1");
        assert_eq!(TilePath::in_tree(TileKind::Entries, 0, 0), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            level in proptest::option::of(0..=63_u8), index: u64, width in 1..=256_u16,
        ) {
            let kind = level.map_or(TileKind::Entries, |level| TileKind::Hashes { level });
            let path = TilePath::new(kind, index, width).unwrap();
            prop_assert_eq!(path.to_string().parse::<TilePath>(), Ok(path));
        }

        #[test]
        fn what_is_read_is_written_the_same(text in "(0|7|63|entries)/(x?[0-9]{3}/){0,3}[0-9]{2,4}(\\.p/[0-9]{1,3})?") {
            if let Ok(path) = text.parse::<TilePath>() {
                prop_assert_eq!(path.to_string(), text);
            }
        }
    }
}

//! The array of a status list (Token Status List §4): entries of a few bits, compressed with zlib.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use crate::base::limits;
use crate::crypto::base64url;

/// What an entry of two bits says of a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusValue {
    /// In force.
    Valid,
    /// Ended for good; which act ended it, the issuing gateway tells.
    Ended,
    /// Suspended for a time.
    Suspended,
    /// Something else: the register is to be asked.
    SeeRegister,
}

impl StatusValue {
    /// The value of an entry; those above our vocabulary send to the register.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        match bits {
            0 => Self::Valid,
            1 => Self::Ended,
            2 => Self::Suspended,
            _ => Self::SeeRegister,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Ended => 1,
            Self::Suspended => 2,
            Self::SeeRegister => 3,
        }
    }
}

/// The entries of a list, packed from the lowest bit of each byte (Token Status List §4.1).
#[derive(Clone, PartialEq, Eq)]
pub struct StatusBits {
    width: Width,
    bytes: Vec<u8>,
}

impl StatusBits {
    /// A list of entries of two bits, all in force: at least `entries`, and never fewer than
    /// [`limits::STATUS_LIST_MIN_ENTRIES`], so that an index does not tell whose licence it is.
    pub fn all_valid(entries: usize) -> Result<Self, StatusBitsError> {
        let entries = entries.max(limits::STATUS_LIST_MIN_ENTRIES);
        let bytes = entries.div_ceil(Width::Two.per_byte());
        if bytes > limits::STATUS_LIST_INFLATED_BYTES {
            return Err(StatusBitsError::TooLarge);
        }
        Ok(Self { width: Width::Two, bytes: vec![0; bytes] })
    }

    /// How many entries there are.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.bytes.len() as u64 * self.width.per_byte() as u64
    }

    /// The entry `index`, if the list is that long.
    #[must_use]
    pub fn entry(&self, index: u64) -> Option<StatusValue> {
        let (byte, shift) = self.place(index)?;
        let bits = (self.bytes.get(byte)? >> shift) & self.width.mask();
        Some(StatusValue::from_bits(bits))
    }

    /// Sets the entry `index`.
    pub fn set(&mut self, index: u64, value: StatusValue) -> Result<(), StatusBitsError> {
        let (byte, shift) = self.place(index).ok_or(StatusBitsError::Index)?;
        let mask = self.width.mask();
        if value.bits() > mask {
            return Err(StatusBitsError::Width);
        }
        let byte = self.bytes.get_mut(byte).ok_or(StatusBitsError::Index)?;
        *byte = (*byte & !(mask << shift)) | (value.bits() << shift);
        Ok(())
    }

    /// Entries that have ended in `self` and not in `other`, as far as both reach.
    pub(super) fn ended_only_here(&self, other: &Self) -> Vec<u64> {
        let per_byte = self.width.per_byte() as u64;
        let same_width = self.width == other.width;
        let may_differ =
            |byte: &usize| !same_width || self.bytes.get(*byte) != other.bytes.get(*byte);
        let ended = |bits: &Self, index| bits.entry(index) == Some(StatusValue::Ended);
        (0..self.bytes.len())
            .filter(may_differ)
            .flat_map(|byte| (byte as u64 * per_byte)..((byte as u64 + 1) * per_byte))
            .filter(|index| ended(self, *index) && !ended(other, *index))
            .collect()
    }

    /// The wire form.
    pub(super) fn pack(&self) -> Result<PackedStatus, StatusBitsError> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        let compressed = encoder.write_all(&self.bytes).and_then(|()| encoder.finish());
        let compressed = compressed.map_err(|_| StatusBitsError::Compression)?;
        Ok(PackedStatus { bits: self.width.bits(), lst: base64url::encode(compressed) })
    }

    /// Reads the wire form; inflating stops at [`limits::STATUS_LIST_INFLATED_BYTES`].
    pub(super) fn unpack(packed: &PackedStatus) -> Result<Self, StatusBitsError> {
        let width = Width::from_bits(packed.bits).ok_or(StatusBitsError::Width)?;
        let compressed =
            base64url::decode(&packed.lst).map_err(|_| StatusBitsError::Compression)?;
        let limit = limits::STATUS_LIST_INFLATED_BYTES;
        let mut bytes = Vec::new();
        let mut decoder = ZlibDecoder::new(&compressed[..]);
        let inflated = decoder.by_ref().take(limit as u64 + 1).read_to_end(&mut bytes);
        inflated.map_err(|_| StatusBitsError::Compression)?;
        if bytes.len() > limit {
            return Err(StatusBitsError::TooLarge);
        }
        if !decoder.into_inner().is_empty() {
            return Err(StatusBitsError::Compression);
        }
        Ok(Self { width, bytes })
    }

    fn place(&self, index: u64) -> Option<(usize, u32)> {
        let per_byte = self.width.per_byte();
        let index = usize::try_from(index).ok()?;
        let position = u32::try_from(index % per_byte).ok()?;
        Some((index / per_byte, position * u32::from(self.width.bits())))
    }
}

/// Shows how many entries there are; a list of millions is no line of a log.
impl std::fmt::Debug for StatusBits {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "StatusBits({} entries)", self.entries())
    }
}

/// The `status_list` claim of a status list token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PackedStatus {
    bits: u8,
    lst: String,
}

/// Why bits are not a status list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusBitsError {
    /// Not base64url of one zlib stream.
    #[error("not one zlib stream in base64url")]
    Compression,
    /// No such entry.
    #[error("the list has no such entry")]
    Index,
    /// Inflates to more than 16 MiB.
    #[error("larger than allowed")]
    TooLarge,
    /// Entries of other than 1, 2, 4 or 8 bits, or a value too wide for them.
    #[error("entries have 1, 2, 4 or 8 bits")]
    Width,
}

/// How many bits an entry has. We write two and read all that the standard knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    One,
    Two,
    Four,
    Eight,
}

impl Width {
    const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    const fn per_byte(self) -> usize {
        8 / self.bits() as usize
    }

    const fn mask(self) -> u8 {
        u8::MAX >> (8 - self.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(bits: u8, bytes: &[u8]) -> PackedStatus {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        PackedStatus { bits, lst: base64url::encode(encoder.finish().unwrap()) }
    }

    #[test]
    fn entries_are_packed_from_the_lowest_bit() {
        // Two bytes of the standard's example: 1,0,0,1,1,1,0,1, 1,1,0,0,0,1,0,1 in single bits.
        let one = StatusBits::unpack(&packed(1, &[0xb9, 0xa3])).unwrap();
        let bits: Vec<u8> = (0..16).map(|index| one.entry(index).unwrap().bits()).collect();
        assert_eq!(bits, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
        let two = StatusBits::unpack(&packed(2, &[0xc9])).unwrap();
        let bits: Vec<u8> = (0..4).map(|index| two.entry(index).unwrap().bits()).collect();
        assert_eq!(bits, [1, 2, 0, 3]);
        let eight = StatusBits::unpack(&packed(8, &[0, 200])).unwrap();
        assert_eq!(eight.entry(1), Some(StatusValue::SeeRegister));
    }

    #[test]
    fn a_list_round_trips_and_is_never_small() {
        let mut bits = StatusBits::all_valid(10).unwrap();
        assert_eq!(bits.entries(), 1 << 17);
        bits.set(7, StatusValue::Suspended).unwrap();
        bits.set(131_071, StatusValue::Ended).unwrap();
        let read = StatusBits::unpack(&bits.pack().unwrap()).unwrap();
        assert_eq!(read, bits);
        assert_eq!(read.entry(7), Some(StatusValue::Suspended));
        bits.set(7, StatusValue::Valid).unwrap();
        assert_eq!(bits.entry(7), Some(StatusValue::Valid));
    }

    #[test]
    fn sl_01_no_entry_outside_the_list() {
        let mut bits = StatusBits::all_valid(0).unwrap();
        for index in [1 << 17, u64::MAX] {
            assert_eq!(bits.entry(index), None);
            assert_eq!(bits.set(index, StatusValue::Ended), Err(StatusBitsError::Index));
        }
        assert_eq!(StatusBits::all_valid(1 << 27), Err(StatusBitsError::TooLarge));
    }

    #[test]
    fn sl_05_a_bomb_is_cut_at_the_limit() {
        let bomb = packed(2, &vec![0; limits::STATUS_LIST_INFLATED_BYTES + 1]);
        assert!(bomb.lst.len() < 100 * 1024);
        assert_eq!(StatusBits::unpack(&bomb), Err(StatusBitsError::TooLarge));
        let full = packed(2, &vec![0; limits::STATUS_LIST_INFLATED_BYTES]);
        assert_eq!(StatusBits::unpack(&full).unwrap().entries(), 1 << 26);
    }

    #[test]
    fn sl_07_other_widths_and_broken_streams() {
        for bits in [0, 3, 5, 16, 255] {
            assert_eq!(StatusBits::unpack(&packed(bits, &[0])), Err(StatusBitsError::Width));
        }
        let trailing =
            base64url::encode([base64url::decode(&packed(2, &[0]).lst).unwrap(), vec![0]].concat());
        for lst in ["", "AAAA", "eNo", "not base64!", &trailing] {
            let broken = PackedStatus { bits: 2, lst: lst.to_owned() };
            assert_eq!(StatusBits::unpack(&broken), Err(StatusBitsError::Compression), "{lst}");
        }
    }
}

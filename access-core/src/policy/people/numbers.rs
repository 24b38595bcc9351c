//! A column of numbers, as narrow as the greatest of them allows: a tenant of few levels names one in a byte.

/// Numbers by place.
#[derive(Debug)]
pub(super) enum Numbers {
    Bytes(Box<[u8]>),
    Halves(Box<[u16]>),
    Whole(Box<[u32]>),
}

impl Numbers {
    pub(super) fn of(numbers: &[u32]) -> Self {
        // Nothing is cut off: the greatest tells which width does.
        match numbers.iter().max().copied().unwrap_or(0) {
            0..=0xFF => Self::Bytes(numbers.iter().map(|number| *number as u8).collect()),
            0x100..=0xFFFF => Self::Halves(numbers.iter().map(|number| *number as u16).collect()),
            _ => Self::Whole(numbers.into()),
        }
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> u32 {
        match self {
            Self::Bytes(numbers) => u32::from(numbers[place]),
            Self::Halves(numbers) => u32::from(numbers[place]),
            Self::Whole(numbers) => numbers[place],
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bytes(numbers) => numbers.len(),
            Self::Halves(numbers) => numbers.len(),
            Self::Whole(numbers) => numbers.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_gives_back_what_was_put_in() {
        for greatest in [0, 0xFF, 0x100, 0xFFFF, 0x1_0000, u32::MAX] {
            let put_in = [7.min(greatest), greatest, 0];
            let numbers = Numbers::of(&put_in);
            assert_eq!(numbers.len(), 3);
            assert_eq!([0, 1, 2].map(|place| numbers.get(place)), put_in);
        }
        assert_eq!(Numbers::of(&[]).len(), 0);
    }
}

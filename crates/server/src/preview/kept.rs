//! Previews that were made a little while ago: a page asks for the same one twice, and whoever looks at it again too.

use std::collections::VecDeque;

use bytes::Bytes;
use domain::content::look::Look;

use super::PreviewError;

/// So many bytes are kept.
const BYTES_MAX: usize = 32 * 1024 * 1024;
/// So many previews, with those that could not be made.
const COUNT_MAX: usize = 64;

/// What a preview is made from: the file by its digest, and the part of its name that tells something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Of {
    pub look: Look,
    pub digest: [u8; 32],
    pub name: String,
}

/// What will be the same when it is made again: a preview, or why there is none.
type Made = Result<Bytes, PreviewError>;

/// The latest of them, the oldest first.
#[derive(Debug, Default)]
pub struct Kept(VecDeque<(Of, Made)>);

impl Kept {
    /// What was made of it.
    pub fn find(&self, of: &Of) -> Option<Made> {
        self.0.iter().find(|(kept, _)| kept == of).map(|(_, made)| made.clone())
    }

    /// Takes note of what was made. Only what the file alone decides is kept.
    pub fn add(&mut self, of: Of, made: &Made) {
        if !matches!(made, Ok(_) | Err(PreviewError::Unfit(_))) || self.find(&of).is_some() {
            return;
        }
        self.0.push_back((of, made.clone()));
        while self.0.len() > COUNT_MAX || self.bytes() > BYTES_MAX {
            self.0.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(_, made)| made.as_ref().map_or(0, Bytes::len)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: u8) -> Of {
        Of { look: Look::Picture, digest: [number; 32], name: String::new() }
    }

    #[test]
    fn what_the_file_decides_is_kept_and_what_may_change_is_not() {
        let mut kept = Kept::default();
        let unfit = Err(PreviewError::Unfit("damaged".to_owned()));
        kept.add(of(1), &Ok(Bytes::from_static(b"made")));
        kept.add(of(2), &unfit);
        kept.add(of(3), &Err(PreviewError::Busy));
        kept.add(of(4), &Err(PreviewError::Failed("late".to_owned())));
        assert_eq!(kept.find(&of(1)), Some(Ok(Bytes::from_static(b"made"))));
        assert_eq!((kept.find(&of(2)), kept.find(&of(3)), kept.find(&of(4))), (Some(unfit), None, None));
        assert_eq!(kept.find(&Of { look: Look::Large, ..of(1) }), None);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_large() {
        let mut kept = Kept::default();
        (0..=u8::MAX).for_each(|number| kept.add(of(number), &Ok(Bytes::new())));
        assert!(kept.0.len() == COUNT_MAX && kept.find(&of(0)).is_none() && kept.find(&of(255)).is_some());
        let large = Ok(Bytes::from(vec![0; BYTES_MAX * 2 / 3]));
        kept.add(of(1), &large);
        kept.add(of(2), &large);
        assert!(kept.find(&of(1)).is_none() && kept.find(&of(2)).is_some());
    }
}

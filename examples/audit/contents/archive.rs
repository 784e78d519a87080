//! Archives: gzip, zip and tar, in one another, too; bounded in size, count and depth.

use std::io::{self, Cursor, Read, Seek};

use flate2::read::MultiGzDecoder;
use zeroize::Zeroizing;
use zip::ZipArchive;

use super::shape::{Magic, is_ruled_out_by};
use super::{Contents, LIMIT, Nature, Spot};

/// Archives in archives, and texts in them.
const DEPTH: usize = 8;

/// So much of a member tells whether the rest is worth unpacking.
const BEGINNING: u64 = 8 << 10;

/// What is left of the bounds for one file.
pub struct Bounds {
    /// Octets that all of it unpacks to.
    pub unpacked: u64,
    pub members: usize,
}

/// Why the rest of an archive is not read.
enum Stop {
    Bomb(&'static str),
    Damaged(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(Exhausted) => Self::Bomb("it unpacks to more than is read of one file (1 GiB)"),
            None => Self::Damaged(error.to_string()),
        }
    }
}

impl Contents<'_> {
    /// Every member that may hold something.
    pub fn archive(&mut self, spot: &Spot, magic: Magic, packed: impl Read + Seek) {
        let unpacked = match magic {
            _ if spot.depth >= DEPTH => Err(Stop::Bomb("it is packed more than 8 times")),
            Magic::Gzip => self.gzip(spot, packed),
            Magic::Zip => self.zip(spot, packed),
            _ => self.tar(spot, packed),
        };
        match unpacked {
            Ok(()) => {}
            Err(Stop::Bomb(reason)) => self.unreadable(
                spot,
                &format!(
                    "the archive is not read to its end: {reason}; unpack it, and audit the folder"
                ),
            ),
            Err(Stop::Damaged(error)) => {
                self.told_if_meant(
                    spot,
                    &format!("the archive is damaged, or of a kind that is not read: {error}"),
                );
            }
        }
    }

    fn gzip(&mut self, spot: &Spot, packed: impl Read) -> Result<(), Stop> {
        let mut plain = MultiGzDecoder::new(packed);
        let mut beginning = Zeroizing::new(vec![]);
        let begun = self.limited(&mut plain, BEGINNING).read_to_end(&mut beginning);
        let mut all = Cursor::new(beginning.clone()).chain(Failed(begun.err())).chain(plain);
        match Magic::of(&beginning) {
            Some(Magic::Tar) => self.tar(spot, all),
            _ => self.rest(&spot.deeper(), &mut all),
        }
    }

    fn zip(&mut self, spot: &Spot, packed: impl Read + Seek) -> Result<(), Stop> {
        let mut zip = ZipArchive::new(packed).map_err(|error| Stop::Damaged(error.to_string()))?;
        let (mut encrypted, mut closed, mut failure) = (0, 0, String::new());
        for place in 0..zip.len() {
            let member = match zip.by_index_raw(place) {
                Ok(member) => (
                    member.is_file(),
                    member.encrypted(),
                    String::from_utf8_lossy(member.name_raw()).into_owned(),
                ),
                Err(error) => {
                    (closed, failure) = (closed + 1, error.to_string());
                    continue;
                }
            };
            let (is_file, is_encrypted, name) = member;
            let inside = self.member(spot, &name)?;
            match is_encrypted {
                _ if !is_file => {}
                true => encrypted += 1,
                false => {
                    let member =
                        zip.by_index(place).map_err(|error| Stop::Damaged(error.to_string()));
                    match member.and_then(|mut member| self.rest(&inside, &mut member)) {
                        Err(Stop::Damaged(error)) => (closed, failure) = (closed + 1, error),
                        read => read?,
                    }
                }
            }
        }
        if closed > 0 {
            self.told_if_meant(spot, &format!("{closed} of the archive's files cannot be unpacked ({failure}): unpack it, and audit the folder"));
        }
        if encrypted > 0 {
            self.unreadable(spot, &format!("{encrypted} of the archive's files are encrypted: unpack it, and audit the folder"));
        }
        Ok(())
    }

    fn tar(&mut self, spot: &Spot, plain: impl Read) -> Result<(), Stop> {
        let mut left = self.bounds.unpacked;
        let unpacked = self.members_of_tar(spot, Limited { inner: plain, left: &mut left });
        self.bounds.unpacked = self.bounds.unpacked.min(left);
        unpacked
    }

    fn members_of_tar(&mut self, spot: &Spot, plain: impl Read) -> Result<(), Stop> {
        for member in tar::Archive::new(plain).entries()? {
            let mut member = member?;
            let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
            let inside = self.member(spot, &name)?;
            if member.header().entry_type().is_file() {
                self.rest(&inside, &mut member)?;
            }
        }
        Ok(())
    }

    fn member(&mut self, spot: &Spot, name: &str) -> Result<Spot, Stop> {
        let left = self.bounds.members.checked_sub(1);
        self.bounds.members =
            left.ok_or(Stop::Bomb("it has more files than are read (200,000)"))?;
        Ok(spot.member(name))
    }

    /// What a member holds, if its beginning does not tell that there is nothing. What is damaged hides
    /// nothing that stands before the damage.
    fn rest(&mut self, spot: &Spot, plain: &mut impl Read) -> Result<(), Stop> {
        let mut bytes = Zeroizing::new(vec![]);
        let mut unpacked = self.limited(&mut *plain, BEGINNING).read_to_end(&mut bytes);
        if is_ruled_out_by(&bytes) && !spot.is_expected() {
            unpacked?;
            return Ok(());
        }
        if unpacked.is_ok() {
            let rest = LIMIT + 1 - bytes.len() as u64;
            unpacked = self.limited(&mut *plain, rest).read_to_end(&mut bytes);
        }
        match unpacked {
            Ok(_) => self.read(spot, &bytes),
            // That it is cut is told of the archive.
            Err(_) => self.read(&Spot { nature: Nature::Prose, ..spot.clone() }, &bytes),
        };
        unpacked?;
        Ok(())
    }

    /// So much of it, counted.
    fn limited<R: Read>(&mut self, plain: R, most: u64) -> Limited<'_, io::Take<R>> {
        Limited { inner: plain.take(most), left: &mut self.bounds.unpacked }
    }
}

/// A reader that fails when the bound is used up.
struct Limited<'b, R> {
    inner: R,
    left: &'b mut u64,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => *self.left = left,
            None => return Err(io::Error::other(Exhausted)),
        }
        Ok(read)
    }
}

/// The end of what was unpacked before an error, which comes again here.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("too much")]
struct Exhausted;

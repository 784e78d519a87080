//! [`Exclude`]: what is not to be looked at, by globs.

use glob::{MatchOptions, Pattern};

/// Globs, as shells know them: `*` and `?` within a name, `**` across folders, `[a-z]`.
#[derive(Default)]
pub struct Exclude(Vec<Pattern>);

const NAMES_APART: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

impl Exclude {
    pub fn new(globs: &[String]) -> Result<Self, String> {
        let patterns = globs.iter().map(|glob| {
            let read = Pattern::new(glob.trim_end_matches('/'));
            read.map_err(|error| format!("--exclude {glob}: {error}"))
        });
        Ok(Self(patterns.collect::<Result<_, _>>()?))
    }

    /// Whether a glob matches the path, with `./` before it or without, or what stands behind any `/`
    /// in it: a name is found in every folder.
    pub fn has(&self, path: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let is_anchored = ["/", "./", "../"].iter().any(|begin| path.starts_with(begin));
        let path = match is_anchored {
            true => path.to_owned(),
            false => format!("./{path}"),
        };
        let behind = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
        let mut ends = [path.as_str()].into_iter().chain(behind);
        ends.any(|end| self.0.iter().any(|glob| glob.matches_with(end, NAMES_APART)))
    }
}

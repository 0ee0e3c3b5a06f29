//! `METHOD /path/*`: which calls an endpoint takes. One matcher for the manifest's check and for the step's.

use std::fmt;

/// A method with a path in which `*` stands for exactly one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    method: String,
    /// Without the leading slash.
    segments: Vec<String>,
}

/// Why a text is not a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowError {
    #[error("write a method, a space and a path, for example \"GET /v1/holds/*\"")]
    Malformed,
    #[error("write the path without `.` and `..`")]
    DotSegment,
}

/// Why a path is never sent, whatever the patterns say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("a path starts with `/`")]
    NotAbsolute,
    #[error("a path has only visible ASCII characters without `#`, `\\`, quotes and braces; percent-encode the rest")]
    Characters,
    #[error("a path has no empty, `.` or `..` segment, not even percent-encoded")]
    Segment,
}

impl Allow {
    /// Reads `METHOD /path/*`.
    ///
    /// # Errors
    /// [`AllowError`] with the shape that is wanted.
    pub fn parse(text: &str) -> Result<Self, AllowError> {
        let (method, path) = text.split_once(' ').ok_or(AllowError::Malformed)?;
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(AllowError::Malformed);
        }
        let rest = path.strip_prefix('/').ok_or(AllowError::Malformed)?;
        let segments: Vec<String> = rest.split('/').map(str::to_owned).collect();
        if segments.iter().any(|segment| segment == "." || segment == "..") {
            return Err(AllowError::DotSegment);
        }
        if rest.contains(['?', '#']) || (segments.len() > 1 && segments.iter().any(String::is_empty)) {
            return Err(AllowError::Malformed);
        }
        Ok(Self { method: method.to_owned(), segments })
    }

    /// Whether a call matches. `path` has passed [`check_path`]; its query does not count.
    pub fn matches(&self, method: &str, path: &str) -> bool {
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        let Some(rest) = path.strip_prefix('/') else { return false };
        let mut segments = rest.split('/');
        self.method == method
            && self.segments.iter().all(|wanted| {
                segments.next().is_some_and(|found| if wanted == "*" { !found.is_empty() } else { wanted == found })
            })
            && segments.next().is_none()
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.segments.join("/"))
    }
}

/// Refuses paths that servers read in different ways.
///
/// # Errors
/// [`PathError`] with the rule that is broken.
pub fn check_path(path: &str) -> Result<(), PathError> {
    let odd = |byte: u8| !byte.is_ascii_graphic() || b"#\\\"<>^`{|}".contains(&byte);
    if path.bytes().any(odd) {
        return Err(PathError::Characters);
    }
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let rest = path.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
    if rest.is_empty() {
        return Ok(());
    }
    let hidden = |segment: &str| {
        let segment = segment.to_ascii_lowercase();
        let plain = segment.replace("%2e", ".");
        plain.is_empty() || plain == "." || plain == ".." || segment.contains("%2f") || segment.contains("%5c")
    };
    if rest.split('/').any(hidden) { Err(PathError::Segment) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, call: &str, expected: bool) {
        let (method, path) = call.split_once(' ').unwrap();
        assert_eq!(Allow::parse(pattern).unwrap().matches(method, path), expected, "{pattern} / {call}");
    }

    #[test]
    fn a_star_is_one_whole_segment() {
        check("GET /v1/holds/*", "GET /v1/holds/h1", true);
        check("GET /v1/holds/*", "GET /v1/holds/h1?full=1", true);
        check("GET /v1/holds/*", "GET /v1/holds", false);
        check("GET /v1/holds/*", "GET /v1/holds/", false);
        check("GET /v1/holds/*", "GET /v1/holds/h1/capture", false);
        check("GET /v1/holds/*", "POST /v1/holds/h1", false);
        check("POST /v1/holds/*/capture", "POST /v1/holds/h1/capture", true);
        check("POST /v1/holds/*/capture", "POST /v1/holds/h1/capture?a=/x", true);
        check("GET /", "GET /", true);
        check("GET /", "GET /a", false);
    }

    #[test]
    fn paths_that_servers_read_differently_are_refused() {
        for (path, expected) in [
            ("/v1/holds/h1?by=op_1", Ok(())),
            ("/", Ok(())),
            ("v1", Err(PathError::NotAbsolute)),
            ("//evil.example/v1", Err(PathError::Segment)),
            ("/v1/../admin", Err(PathError::Segment)),
            ("/v1/%2E%2e/admin", Err(PathError::Segment)),
            ("/v1/a%2fb", Err(PathError::Segment)),
            ("/v1/a\\b", Err(PathError::Characters)),
            ("/v1/a b", Err(PathError::Characters)),
            ("/v1/a\r\nHost: x", Err(PathError::Characters)),
            ("/v1#x", Err(PathError::Characters)),
            ("/é", Err(PathError::Characters)),
        ] {
            assert_eq!(check_path(path), expected, "{path}");
        }
    }

    #[test]
    fn patterns_are_written_in_one_way() {
        for (text, expected) in [
            ("GET", AllowError::Malformed),
            ("get /a", AllowError::Malformed),
            ("GET a", AllowError::Malformed),
            ("GET /a//b", AllowError::Malformed),
            ("GET /a?b", AllowError::Malformed),
            ("GET /a/../b", AllowError::DotSegment),
        ] {
            assert_eq!(Allow::parse(text), Err(expected), "{text}");
        }
        assert_eq!(Allow::parse("GET /v1/*").unwrap().to_string(), "GET /v1/*");
    }
}

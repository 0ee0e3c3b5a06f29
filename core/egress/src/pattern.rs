//! Allow patterns of a manifest (`METHOD /path/*`) and the check of the path that a plugin asks for.
//!
//! A path is checked in the form in which it is sent: nothing is decoded or normalised in between, so a far end that
//! decodes once more cannot be led elsewhere. What is absent: regular expressions and patterns over several segments.

use std::fmt;
use std::str::FromStr;

use reqwest::Method;

/// Longest path and query that is sent, bytes. Gateways commonly stop at 8 KiB for the whole head.
const MAX_TARGET_BYTES: usize = 2_048;

/// One line of a manifest's `allow` list. `*` stands for exactly one segment that is not empty. A query is not part
/// of a pattern: every call that a line covers may carry one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowPattern {
    method: Method,
    segments: Vec<Segment>,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Exact(String),
    Any,
}

/// Why a line is not an allow pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Not two words.
    #[error("{0:?} is not an allow pattern; write a method and a path, such as \"POST /v1/holds\"")]
    Shape(String),
    /// A method that plugins may not use.
    #[error("{0:?} is not a method that a plugin may use; use GET, POST, PUT, PATCH or DELETE")]
    Method(String),
    /// The path would never match.
    #[error("the path of {pattern:?} is refused: {cause}")]
    Path {
        /// The line.
        pattern: String,
        /// What is wrong with its path.
        cause: PathError,
    },
    /// A `*` inside a segment.
    #[error("in {0:?} a \"*\" stands beside other characters; it stands for one whole segment")]
    Star(String),
}

/// Why a path is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Over the length limit.
    #[error("it is longer than 2048 bytes; put data into the body")]
    TooLong,
    /// Not an absolute path.
    #[error("it does not begin with \"/\"; name the host in the binding and only the path in the call")]
    NotAbsolute,
    /// A character that is not sent as it is.
    #[error("it holds {0:?}; percent-encode what is not a letter, a digit or one of -._~!$&()*+,=:@")]
    Character(char),
    /// `%` without two hexadecimal digits.
    #[error("it holds a \"%\" without two hexadecimal digits; write \"%25\" only in a query")]
    BadEscape,
    /// An encoded dot, slash, backslash, percent sign or control character.
    #[error(
        "it hides a dot, slash, percent sign or control character behind \"%{0:02X}\"; choose identifiers without them"
    )]
    HiddenByte(u8),
    /// `//`.
    #[error("it has an empty segment; remove the doubled or trailing slash")]
    EmptySegment,
    /// `.` or `..`.
    #[error("it has a \".\" or \"..\" segment; write the path that is meant")]
    DotSegment,
}

impl FromStr for AllowPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<AllowPattern, PatternError> {
        let (method, path) = text.split_once(' ').ok_or_else(|| PatternError::Shape(text.to_owned()))?;
        let method = parse_method(method).ok_or_else(|| PatternError::Method(method.to_owned()))?;
        check_path(path).map_err(|cause| PatternError::Path { pattern: text.to_owned(), cause })?;
        let segments = path
            .split('/')
            .skip(1)
            .map(|segment| match segment {
                "*" => Ok(Segment::Any),
                _ if segment.contains('*') => Err(PatternError::Star(text.to_owned())),
                _ => Ok(Segment::Exact(segment.to_owned())),
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(AllowPattern { method, segments, text: text.to_owned() })
    }
}

impl AllowPattern {
    /// True if a call that passed [`check_target`] is covered by this line.
    pub(crate) fn covers(&self, method: &Method, target: &str) -> bool {
        let (path, _query) = split_query(target);
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        self.method == *method
            && segments.len() == self.segments.len()
            && segments.iter().zip(&self.segments).all(|(segment, expected)| match expected {
                Segment::Any => !segment.is_empty(),
                Segment::Exact(text) => text == segment,
            })
    }
}

impl fmt::Display for AllowPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The methods that a plugin may use. `HEAD`, `OPTIONS`, `CONNECT` and `TRACE` serve browsers and proxies.
pub(crate) fn parse_method(text: &str) -> Option<Method> {
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]
        .into_iter()
        .find(|method| method.as_str() == text)
}

/// Checks a path with an optional query in the form in which it is sent.
pub(crate) fn check_target(target: &str) -> Result<(), PathError> {
    if target.len() > MAX_TARGET_BYTES {
        return Err(PathError::TooLong);
    }
    let (path, query) = split_query(target);
    check_path(path)?;
    query.map_or(Ok(()), check_query)
}

fn split_query(target: &str) -> (&str, Option<&str>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    }
}

fn check_path(path: &str) -> Result<(), PathError> {
    let Some(relative) = path.strip_prefix('/') else {
        return Err(PathError::NotAbsolute);
    };
    check_bytes(path, is_path_character, |byte| {
        byte <= b' ' || matches!(byte, b'.' | b'/' | b'\\' | b'%' | b';' | 0x7f)
    })?;
    if relative.is_empty() {
        return Ok(());
    }
    for segment in relative.split('/') {
        match segment {
            "" => return Err(PathError::EmptySegment),
            "." | ".." => return Err(PathError::DotSegment),
            _ => {}
        }
    }
    Ok(())
}

fn check_query(query: &str) -> Result<(), PathError> {
    check_bytes(query, |c| is_path_character(c) || c == '?', |byte| byte < b' ' || byte == 0x7f)
}

/// `;` is left out on purpose: some servers cut a segment there, which turns `..;` into `..`.
fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&()*+,=:@/".contains(c)
}

fn check_bytes(text: &str, plain: impl Fn(char) -> bool, hidden: impl Fn(u8) -> bool) -> Result<(), PathError> {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '%' {
            let digits = rest.as_str().get(..2).ok_or(PathError::BadEscape)?;
            let byte = digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16));
            let Some(Ok(byte)) = byte else {
                return Err(PathError::BadEscape);
            };
            if hidden(byte) {
                return Err(PathError::HiddenByte(byte));
            }
            rest = rest.as_str()[2..].chars();
        } else if !plain(c) {
            return Err(PathError::Character(c));
        }
    }
    Ok(())
}

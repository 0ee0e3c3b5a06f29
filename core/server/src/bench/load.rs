//! A client that costs little: one connection, one request at a time, as few bytes looked at as possible. The load and
//! the hub share the machine, so what the client does not spend the hub can.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::BenchError;

/// A connection that is kept.
pub(super) struct Client {
    stream: TcpStream,
    /// The last answer, head and body.
    answer: Vec<u8>,
    request: Vec<u8>,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, answer: Vec::with_capacity(4096), request: Vec::with_capacity(1024) })
    }

    /// Posts JSON and returns the body of a 201.
    pub(super) async fn post(&mut self, path: &str, key: &str, once: &str, body: &str) -> Result<&[u8], BenchError> {
        match self.send(path, (key, once), "application/json", body.as_bytes()).await? {
            (201, body) => Ok(body),
            (status, body) => {
                let body = String::from_utf8_lossy(body).into_owned();
                Err(BenchError::Answer { status, path: path.to_owned(), body })
            }
        }
    }

    /// Posts anything and returns whatever is answered.
    pub(super) async fn send(
        &mut self,
        path: &str,
        (key, once): (&str, &str),
        kind: &str,
        body: &[u8],
    ) -> Result<(u16, &[u8]), BenchError> {
        self.request.clear();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {key}\r\nidempotency-key: {once}\r\n\
             content-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let (status, start) = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            if let Some(parts) = whole_answer(&self.answer) {
                break parts;
            }
        };
        Ok((status, self.answer.get(start..).unwrap_or_default()))
    }
}

/// Status and start of the body, once all of it is there.
fn whole_answer(bytes: &[u8]) -> Option<(u16, usize)> {
    let head_end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..head_end)?).ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    let length: usize = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })?;
    let start = head_end + 4;
    (bytes.len() >= start + length).then_some((status, start))
}

/// The first id with this prefix in a body.
pub(super) fn first_id<'a>(body: &'a [u8], prefix: &str) -> Option<&'a str> {
    let start = body.windows(prefix.len()).position(|word| word == prefix.as_bytes())?;
    std::str::from_utf8(body.get(start..start + prefix.len() + 32)?).ok()
}

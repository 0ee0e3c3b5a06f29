//! One `POST` to an address on this machine, for webhooks. No TLS, no redirects, no connection kept.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What is read of an answer.
const ANSWER_BYTES: u64 = 64 * 1024;

/// Sends JSON with one more header to `http://host:port/path`. Answers the receiver's status.
pub(crate) async fn post(url: &str, (name, value): (&str, &str), body: &str) -> io::Result<u16> {
    let malformed = || io::Error::from(io::ErrorKind::InvalidInput);
    let rest = url.strip_prefix("http://").ok_or_else(malformed)?;
    let (host, path) = rest.split_once('/').ok_or_else(malformed)?;
    let head = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n\
         {name}: {value}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(host).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
    let status =
        answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|text| text.parse().ok());
    status.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

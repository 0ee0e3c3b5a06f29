//! Which addresses a call may end at, whatever a name server says.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tebura_egress::{AddressRange, Binding, BindingConfig, BindingError, HttpEgress, Lookup, Reach};
use tebura_hub::ports::Egress;
use tebura_hub::rail::Effect;

use crate::far_end::{FarEnd, call, config, outgoing, word};

/// A name server that gives its answers in turn and the last one for ever.
pub(crate) struct Answers(Mutex<VecDeque<Vec<IpAddr>>>);

#[async_trait]
impl Lookup for Answers {
    async fn addresses(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        answer.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name"))
    }
}

impl Answers {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Answers> {
        let parse = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Answers(Mutex::new(answers.iter().map(parse).collect())))
    }
}

fn egress(config: BindingConfig, answers: &[&[&str]]) -> HttpEgress {
    HttpEgress::with_lookup(vec![Binding::new(config).unwrap()], Answers::new(answers)).unwrap()
}

fn named(far_end: &FarEnd, reach: Reach) -> BindingConfig {
    BindingConfig { reach, ..config(format!("http://provider.example:{}", far_end.port())) }
}

fn range(text: &str) -> AddressRange {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_public_name_that_points_inside_is_refused() {
    let inside = "0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 \
        192.0.0.8 192.168.1.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 \
        ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:8.8.8.8 64:ff9b::a00:1 64:ff9b:1::a00:1 fc00::1 fd00:ec2::254 \
        fe80::1 fec0::1 ff02::1 2001::1 2001:db8::1 2002:a00:1:: 3fff::1 100::1";
    for address in inside.split_whitespace() {
        let config = BindingConfig { reach: Reach::Public, ..config("https://api.example.jp".to_owned()) };
        let delivery = egress(config, &[&[address]]).send(&outgoing(call(Effect::Once))).await;
        assert_eq!(word(&delivery), "egress.address_not_allowed", "{address}");
    }
}

#[test]
fn public_addresses_are_allowed() {
    for address in ["8.8.8.8", "100.63.255.255", "172.32.0.1", "203.0.112.1", "2606:4700::1111", "2400:8500::1"] {
        assert!(Reach::Public.allows(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn a_literal_address_is_checked_with_the_binding() {
    let origins = [
        "https://127.0.0.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://0177.0.0.1",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:7f00:1]",
        "https://169.254.169.254",
        "https://10.0.0.1",
    ];
    for origin in origins {
        let refused = Binding::new(BindingConfig { reach: Reach::Public, ..config(origin.to_owned()) });
        assert!(matches!(refused, Err(BindingError::Address(_))), "{origin}");
    }
    let outside = Binding::new(config("http://10.0.0.1".to_owned()));
    assert!(matches!(outside, Err(BindingError::Address(_))), "loopback only");
}

#[tokio::test]
async fn a_mixed_answer_leads_only_to_what_is_allowed() {
    let far_end = FarEnd::answering("{}").await;
    let egress = egress(named(&far_end, Reach::Loopback), &[&["10.0.0.1", "::ffff:127.0.0.1", "127.0.0.1"]]);
    assert_eq!(word(&egress.send(&outgoing(call(Effect::Once))).await), "reply 200");
    assert_eq!(far_end.requests().len(), 1);
}

#[tokio::test]
async fn a_name_that_moves_between_two_calls_is_checked_again() {
    let far_end = FarEnd::answering("{}").await;
    let egress = egress(named(&far_end, Reach::Loopback), &[&["127.0.0.1"], &["10.0.0.1"]]);
    assert_eq!(word(&egress.send(&outgoing(call(Effect::Once))).await), "reply 200", "one look-up for one connection");
    assert_eq!(word(&egress.send(&outgoing(call(Effect::Once))).await), "egress.address_not_allowed");
}

#[tokio::test]
async fn a_name_that_does_not_exist_delivers_nothing() {
    let far_end = FarEnd::answering("{}").await;
    let egress = egress(named(&far_end, Reach::Loopback), &[]);
    assert_eq!(word(&egress.send(&outgoing(call(Effect::Once))).await), "not delivered");
}

#[tokio::test]
async fn a_named_range_is_reached_and_nothing_beside_it() {
    let far_end = FarEnd::answering("{}").await;
    let inside = egress(named(&far_end, Reach::Ranges(vec![range("127.0.0.0/24")])), &[&["127.0.0.1"]]);
    assert_eq!(word(&inside.send(&outgoing(call(Effect::Once))).await), "reply 200");
    for address in ["127.0.1.1", "::ffff:127.0.0.1", "::1", "8.8.8.8"] {
        let outside = egress(named(&far_end, Reach::Ranges(vec![range("127.0.0.0/24")])), &[&[address]]);
        assert_eq!(word(&outside.send(&outgoing(call(Effect::Once))).await), "egress.address_not_allowed", "{address}");
    }
}

#[test]
fn ranges_are_read_strictly() {
    for text in ["10.0.0.0/8", "0.0.0.0/0", "192.168.7.9/32", "fd00::/8", "::/0", "fd12::7/128"] {
        assert_eq!(range(text).to_string(), text);
    }
    for text in ["10.0.0.0", "10.0.0.1/8", "10.0.0.0/33", "fd00::/129", "/8", "10.0.0.0/", "ten/8"] {
        assert!(text.parse::<AddressRange>().is_err(), "{text}");
    }
    assert!(range("10.128.0.0/9").contains("10.255.0.1".parse().unwrap()));
    assert!(!range("10.128.0.0/9").contains("10.127.0.1".parse().unwrap()));
    assert!(range("fd00::/8").contains("fdff::1".parse().unwrap()));
}

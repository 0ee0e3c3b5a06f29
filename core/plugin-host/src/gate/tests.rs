//! Limits that a hand-written guest would not show: sizes and counts.

use super::*;

#[track_caller]
fn check_module(module: &str, expected: Result<(), &str>) {
    let text = format!(
        "(component (core module {module}) (instance $empty) (export \"tebura:rail/rail@1.0.0\" (instance $empty)))"
    );
    let component = wat::parse_str(&text).unwrap();
    let checked = check(&component, World::Rail, 16 << 20);
    assert_eq!(checked.map(|_| ()).map_err(|error| error.to_string()), expected.map_err(str::to_owned));
}

#[test]
fn what_a_guest_needs_passes() {
    check_module(
        "(memory 256) (table 20000 funcref) (func (param i32) (result i32) (local i64) (local.get 0))",
        Ok(()),
    );
    // Reference types and bulk memory: what stable Rust emits.
    check_module("(memory 1) (table 2 funcref) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 1)))", Ok(()));
}

#[test]
fn sizes_and_counts_are_limited() {
    let many = "(func)".repeat(20_001);
    check_module(
        &format!("(memory 1) {many}"),
        Err("the component has 20001 functions, more than 20000; leave out what is not used"),
    );
    let locals = "(local i32)".repeat(2_001);
    check_module(&format!("(memory 1) (func {locals})"), Err("a function has 2001 locals, more than 2000; split it"));
    let parameters = "(param i32)".repeat(65);
    check_module(
        &format!("(memory 1) (func {parameters})"),
        Err("a function has 65 parameters, more than 64; split it"),
    );
    let body = "nop ".repeat(262_144);
    check_module(&format!("(memory 1) (func {body})"), Err("a function has 262146 bytes, more than 262144; split it"));
    let data = "x".repeat(1 << 20);
    let segment = format!("(data (i32.const 0) \"{data}\")");
    check_module(&format!("(memory 64) {segment} {segment}"), Ok(()));
    check_module(
        &format!("(memory 64) {segment} {segment} (data (i32.const 0) \"y\")"),
        Err("the component has 2097153 bytes of data, more than 2097152; leave out large tables"),
    );
    check_module(
        "(memory 257)",
        Err(
            "the component starts with 16842752 bytes of memory and its manifest allows 16777216; raise limits.memory, or shrink the stack (`-C link-arg=-zstack-size=65536`)",
        ),
    );
    let tables = "(table 1 funcref)".repeat(5);
    check_module(&format!("(memory 1) {tables}"), Err("the component has 5 tables, more than 4"));
}

#[test]
fn contents_are_counted_over_all_modules() {
    let component = wat::parse_str(
        r#"(component
  (import "tebura:host/log@1.0.0" (instance))
  (core module (memory 1) (func) (data (i32.const 0) "abc"))
  (core module (table 1 funcref) (func) (func))
  (instance $empty)
  (export "tebura:rail/rail@1.0.0" (instance $empty)))"#,
    )
    .unwrap();
    let contents = check(&component, World::Rail, 16 << 20).unwrap();
    assert_eq!(contents.imports, ["tebura:host/log@1.0.0"]);
    assert_eq!((contents.core_modules, contents.functions, contents.tables), (2, 3, 1));
    assert_eq!((contents.memories, contents.memory_bytes, contents.data_bytes), (1, 65_536, 3));
    assert_eq!(contents.bytes, component.len());
}

#[test]
fn a_component_of_no_world_is_refused_for_every_world() {
    let component = wat::parse_str("(component (core module (memory 1)))").unwrap();
    for world in World::ALL {
        let refused = check(&component, world, 16 << 20);
        assert!(matches!(refused, Err(GateError::WrongExports { .. })), "{world}: {refused:?}");
        assert_eq!(World::from_name(world.name()), Some(world));
    }
}

#[test]
fn bytes_that_end_early_are_not_webassembly() {
    let component = wat::parse_str("(component (core module (memory 1)))").unwrap();
    for end in [0, 4, 7, component.len() - 1] {
        assert!(matches!(read(&component[..end]), Err(GateError::NotWasm { .. })), "{end}");
    }
}

#[test]
fn no_changed_byte_gets_past_unread() {
    let whole = wat::parse_str(
        r#"(component
  (import "tebura:host/log@1.0.0" (instance))
  (core module
    (memory 1) (table 1 funcref) (data (i32.const 0) "abc")
    (func (param i32) (result i32) (local i64) (i32.add (local.get 0) (i32.const 1))))
  (instance $empty)
  (export "tebura:rail/rail@1.0.0" (instance $empty)))"#,
    )
    .unwrap();
    let mut refused = 0;
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut component = whole.clone();
            component[at] ^= 1 << bit;
            // Whatever the bytes are, the gate answers; what it passes is a component with the same doors.
            match check(&component, World::Rail, 16 << 20) {
                Ok(contents) => assert_eq!(contents.exports, ["tebura:rail/rail@1.0.0"]),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 4 * whole.len(), "{refused} of {}", 8 * whole.len());
}

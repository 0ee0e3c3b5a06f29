;; Keeps a sandbox thread waiting for the store.
(import "tebura:host/kv@1.0.0" "get" (func $get (param i32 i32 i32)))
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (loop $again
    (call $get (i32.const 48) (i32.const 9) (i32.const 512))
    (br $again))
  (unreachable))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

;; A key with a zero byte in it.
(import "tebura:host/kv@1.0.0" "get" (func $get (param i32 i32 i32)))
(data (i32.const 128) "a\00b")
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (call $get (i32.const 128) (i32.const 3) (i32.const 512))
  (call $call))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

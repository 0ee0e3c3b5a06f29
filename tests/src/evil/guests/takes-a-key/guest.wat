;; Uses a key that its manifest does not list.
(import "tebura:host/crypto@1.0.0" "mac" (func $mac (param i32 i32 i32 i32 i32)))
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (call $mac (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 16) (i32.const 512))
  ;; The fault comes back as it is: its code is at 516, its message at 524.
  (i32.store8 (i32.const 1024) (i32.const 1))
  (call $text (i32.const 1032) (i32.load (i32.const 516)) (i32.load (i32.const 520)))
  (call $text (i32.const 1040) (i32.load (i32.const 524)) (i32.load (i32.const 528)))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

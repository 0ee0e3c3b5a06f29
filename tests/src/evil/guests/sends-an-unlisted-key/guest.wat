;; An idempotent call where the manifest names no header for the key.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (drop (call $call))
  (i32.store8 (i32.const 1080) (i32.const 1))
  (call $text (i32.const 1084) (i32.const 80) (i32.const 3))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

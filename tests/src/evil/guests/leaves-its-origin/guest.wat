;; A path that some clients read as another host.
(data (i32.const 128) "//evil.example/v1/pay")
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (drop (call $call))
  (call $text (i32.const 1056) (i32.const 128) (i32.const 21))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

;; A path that its manifest does not name.
(data (i32.const 128) "/v1/users?name=abc")
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (drop (call $call))
  (call $text (i32.const 1056) (i32.const 128) (i32.const 18))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

;; The right path with another method.
(data (i32.const 128) "DELETE")
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (drop (call $call))
  (call $text (i32.const 1048) (i32.const 128) (i32.const 6))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

;; A header value with a second header in it.
(data (i32.const 272) "x-note")
(data (i32.const 288) "a\0d\0aauthorization: b")
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (drop (call $call))
  (call $text (i32.const 256) (i32.const 272) (i32.const 6))
  (call $text (i32.const 264) (i32.const 288) (i32.const 20))
  (call $text (i32.const 1064) (i32.const 256) (i32.const 1))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

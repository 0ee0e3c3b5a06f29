;; 17 key-value writes.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (drop (call $settle))
  (call $text (i32.const 1120) (i32.const 98304) (i32.const 17))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

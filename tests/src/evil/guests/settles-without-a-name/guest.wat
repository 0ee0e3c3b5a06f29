;; No reference, so nothing could be captured later.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (call $call))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (drop (call $settle))
  (call $text (i32.const 1048) (i32.const 80) (i32.const 0))
  (i32.const 1024))

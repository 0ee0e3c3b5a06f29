;; An endpoint that its manifest does not name.
(data (i32.const 128) "treasury")
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (drop (call $call))
  (call $text (i32.const 1040) (i32.const 128) (i32.const 8))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

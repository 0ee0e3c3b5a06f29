;; Says that its state is 100 MB long; its memory is smaller.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (drop (call $settle))
  (call $text (i32.const 1112) (i32.const 0) (i32.const 100000000))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

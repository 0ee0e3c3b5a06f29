;; A reference that is not UTF-8.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (i32.store8 (i32.const 80) (i32.const 255))
  (call $settle))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

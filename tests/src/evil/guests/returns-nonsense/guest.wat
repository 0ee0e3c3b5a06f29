;; A tenth kind of step.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (drop (call $settle))
  (i32.store8 (i32.const 1032) (i32.const 9))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

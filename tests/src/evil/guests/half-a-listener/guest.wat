;; Says that it is called back, and has no ear.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (call $call))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

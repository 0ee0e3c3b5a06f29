;; Fails before anything was sent.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (unreachable))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

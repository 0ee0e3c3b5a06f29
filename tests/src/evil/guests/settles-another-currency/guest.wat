;; US cents for yen.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (call $call))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (i64.store (i32.const 64) (i64.const 4477781))
  (call $settle))

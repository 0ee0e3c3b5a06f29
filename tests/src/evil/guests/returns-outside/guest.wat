;; Its answer begins where its memory ends.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (i32.const 131064))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

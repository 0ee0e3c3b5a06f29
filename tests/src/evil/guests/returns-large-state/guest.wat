;; A state of 8 KiB and one byte.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (drop (call $settle))
  (call $text (i32.const 1112) (i32.const 65536) (i32.const 8193))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

;; A fault under the hub's own code, with a line of log and a cleared screen in its message.
(data (i32.const 128) "plugin.revoked")
(data (i32.const 144) "\1b[2Jfine\0d\0aERROR hub: all is lost")
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (i32.store8 (i32.const 1024) (i32.const 1))
  (call $text (i32.const 1032) (i32.const 128) (i32.const 14))
  (call $text (i32.const 1040) (i32.const 144) (i32.const 32))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

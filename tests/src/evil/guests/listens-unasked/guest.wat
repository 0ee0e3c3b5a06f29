;; Has an ear of which its manifest says nothing.
(func (export "tebura:rail/notices@1.0.0#identify") (param i32 i32 i32 i32 i32 i32 i64) (result i32)
  (i32.store8 (i32.const 1024) (i32.const 0))
  (call $text (i32.const 1028) (i32.const 2048) (i32.const 1))
  (i32.store8 (i32.const 2048) (i32.const 0))
  (i32.store8 (i32.const 2056) (i32.const 1))
  (call $text (i32.const 2060) (i32.const 80) (i32.const 3))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (call $call))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

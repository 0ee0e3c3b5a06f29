;; Tells of something without a name.
;; An answer is `result<list<news>, fault>` at 1024: 0 ok / error, 4 the list. News are 64 bytes each, at 2048:
;;    0 progress, 1 dispute-opened, 2 dispute-won, 3 dispute-lost
;;   progress:  8 subject: 0 operation, 1 reference   12 its text
;;   dispute:   8 id  16 subject  20 its text  32 minor  40 currency  48 reason  56 details
(func (export "tebura:rail/notices@1.0.0#identify") (param i32 i32 i32 i32 i32 i32 i64) (result i32)
  (i32.store8 (i32.const 1024) (i32.const 0))
  (call $text (i32.const 1028) (i32.const 2048) (i32.const 1))
  (i32.store8 (i32.const 2048) (i32.const 0))
  (i32.store8 (i32.const 2056) (i32.const 1))
  (call $text (i32.const 2060) (i32.const 80) (i32.const 0))
  (i32.const 1024))

(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (call $call))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

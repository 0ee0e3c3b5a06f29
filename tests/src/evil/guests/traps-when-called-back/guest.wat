;; Anybody can make it trap.
;; An answer is `result<list<news>, fault>` at 1024: 0 ok / error, 4 the list. News are 64 bytes each, at 2048:
;;    0 progress, 1 dispute-opened, 2 dispute-won, 3 dispute-lost
;;   progress:  8 subject: 0 operation, 1 reference   12 its text
;;   dispute:   8 id  16 subject  20 its text  32 minor  40 currency  48 reason  56 details
(func (export "tebura:rail/notices@1.0.0#identify") (param i32 i32 i32 i32 i32 i32 i64) (result i32)
  (unreachable))

(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (call $call))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

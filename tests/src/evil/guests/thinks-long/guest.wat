;; Slow on purpose and within its fuel: nothing stops it, and it takes a thread for as long as it may.
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (local $left i32)
  (local.set $left (i32.const 3000000))
  (loop $again
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (br_if $again (local.get $left)))
  (call $call))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

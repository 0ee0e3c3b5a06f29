;; Spends the hub's time where no fuel counts.
(import "tebura:host/crypto@1.0.0" "sha256" (func $sha256 (param i32 i32 i32)))
(func (export "tebura:rail/rail@1.0.0#start") (param i32) (result i32)
  (loop $again
    (call $sha256 (i32.const 0) (i32.const 65536) (i32.const 512))
    (br $again))
  (unreachable))

(func (export "tebura:rail/rail@1.0.0#resume") (param i32) (result i32)
  (call $settle))

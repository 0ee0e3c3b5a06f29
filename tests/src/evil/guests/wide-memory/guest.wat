;; Asks for a 64-bit memory.
(component
  (core module (memory i64 1))
  (instance $empty)
  (export "tebura:rail/rail@1.0.0" (instance $empty)))

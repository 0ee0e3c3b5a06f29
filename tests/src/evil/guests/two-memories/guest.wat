;; Would escape a limit that counts one memory.
(component
  (core module (memory 1) (memory 1))
  (instance $empty)
  (export "tebura:rail/rail@1.0.0" (instance $empty)))

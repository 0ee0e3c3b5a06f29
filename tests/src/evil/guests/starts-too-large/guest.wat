;; Has 62.5 MiB before its first instruction.
(component
  (core module (memory 1000))
  (instance $empty)
  (export "tebura:rail/rail@1.0.0" (instance $empty)))

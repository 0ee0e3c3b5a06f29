;; A table costs memory too.
(component
  (core module (memory 1) (table 1000000 funcref))
  (instance $empty)
  (export "tebura:rail/rail@1.0.0" (instance $empty)))

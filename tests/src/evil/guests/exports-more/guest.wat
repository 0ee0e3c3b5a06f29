;; A rail with a second, undeclared door.
(component
  (core module $guest (memory (export "memory") 1))
  (core instance (instantiate $guest))
  (instance $empty)
  (export "tebura:rail/rail@1.0.0" (instance $empty))
  (export "tebura:rail/debug@1.0.0" (instance $empty)))

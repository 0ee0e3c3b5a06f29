;; Asks for memory that threads share.
(component
  (core module (memory 1 1 shared))
  (instance $empty)
  (export "tebura:rail/rail@1.0.0" (instance $empty)))

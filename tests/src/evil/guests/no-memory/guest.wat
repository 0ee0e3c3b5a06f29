;; Has no memory of its own.
(component (instance $empty) (export "tebura:rail/rail@1.0.0" (instance $empty)))

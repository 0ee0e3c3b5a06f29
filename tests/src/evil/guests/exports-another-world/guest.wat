;; Says that it is a rail and is something else.
(component (instance $empty) (export "tebura:identity/proofing@1.0.0" (instance $empty)))

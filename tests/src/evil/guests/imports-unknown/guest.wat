;; Asks for an interface that no hub has.
(component (import "tebura:host/sockets@1.0.0" (instance (export "open" (func)))))

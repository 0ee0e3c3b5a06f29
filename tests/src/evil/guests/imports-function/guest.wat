;; Takes an allowed name for another kind of import.
(component (import "tebura:host/log@1.0.0" (func)))

;; Components inside components.
(component
  (component (component (component (component)))))

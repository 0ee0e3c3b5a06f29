;; Gives the compiler more modules than encoding ever makes.
(component
  (core module) (core module) (core module) (core module) (core module))

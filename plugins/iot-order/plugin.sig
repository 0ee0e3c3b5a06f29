{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "RpDd9dfjYq70Fhn1zdNKzRXyh517pShDQ9jIYFu51rwZeqHry4b59Q6cpJabWXC9u3bVm4US9fDoFSbAj1YxDA=="
    }
  ]
}

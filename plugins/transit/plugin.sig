{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "+D5b0lcnvfoL9PxhoA7D0gcd3pnim66LsOuhEuJDfEODK0DI691ih8E7ugXKQXQruAG+7Xgt7yRACQi+5WKAAg=="
    }
  ]
}

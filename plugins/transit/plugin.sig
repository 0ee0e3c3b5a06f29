{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "zLYSIifN5QhG6O2XZW1CVYikWiTMxrh66bU7kx73h4NKClvCPxhKiQHDVM25Rrz1GfI39ryGZsEzyrjOrsUEBw=="
    }
  ]
}

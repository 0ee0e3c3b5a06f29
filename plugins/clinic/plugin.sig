{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "ag493zbQelz3DjDwbYk25IR3gRf60rAynJHepQd5Klvx9IMdJ9YY8pi5qgn89VPK7x5AYlGLRrTIFXOgMJc2CQ=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "K2z44/q5DtUjMSwpqXCFYfX7yBR5pAWTlwCnEVBWP0JnB88ogJiTnamk05v9syiFG9KkbJ61GXhCF+5kMXvQBQ=="
    }
  ]
}

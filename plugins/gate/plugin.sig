{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "B01B0fCW8rYcc9U1VIgh4tj5rdKNpmxQgdb3Si3y66XgpOitapbp4Rvch7S/3UIzelaSiNLqiFUqrxCm8DnXCA=="
    }
  ]
}

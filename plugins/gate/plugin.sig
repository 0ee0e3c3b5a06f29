{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "p7i7AOq1GjiUsqyFAFpshf5gduXXjoIQpXpXKx3ySca3a1F+3Ugv7iD5p6DCE7P58zqPnjqVatPxWX2+uUD5CA=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "dUx8QNuz66uMeVsAteGta9ecdjZN6sPW78XBEISoMvzbUvJwPODmRbLseEDtbTK97ny+mOJX+ZcNy3KNhj8ACg=="
    }
  ]
}

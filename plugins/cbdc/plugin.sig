{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "IIvDJotBqRXwfN/NZIZSH7EQU57yKkgPBnfd3Q7MvrerXOdKRbcPjlzDEMVxNgm7a/e0jPAdsQhsm9ExgoCcBA=="
    }
  ]
}

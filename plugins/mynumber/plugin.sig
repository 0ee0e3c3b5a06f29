{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "3i4DqZzRNfGrLXEw9Ta2uVuPMxxp7tLxM/3Dug9TrjKIyxwqMMORbIOIGsbfL0DyGTSYA88A67Fxgd9iIypzBQ=="
    }
  ]
}

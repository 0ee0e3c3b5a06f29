{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "1lzxF0r3GG4Vj+sz0IsKMUsTPif+paZKPz93T4PV3R0Jccfn6HBuPB+I6KTnyRQsWUXbrHUvoifr1B23cUksCQ=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "Vlnzyya0ejL2P2aATqz5iiRZhxJRVnVHeJGvf7aTCK3nyEcDnJ912gbM5RcxkyRK0lRuHB/X9CpULa6HDIHGCQ=="
    }
  ]
}

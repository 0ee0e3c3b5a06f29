{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "LHIJ+CHUqf0vzf62oCKiZkDNYB3OtyYZrRsnuO9+Bd4moCYTkaCwioQ6VbC4Etzww3S2e3ySXvqYb1eZvVtWAQ=="
    }
  ]
}

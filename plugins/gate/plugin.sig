{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "PNhKoIT5qSgu4UjXgYgw6RlTrcYYudyK4BFQUTlMiPcm6dbcar8s2omewry3A6qgIsuUe3PvPZpqPwirkVeZBA=="
    }
  ]
}

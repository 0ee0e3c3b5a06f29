{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "Tpr6Q1UHnkQ2kRC5AhqQ7X6oetVlOpQHSQEnzrKKUUbFY8d789BT1Wma0yzLEB66JYWXT8KuKby8/GSC6gzVAQ=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "Q7K1VkFZ1dlv1XMrTM4pcQ058rfYg6YOf099CApEiRBP/U7IjH+k0iLiFcciWQ39JffnonPND3OtEfI3HJ+LCA=="
    }
  ]
}

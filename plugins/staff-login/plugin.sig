{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "LGGiyisg08XTY1YYAFAddWOWLE2n6E5QyT2OapT/vRwSYsU/tqzO3jcnXBK8O57ub/JDThcc730VkHSDJwN+Bg=="
    }
  ]
}

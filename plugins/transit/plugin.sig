{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "jsZW9OFrmU8RJYaD05XbyvXuyYbLR1RXXntbesYe54gCNLhigPssolGl4dTeyia/8EOhvIbrwR82cw7MF97LBg=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "6A/JfMr5YfNii1ha2XUTD9cQLdPhF55JzLPB3by9amGU7XSnRJBiDzMKgc6eYM5MBAEbqIBomIu20BokV1KyDQ=="
    }
  ]
}

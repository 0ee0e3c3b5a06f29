{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "F7CWAQBOWWiMy38s2m7kjo6WVtwbSttH5xir0AMISL2uletKifKksHeChuChqSani6qxZvKgfXtcHnKex6X0Dg=="
    }
  ]
}

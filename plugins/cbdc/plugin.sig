{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "j40SMVpRxmLnYOVBlpjhLyabTH4csz+RUGKqvF3Tjeg2DlKE5VC0L9Dw0bGW3TACSX7pWlx1r4gtd/CqY0MdAA=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "WJBo0JuyHVzpP6VVudhCtvPjZ/I7Bs1OvcYvW8u13Z3Rrsf2123QcIMKwLGAVGlZqomiOlr4fh/ZXPUAY0FBAg=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "sLNzU+a6lgxFT4p3Hoxdlvlh18+x9F9zaod1b1QEw/0vs+xntyyNXsSg0GYxl+nnYW3z15y914Zo2H72ge1BCA=="
    }
  ]
}

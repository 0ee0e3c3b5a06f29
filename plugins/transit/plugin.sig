{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "okTSA7Ku1kH4B5jN8g+j5JQOMyevgyJClQct9LtU+MJH6UUE1b/LjmQeQyX2tBwhriAq65P7hYyMNJR1juRdAQ=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "+0L+H4veHPa9KyfvZimYdyHyfpYhqi1R+ZyIkJjB7ObKRRo+whBZo70kd9zTMaSAQC7AvMGh4GT1KorlaO1BDg=="
    }
  ]
}

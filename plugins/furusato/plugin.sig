{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "qrgOP4ZdcOUBpT5OyQHlTz8sUzt3MYMVXy2x3jeUiMn3xcqnVGzWUJS2lE8Wi48kkQ9j0qfDgMd9XhkgfwbWCA=="
    }
  ]
}

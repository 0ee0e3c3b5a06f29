{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "aJG66jKlsmE/TDjm4xIYjoFXrwi2HWlLzOZ/z7b/xuM9JPUKnTMtEdbazmAjknr86JxJBFu8ZU6Y3KtENxAdDw=="
    }
  ]
}

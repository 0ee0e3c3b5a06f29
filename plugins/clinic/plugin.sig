{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "UmaNNG1KHZsDWS1h1yhovAzpkKXflFT1u5uA6DpZGil+87+vK1bQ0nMWiZKGIwU83JNWt2qRa/hq1H8XVFxKDw=="
    }
  ]
}

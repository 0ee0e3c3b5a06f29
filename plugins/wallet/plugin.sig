{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "KMnHrQUit3rlECcHJN7XiyVFeKXbc921X0CvQKqlH1mEs/k9pKJPfcOh508vBUDYLl5ow7cEZP/esNbIjAbEBQ=="
    }
  ]
}

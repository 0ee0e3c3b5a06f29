{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "m8vhQHelXXa3LmFjF7D8pXfO/vC9tqqh5yvkOJZMRa9FLUlXmO9fFzhF5LyNh/hS4hf56TE9+R8vgnZTwOT/BQ=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "lI5M9wQ+KHnvarl+l8VYq/Ey3V5nPW09PBhX9gbSkvH+GKy8yP3k23T7RWE/YShb9dIVzhDS4dt8ZDyEf4+0Cw=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "0DU6K0epLGXKdKR1KcJDEdMMqaRU+C5DFQnjaHUh0STUCnxr/6nFEs5Q4onGEZdlW6FoqsHu+jlHd977mR7jDg=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "3ZAJjvXAJeqaVe1kzmWDvUxtK5ptV98wwzKYTQ1vKnZxyr3lgXcM/17zf1cHN4v865pW2Ub5kXmzTg1fzxL0AQ=="
    }
  ]
}

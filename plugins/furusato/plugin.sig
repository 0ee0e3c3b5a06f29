{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "TPuCBIN/jqrp3RHgytTCOyZRzQgx02+v6D1QfTOHhNCwO7QJwaMyUOLoBJpAT+LNufgZ1Z3/+hPojhJL6D4aCA=="
    }
  ]
}

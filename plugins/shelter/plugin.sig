{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "oCSwVC7YLeJGsCvAaTQUArG0Ma9SWzi6U4U1dspqu9DYFyf9aOX6Toei449AYXdyMzZHTVPUcubSQZkjYVkUAw=="
    }
  ]
}

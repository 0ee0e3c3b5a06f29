{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "7Gp0tED/x4nYv3ellwblj0+RBKQXC7A0/WuU8OXpvqoGh5KHxpUmrjSlH/hUY36L+njIBNNHwSZ6VyUiwlMxAw=="
    }
  ]
}

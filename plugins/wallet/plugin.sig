{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "DKHsPUDh1tTiHYW6KLhVIydnUdKnyR/uLrJjp9CpUi89LJJs1q2VE8B2/vcpv4bpJ7SO4fSs30v0RvHqiQdoBQ=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "BwVbv1HQf6+ossG7bHjv2eRXKiP0pobUGwWzOoRYWvDBQJ1Cug0XMyKD35NNSjTOkl512SsVk5kXzZ31GOPsBA=="
    }
  ]
}

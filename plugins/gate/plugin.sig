{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "BPtFOcmJT21Pv19n5pleDhOU01tjcfyAwn5R1r0wUgkwXsP60IOLsm4SylnGmq8A3Oem/egDBs1wLqzBlUniAA=="
    }
  ]
}

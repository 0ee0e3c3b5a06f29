{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "neWj4SQY/GpnmHuRVy6mCQo12rR+D/PDCcgXXNngt3JgV/LS9YiUeIrKb+SRfhdv9ymtB9pY0kDJV+jTowBHAA=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "mgBucwsgo8H2DjW+bVs35DjvW/eBE/7wfjJCIQe+R76mAYbxAXFxFryHmHCidjAKx5L7JLotXhElL7LhxdQkCQ=="
    }
  ]
}

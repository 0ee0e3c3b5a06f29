{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "zG1N4Pbbzy7gwkel84gT68f9aYxXAt4ADeDvrSD1U4JZwy1TgPSWP2BxIeaSeR5eeHNULYBBqUcfUvn6VL31Cw=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "HihBWji1F7p3jkDbyWcEVjxkY9q8ZIN0MTqDEdoJiIeRoWfgoo8ybQYhc/3U36NI9eBLE7SC6aZiK0WTR+95Ag=="
    }
  ]
}

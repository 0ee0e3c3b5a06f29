{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "mYqc4CMXtFb0owVcgG0Hrr2xCjbNsG12fBIXDWO3RT0Zdo393s1cL6WWqNCIxPufKH954eP2SO42sTRjg5SoAw=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "NnxqkSV5SrgOszkCR+Dl+gyQTnZHhsMEFilTHnyRiFMY3wyuryqkxFOPxBixBU6+1onpmmAsYaPM0mW/KTmuAQ=="
    }
  ]
}

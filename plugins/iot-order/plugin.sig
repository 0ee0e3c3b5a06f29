{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "tTlWakI5QFiJotWMDA2HsAYxJlZ1uat5F2yi+EYxWlTVNTUCwbrgBQ2KnTPkV31NnF9xg/EgIrz25cCHRXhxCw=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "aPNiqLhbPMV+fM39udayKF40H9MWU559zzf6pFba4mDsQjdUFt9KIKIakWZoSOTFRxZqSB3dihDWuZMNPCDjAg=="
    }
  ]
}

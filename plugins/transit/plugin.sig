{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "Yvu+liykERJRdM6zLSiTR2rdFBkhQ0fPbKTMAOx2EtrUVitZPU4Klt4FkAU9bDD32iuIY53H23DQHsqlxBx5CA=="
    }
  ]
}

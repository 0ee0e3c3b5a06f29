{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "PmBKtZ+6SWYUmRfLTnE237Y4/PjyrgnZWrpX6dXo3cPLYSSM/OskQ79KYWa3vMwkiNPmAvA019CnbuO+pTvPAA=="
    }
  ]
}

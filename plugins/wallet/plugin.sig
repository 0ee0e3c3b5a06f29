{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "9bIAXn6HrMDFeYgPHSs5qega1KrElc2pyJghpMAkuItkTjhmgWptaEUfqPht1qMvTzRc2+OLHkH8MQLJVJWvDg=="
    }
  ]
}

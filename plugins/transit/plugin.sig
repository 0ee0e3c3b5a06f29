{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "92ZK+xdIXbFi8MEDzhsowscaSvJkkSEk9sRDGPugtHpHpfGbeG3qiwkhONVNud7Eg5HeXI5+i2ginVdKUxU3BA=="
    }
  ]
}

{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "wkRooHkyFehtr2d6+xd4l8Z1wqt8txEcRC3E+mWfJ6sJWXFVH4ls5bHcdacuiJ0r79siqI5xyu8z1o9qBISKBQ=="
    }
  ]
}

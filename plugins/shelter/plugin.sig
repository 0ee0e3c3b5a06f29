{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "V29nYmRdR3jz8q+I2SdNedDKMHVH8IAsuSEJwRTANX4xeuT4MzHMEizak66ZxRoQcLNvXbuS1Df7YrSAKQYYDg=="
    }
  ]
}

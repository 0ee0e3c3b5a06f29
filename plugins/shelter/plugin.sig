{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "b1/VFGrmqAgpMtdUsh5YSjt/xIQjW/RPAmZxI92wJ/5VGKYa1v8v493rX384cDRb/N4ELcx/lmjdngy98MxmDg=="
    }
  ]
}

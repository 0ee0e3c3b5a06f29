{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "+4GdlRI8kFBtiGJn23gyv2IHz7tPxuwb5/raYF8PCV978VLGVWIxj4edYyDNavqrlt1sZ5e0SP9TAed0Xjk3Bw=="
    }
  ]
}

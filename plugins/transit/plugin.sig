{
  "signatures": [
    {
      "key": "tebura-demo",
      "algorithm": "ed25519",
      "signature": "6PynwvLF0NASYhLYkwPJpEvbAy8xt03sLLLxIM/4KEVu+lQDpG03uYs5UhXZNJq8vnJNAaHkxnkVh02tZmMlAw=="
    }
  ]
}

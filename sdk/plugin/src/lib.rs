//! Guest SDK: write a rail in one file.

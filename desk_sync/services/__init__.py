"""One file per task of the product. A service reads through ports, calls pure functions and writes through ports."""

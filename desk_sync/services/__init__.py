"""One file per thing that the product does: read through ports, call pure functions, write through ports."""

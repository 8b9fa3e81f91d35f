"""YAML with positions: values with the lines they were written on, and checks that report every mistake at once."""

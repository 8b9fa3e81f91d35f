"""YAML with positions: a tree that knows its lines, and checks that report every mistake at once."""

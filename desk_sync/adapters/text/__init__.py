"""Text in any language: folding, widths, identifiers and the names of countries."""

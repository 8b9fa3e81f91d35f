"""Text in any language: folding, column widths, identifiers and names of countries."""

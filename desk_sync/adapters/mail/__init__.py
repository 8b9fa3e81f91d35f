"""Mails as they come: the template, its fields in six languages, and the identifiers in the text."""

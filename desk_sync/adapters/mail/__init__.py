"""Reading of mails: the template and its fields in six languages, and the identifiers in the text."""

"""Zoho in general: hosts of the data centres, OAuth, and the HTTP transport with a deadline."""

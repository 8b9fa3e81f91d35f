"""Requests for an escalation at one look, whoever made them and however, and what follows from those in words (R33)."""

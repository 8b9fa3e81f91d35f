"""Keeps every ticket of a Zoho Desk portal in the state that the support programme says it should be in."""

__version__ = "0.1.0"

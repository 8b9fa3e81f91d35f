"""Keeps every ticket of a Zoho Desk portal in the state that the support programme requires."""

__version__ = "0.1.0"

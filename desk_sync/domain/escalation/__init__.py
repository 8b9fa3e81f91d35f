"""Escalation: the regional matrix, the ladder that is climbed, what starts it, and the texts that people get."""

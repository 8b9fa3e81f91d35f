"""Escalation: the regional matrix, ladders and their triggers, and the texts for agents, recipients and partners."""

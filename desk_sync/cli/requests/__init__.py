"""Requests for an escalation that a person records for a partner (R33)."""

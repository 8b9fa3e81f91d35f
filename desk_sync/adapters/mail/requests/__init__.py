"""Reading of what a partner asks for in words: an escalation, or that they are dissatisfied (R33, R34)."""

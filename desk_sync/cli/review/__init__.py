"""`desk-sync review`: the tickets that wait for a person's decision, and the decisions made."""

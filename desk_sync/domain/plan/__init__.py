"""What should be true of a ticket now: the decision, the fields, comments and effects that follow, and the reasons."""

"""The note that explains a ticket to agents, kept up to date by editing (programme §0)."""

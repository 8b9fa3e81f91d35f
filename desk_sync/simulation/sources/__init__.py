"""The sources of a scenario: the account file itself, or a simulated source that has its customers."""

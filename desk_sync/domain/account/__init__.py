"""The end customer: what identifies an account, what it has bought, and whether it is a large user account."""

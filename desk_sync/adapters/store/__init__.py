"""What desk-sync has to know tomorrow, in SQL: SQLite by default, PostgreSQL in production.

Every method is one transaction, and what must change together changes in it. Nothing talks to the network meanwhile.
"""

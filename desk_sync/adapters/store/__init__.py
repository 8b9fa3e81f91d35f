"""The stored state of desk-sync, in SQL: SQLite by default, PostgreSQL in production.

What must change together changes in one transaction. No transaction waits for another service.
"""

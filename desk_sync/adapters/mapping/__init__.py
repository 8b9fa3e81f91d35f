"""The admin's mapping file: its schema, its checks, and the policy that is built from it."""

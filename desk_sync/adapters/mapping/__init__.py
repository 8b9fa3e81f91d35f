"""The admin's mapping file: its shape, its checks, and the policy that it gives."""

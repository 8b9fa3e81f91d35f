"""Protocols: what a service needs from the world. A docstring here is a contract; adapters and fakes are tested by it.

Instants are aware UTC datetimes. A method that calls another machine raises TemporaryError or PermanentError.
"""

"""What a service needs from the world. Adapters keep these promises; tests hold fakes and adapters to the same ones.

Instants are aware UTC datetimes. A method that talks to another machine raises TemporaryError or PermanentError.
"""

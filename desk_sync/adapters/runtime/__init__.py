"""What a process runs on: the embedded broker, its probe, library checks, notices, the dead man's switch."""

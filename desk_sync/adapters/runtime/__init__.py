"""The surroundings of a process: the embedded broker, its probe, library checks, notices, the dead man's switch."""

"""The programme's rules as pure functions of values: standard library only, no clock, no I/O."""

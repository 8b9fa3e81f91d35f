"""The wiring: the one place that reads the clock and names concrete classes.

`environment` is what surrounds a process (time, threads, transport), `process` the product in one process, `portal` its
services for one portal, `sources` those for subscription data, `opening` how a process opens it all, `offline` what
works on files alone, `checks` what has to be right for all of it to work.
"""

"""What must hold in every scenario, whatever happens in it; `desk-sync simulate --check` names the first that does not.

Everything is read where people would read it: clocks and history from our store, the rest from the simulated Desk.
"""

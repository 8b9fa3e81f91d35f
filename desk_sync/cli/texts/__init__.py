"""`desk-sync texts`: the texts that partners and agents get."""

"""A preview of every text that partners and agents can get, for an admin who reads them before going live."""

"""Watching over the product: health, what comes in, other installations, and the auditor that calls for help."""

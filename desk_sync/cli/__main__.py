"""`python -m desk_sync.cli`: the same as `desk-sync`, for children that must run with this very interpreter."""

from desk_sync.cli import main

main()

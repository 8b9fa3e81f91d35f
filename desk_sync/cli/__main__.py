"""`python -m desk_sync.cli`: the same as `desk-sync`, for child processes that must use this interpreter."""

from desk_sync.cli import main

main()

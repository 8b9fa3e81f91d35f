"""The end customer: the identifiers of an account, its subscriptions, and the large-user decision."""

"""The support commitment: business time, promises, the history of a ticket, and the clocks that follow from them."""

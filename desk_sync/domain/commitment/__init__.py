"""The support commitment: business time, what was promised, what happened, and the clocks that follow from both."""

"""The limits of a portal: calls in flight, daily credits, and the pause while Desk is down."""

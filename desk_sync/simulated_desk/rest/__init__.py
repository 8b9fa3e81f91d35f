"""The REST API of the simulated Desk: routes, the rules for what comes in, and a handler for each route."""

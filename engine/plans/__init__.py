"""From a spec and a request to a plan: compiling, conditions, strategies, bounds."""

"""engine decides: pure functions from a spec, a request, a view, a moment and a seed to a plan, and through its run."""

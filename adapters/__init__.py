"""adapters translate: a call into what a provider wants, its answer into a transcript or a failure. Pure."""

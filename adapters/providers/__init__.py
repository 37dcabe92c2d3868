"""One module for each provider: what is known of it, and how its calls are made."""

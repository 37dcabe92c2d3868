"""What a provider says when it refuses, and which kind of failure that is."""

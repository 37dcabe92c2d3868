"""Audio as it comes in: where its bytes lie, and what its first bytes tell."""

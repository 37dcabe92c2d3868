"""Audio as providers want it named: containers and media types."""

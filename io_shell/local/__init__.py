"""The recogniser on this machine: a pool of worker processes that decode, split and recognise."""

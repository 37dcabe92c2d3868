"""From a plan and what happens to the next commands: the driver."""

"""Plans tried out before anything is sent: rehearsals, policy tests, differences, odds."""

"""Virtual keys: who may use a gateway, kept in a SQLite file that several processes share."""

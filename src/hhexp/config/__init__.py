"""The typed configuration: its schema, its check, and what may be named in it."""

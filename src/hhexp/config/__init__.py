"""The typed configuration: its schema, its check, and the functions that it may name."""

"""A run trained again: what is on record, what differs now, and whether its numbers came back."""

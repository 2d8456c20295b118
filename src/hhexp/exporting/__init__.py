"""A run's model as files that need no hhexp: written, described, checked against the original."""

"""A study that answers itself: trains what is missing, judges after each look, and stops."""

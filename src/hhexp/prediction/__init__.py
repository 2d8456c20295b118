"""What a run's model says of pictures, and what in them speaks for it."""

"""What a run's model says about pictures, and which regions speak for its answer."""

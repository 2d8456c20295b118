"""What trains a sweep's jobs: one file an engine."""

"""From a command line to trained runs: composing jobs, and spreading them over processes."""

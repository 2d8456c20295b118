"""From a command line to trained runs: composed by Hydra, scheduled, given to an engine."""

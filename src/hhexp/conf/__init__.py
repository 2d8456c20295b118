"""The configuration groups; every YAML file says what its keys are for."""

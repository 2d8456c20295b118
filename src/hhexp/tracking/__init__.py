"""Everything that touches MLflow: where runs live, a run being logged, runs read back."""

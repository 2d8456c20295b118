"""From a model and arrays to epochs of metrics; knows nothing of configuration or MLflow."""

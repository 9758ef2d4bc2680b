"""azureml.train: what is trained, and how: estimators, hyperdrive."""

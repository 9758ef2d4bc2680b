"""azureml.pipeline: steps that follow from one another."""

"""azureml._common: what public code takes from the old SDK's inside: its errors."""

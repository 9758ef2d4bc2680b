"""The variables by which a job is told its data, as Azure ML names them. A job of its own loads nothing else for it."""

REFERENCE = "AZUREML_DATAREFERENCE_"
"""How the variable begins that has the path of an input or output, before its name."""
INPUT_NAMES = "AZUREML_DATASET_ENVIRONMENT_VARS"
"""`train:mount,rows:direct`."""
OUTPUT_NAMES = "AZUREML_DATASET_FILE_OUTPUTS"
"""`model;figures`."""

"""azureml.data.azure_data_lake_datastore: datastores in Azure's data lakes, which are datastores like any other."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core": [
            "AbstractADLSDatastore:Datastore",
            "AzureDataLakeDatastore:Datastore",
            "AzureDataLakeGen2Datastore:Datastore",
        ]
    },
)

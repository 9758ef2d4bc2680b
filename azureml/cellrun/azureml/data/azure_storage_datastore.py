"""azureml.data.azure_storage_datastore: datastores in Azure's storage, which are datastores like any other."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core": [
            "AbstractAzureStorageDatastore:Datastore",
            "AzureBlobDatastore:Datastore",
            "AzureFileDatastore:Datastore",
        ]
    },
)

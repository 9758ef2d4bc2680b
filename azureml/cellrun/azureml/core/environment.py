"""azureml.core.environment: environments and their parts."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.azureml.core.container_registry": ["ContainerRegistry"],
        "cellrun.core": ["CondaDependencies", "Environment"],
        "cellrun.core.environments.sections": [
            "DockerSection",
            "PythonSection",
            "RSection:NoticedSection",
            "SparkSection:NoticedSection",
        ],
    },
)

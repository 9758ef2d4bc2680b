"""azureml.core.runconfig: how a run is to be run, and the parts of that."""

from cellrun.azureml.lazy import lazily

# Azure ML's own images: texts to be set in an environment's docker section, where they are passed over.
_IMAGES = "mcr.microsoft.com/azureml"
DEFAULT_CPU_IMAGE = f"{_IMAGES}/openmpi4.1.0-ubuntu22.04:latest"
DEFAULT_GPU_IMAGE = f"{_IMAGES}/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04:latest"
DEFAULT_MMLSPARK_CPU_IMAGE = f"{_IMAGES}/base:0.2.4"
DEFAULT_MMLSPARK_GPU_IMAGE = f"{_IMAGES}/base-gpu:0.2.4"
MMLSPARK_CPU_IMAGE = DEFAULT_MMLSPARK_CPU_IMAGE
MMLSPARK_GPU_IMAGE = DEFAULT_MMLSPARK_GPU_IMAGE
DEFAULT_MMLSPARK_VERSION = "0.15"
DEFAULT_AZUREML_EDGE_CPU_IMAGE = f"{_IMAGES}/base:openmpi3.1.2-ubuntu18.04"
CURATED_ENVIRONMENT_PREFIX = "AzureML"
AZUREML_CONDA_ENV_NAME = "azureml"
LOCAL_RUNCONFIG_NAME = "local"
RUNCONFIGURATION_EXTENSION = ".runconfig"
SUPPORTED_DATAREF_MODES = ["mount", "download", "upload"]

_PARTS = (
    *("AmlComputeConfiguration", "DockerConfiguration", "HdiConfiguration", "HistoryConfiguration"),
    *("KubernetesComputeConfiguration", "MpiConfiguration", "ParallelTaskConfiguration", "PyTorchConfiguration"),
    *("SparkConfiguration", "TensorflowConfiguration"),
)

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.azureml.core.container_registry": ["ContainerRegistry"],
        "cellrun.azureml.data.datapath": ["DataPath"],
        "cellrun.core": ["CondaDependencies", "RunConfiguration"],
        "cellrun.core.data.stores.data_reference": ["DataReferenceConfiguration"],
        "cellrun.core.environments.environment": [
            *("EnvironmentDefinition:Environment", "Environment", "EnvironmentReference:Environment"),
        ],
        "cellrun.core.environments.sections": [
            *("DockerEnvironment:DockerSection", "DockerSection", "PythonEnvironment:PythonSection", "PythonSection"),
            *("SparkEnvironment:NoticedSection", "SparkSection:NoticedSection"),
        ],
        "cellrun.core.submission.configuration.parts": _PARTS,
        __name__: [
            *("DEFAULT_CPU_IMAGE", "DEFAULT_GPU_IMAGE", "DEFAULT_MMLSPARK_CPU_IMAGE", "DEFAULT_MMLSPARK_GPU_IMAGE"),
            *("MMLSPARK_CPU_IMAGE", "MMLSPARK_GPU_IMAGE"),
        ],
    },
)

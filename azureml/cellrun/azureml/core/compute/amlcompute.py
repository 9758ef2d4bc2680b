"""azureml.core.compute.amlcompute: clusters, which are names for this machine."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.errors": ["ComputeTargetException"],
        "cellrun.core.targets.local.cluster": ["AmlCompute"],
        "cellrun.core.targets.local.cluster_status": ["AmlComputeStatus", "ScaleSettings"],
        "cellrun.core.targets.resource": ["AmlComputeProvisioningConfiguration:Provisioning"],
    },
)

"""azureml.core.compute.computeinstance: compute instances, which are names for this machine."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.targets.local.cluster": ["ComputeInstance"],
        "cellrun.core.targets.local.cluster_status": ["ComputeInstanceStatus"],
        "cellrun.core.targets.resource": ["ComputeInstanceProvisioningConfiguration:Provisioning"],
    },
)

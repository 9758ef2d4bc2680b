"""azureml.core.compute.compute: a compute target, and what one is made with."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.errors": ["ComputeTargetException"],
        "cellrun.core.targets.contract": ["ComputeTarget"],
        "cellrun.core.targets.resource": [
            *("ComputeTargetProvisioningConfiguration:Provisioning", "ComputeTargetAttachConfiguration:Provisioning"),
        ],
    },
)

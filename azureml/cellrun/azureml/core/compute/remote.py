"""azureml.core.compute.remote: a machine that is reached by ssh."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.errors": ["ComputeTargetException"],
        "cellrun.core.targets.resource": ["RemoteComputeAttachConfiguration:Provisioning"],
        "cellrun.core.targets.ssh.target": ["RemoteCompute:SshTarget"],
    },
)

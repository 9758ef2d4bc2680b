"""azureml.core.compute: where runs are started. Clusters and compute instances are names for this machine.

RemoteCompute is another one, reached by ssh.
"""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        "cellrun.core.targets.contract": ["ComputeTarget"],
        "cellrun.core.targets.local.cluster": ["AmlCompute", "ComputeInstance"],
        "cellrun.core.targets.ssh.target": ["RemoteCompute:SshTarget"],
    },
)

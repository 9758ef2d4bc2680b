"""What of the old SDK cellrun doesn't do: one table: refusals, the page in the docs and tests are made of it.

All of it can be imported, subclassed and written in an annotation; used (called, or asked for an attribute) it raises
NotSupportedError, which says why and what there is instead.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cellrun.core.errors import CellrunError, NotSupportedError

_AUTOML = "is Azure's own service for finding models"
_SWEEP = "sweep over a script's parameters with azureml.train.hyperdrive, or call a library such as FLAML in a run"
_SERVES = "puts a model behind an address in Azure"
_LOAD = "Model.get_model_path finds a registered model's files, for a web framework of your choice"
_AZURE = "is about a resource in Azure, and nothing here runs there"
_EXPLAINS = "needs Azure's portal to show what it finds"
_COMMUNITY = "use interpret-community, shap or fairlearn in the run, and keep what they make with run.upload_file"
_FOLLOWS = "drives runs on Azure's own machines"
_PUBLISHES = "keeps a pipeline in a service that starts it later"
_KEEPS_PARTS = "keeps parts of pipelines in Azure's service"
_STEPS = "make the steps from their scripts by PythonScriptStep"
_SUBMIT = "submit the pipeline where it is wanted, by cron if it is to be by the clock"


class Row(NamedTuple):
    """A module, or some of its names."""

    module: str
    """Of the old SDK; without names, all below it, too."""
    names: tuple[str, ...]
    """Empty for all."""
    why: str
    instead: str
    is_clouds_own: bool = False
    """Whether it is about Azure itself, so that nothing on another machine can mean it."""


_ELSEWHERE = {
    "adla": ("AdlaCompute",),
    "aks": ("AksCompute",),
    "amlwindowscompute": ("AmlWindowsCompute",),
    "batch": ("BatchCompute",),
    "databricks": ("DatabricksCompute",),
    "datafactory": ("DataFactoryCompute",),
    "dsvm": ("DsvmCompute",),
    "hdinsight": ("HDInsightCompute",),
    "kubernetescompute": ("KubernetesCompute",),
    "kusto": ("KustoCompute",),
    "synapse": ("SynapseCompute",),
}
"""Compute targets of the cloud's own, by the modules that they are in below azureml.core.compute."""
_TARGETS = "AmlCompute, or the target 'local', which are this machine; RemoteCompute, which is one reached by ssh"

TABLE: tuple[Row, ...] = (
    Row("azureml.core.compute", tuple(name for names in _ELSEWHERE.values() for name in names), _AZURE, _TARGETS),
    Row(
        "azureml.core.runconfig",
        ("EggLibrary", "JarLibrary", "MavenLibrary", "PyPiLibrary", "RCranLibrary"),
        "is a library for Databricks, and nothing here runs there",
        "CondaDependencies",
    ),
    *(Row(f"azureml.core.compute.{module}", (), _AZURE, _TARGETS) for module in _ELSEWHERE),
    Row(
        "azureml.core",
        ("Image", "Webservice"),
        _AZURE,
        _LOAD,
        is_clouds_own=True,
    ),
    Row(
        "azureml.core",
        ("LinkedService", "PrivateEndPoint", "PrivateEndPointConfig", "SynapseWorkspaceLinkedServiceConfiguration"),
        _AZURE,
        "",
        is_clouds_own=True,
    ),
    Row(
        "azureml.core",
        ("attach_legacy_compute_target", "remove_legacy_compute_target"),
        "is about compute targets of a version before 1.0",
        "ws.compute_targets has those that there are",
    ),
    Row("azureml.core.model", ("InferenceConfig", "ModelPackage"), _SERVES, _LOAD, is_clouds_own=True),
    Row(
        "azureml.core.environment",
        ("DockerBuildContext", "RCranPackage", "RGitHubPackage", "SparkPackage", "SparkRepository"),
        "is about containers, R and Spark, which no run here is started in",
        "a Python environment of packages",
    ),
    Row("azureml.core.databricks", (), _AZURE, "", is_clouds_own=True),
    Row("azureml.core.image", (), _SERVES, _LOAD, is_clouds_own=True),
    Row("azureml.core.linked_service", (), _AZURE, "", is_clouds_own=True),
    Row("azureml.core.private_endpoint", (), _AZURE, "", is_clouds_own=True),
    Row("azureml.core.profile", (), _SERVES, _LOAD, is_clouds_own=True),
    Row("azureml.core.webservice", (), _SERVES, _LOAD, is_clouds_own=True),
    Row(
        "azureml.data",
        ("HDFSOutputDatasetConfig", "LinkFileOutputDatasetConfig", "LinkTabularOutputDatasetConfig"),
        "hands data on inside Azure",
        "OutputFileDatasetConfig",
    ),
    Row(
        "azureml.data.output_dataset_config",
        (
            "HDFSOutputDatasetConfig",
            "LinkFileOutputDatasetConfig",
            "LinkTabularOutputDatasetConfig",
            "OutputTabularDatasetConfig",
        ),
        "hands data on inside Azure",
        "OutputFileDatasetConfig",
    ),
    *(
        Row(
            f"azureml.data.{name}",
            (),
            "reads from a database or a file system that only a cluster reaches",
            "query it in the script, or export it to files for Dataset.Tabular.from_delimited_files",
        )
        for name in (
            "azure_my_sql_datastore",
            "azure_postgre_sql_datastore",
            "azure_sql_database_datastore",
            "dbfs_datastore",
            "hdfs_datastore",
            "sql_data_reference",
            "stored_procedure_parameter",
        )
    ),
    Row("azureml.automl", (), _AUTOML, _SWEEP),
    Row("azureml.train.automl", (), _AUTOML, _SWEEP),
    Row("azureml.training", (), _AUTOML, _SWEEP),
    Row("azureml.contrib.automl", (), _AUTOML, _SWEEP),
    Row("azureml.interpret", (), _EXPLAINS, _COMMUNITY),
    Row("azureml.explain", (), _EXPLAINS, _COMMUNITY),
    Row("azureml.contrib.explain", (), _EXPLAINS, _COMMUNITY),
    Row("azureml.contrib.interpret", (), _EXPLAINS, _COMMUNITY),
    Row("azureml.contrib.fairness", (), _EXPLAINS, _COMMUNITY),
    Row("azureml.responsibleai", (), _EXPLAINS, _COMMUNITY),
    Row("azureml.contrib.services", (), _SERVES, _LOAD, is_clouds_own=True),
    Row("azureml.monitoring", (), _SERVES, _LOAD, is_clouds_own=True),
    Row("azureml.datadrift", (), "watches data in Azure by a schedule of its service", "compare the data in a run"),
    Row("azureml.contrib.datadrift", (), "watches data in Azure by a schedule of its service", "compare it in a run"),
    Row("azureml.contrib.brainwave", (), "puts models on chips in Azure", "", is_clouds_own=True),
    Row("azureml.accel", (), "puts models on chips in Azure", "", is_clouds_own=True),
    Row("azureml.contrib.notebook", (), _FOLLOWS, "submit a script or a cell, or run papermill in a run"),
    *(
        Row(module, names, _PUBLISHES, _SUBMIT)
        for module, names in (
            (
                "azureml.pipeline.core",
                (
                    *("PipelineDraft", "PipelineEndpoint", "PublishedPipeline", "Schedule", "ScheduleRecurrence"),
                    "TimeZone",
                ),
            ),
            ("azureml.pipeline.core.graph", ("PublishedPipeline",)),
            ("azureml.pipeline.core.schedule", ()),
            ("azureml.pipeline.core.pipeline_endpoint", ()),
            ("azureml.pipeline.core.pipeline_draft", ()),
        )
    ),
    *(
        Row(module, names, _KEEPS_PARTS, _STEPS)
        for module, names in (
            (
                "azureml.pipeline.core",
                ("Module", "ModuleVersion", "ModuleVersionResolutionMode", "PipelineDataset", "DataType"),
            ),
            (
                "azureml.pipeline.core.graph",
                ("PipelineDataset", "DataType", "Graph", "ModuleDef", "InputPortDef", "OutputPortDef"),
            ),
            ("azureml.pipeline.core.module", ()),
            ("azureml.pipeline.core.module_step_base", ()),
        )
    ),
    Row(
        "azureml.pipeline.steps",
        ("ParallelRunConfig", "ParallelRunStep"),
        _FOLLOWS,
        "run independent PythonScriptSteps, one for each part of the data: they run at the same time",
    ),
    Row(
        "azureml.pipeline.steps.parallel_run_config",
        (),
        _FOLLOWS,
        "run independent PythonScriptSteps, one for each part of the data: they run at the same time",
    ),
    Row("azureml.pipeline.steps", ("AutoMLStep", "AutoMLStepRun"), _AUTOML, _SWEEP),
    Row(
        "azureml.pipeline.steps",
        (
            *("AdlaStep", "AzureBatchStep", "DatabricksStep", "DataTransferStep", "KustoStep", "ModuleStep"),
            *("RScriptStep", "SynapseSparkStep"),
        ),
        _FOLLOWS,
        "do the same in a PythonScriptStep or a CommandStep",
    ),
    Row("azureml.contrib.pipeline", (), _FOLLOWS, "run independent PythonScriptSteps, one for each part of the data"),
    Row("azureml.contrib.train", (), _FOLLOWS, "run the library in a ScriptRunConfig"),
    Row("azureml.contrib.dataset", (), "reads labels made in Azure's portal", "export them to files"),
    Row("azureml.contrib", (), "never left its trial", ""),
    Row("azureml.rl", (), _FOLLOWS, "run the library in a ScriptRunConfig"),
    Row(
        "azureml.opendatasets",
        (),
        "reads copies of public data that Azure keeps",
        "take the data from where it is published: Dataset.File.from_files and Dataset.Tabular read https addresses",
    ),
    Row(
        "azureml.tensorboard",
        (),
        "brings logs out of Azure",
        "run.download_files(prefix='logs') and `tensorboard --logdir`, or look at the run's own charts",
    ),
    Row("azureml.mlflow", (), "comes later", "run.log keeps metrics; mlflow logs to a folder of its own"),
    Row("azureml.fsspec", (), "reads addresses of the second SDK", "a datastore's path in a Dataset, or fsspec itself"),
    Row(
        "azureml.dataprep",
        (),
        "is the engine below the old SDK's datasets",
        "Dataset.Tabular and Dataset.File have what datasets do; pandas does the rest",
    ),
    Row("azureml.studio", (), "belongs to the designer in Azure's portal", "pandas, and files of your own"),
    Row("azureml.designer", (), "belongs to the designer in Azure's portal", "pandas, and files of your own"),
    Row("azureml.sdk", (), "only says which packages belong together", ""),
)


class _IsUsed(type):
    """The type of names that aren't supported: whatever is done with one, save naming it, is an error that says so."""

    told: tuple[str, str, str]

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise NotSupportedError(*cls.told)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        what, why, instead = cls.told
        raise NotSupportedError(f"{what}.{name}", why, instead)


def module_row(module: str) -> Row | None:
    """Return the row by which a whole module isn't supported."""
    return next((row for row in TABLE if not row.names and f"{module}.".startswith(f"{row.module}.")), None)


def names_of(module: str) -> set[str]:
    """Return the names of a module that aren't supported, as far as the table names them."""
    return {name for row in TABLE if row.module == module for name in row.names}


def placeholder(module: str, name: str) -> Any:
    """Return what stands for a name that isn't supported; None for any other."""
    row = next((row for row in TABLE if row.module == module and name in row.names), None) or module_row(module)
    if row is None:
        return None
    if name.endswith(("Exception", "Error")):  # for an except clause; nobody raises it
        return type(name, (CellrunError,), {"__module__": module})
    told = (f"{module}.{name}", row.why, row.instead)
    return _IsUsed(name, (), {"__module__": module, "told": told})

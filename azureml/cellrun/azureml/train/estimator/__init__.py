"""azureml.train.estimator: an older way to say what ScriptRunConfig says."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.azureml.estimators": ["Estimator", "MMLBaseEstimator:Estimator"]})

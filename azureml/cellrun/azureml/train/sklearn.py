"""azureml.train.sklearn: the estimator of scikit-learn."""

from cellrun.azureml.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"cellrun.azureml.estimators": ["SKLearn"]})

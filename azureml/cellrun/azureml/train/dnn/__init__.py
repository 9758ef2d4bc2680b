"""azureml.train.dnn: the estimators of libraries for deep learning, and how their processes are started."""

from cellrun.azureml.lazy import lazily

_ESTIMATORS = ("Chainer", "Keras", "PyTorch", "TensorFlow")
_PROCESSES = ("Gloo", "Mpi", "Nccl", "ParameterServer")

__getattr__, __dir__ = lazily(__name__, {"cellrun.azureml.estimators": (*_ESTIMATORS, *_PROCESSES)})

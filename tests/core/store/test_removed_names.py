"""An error that misses a name which a library has removed says since when, and what to do."""

import traceback

import pytest

from cellrun.core.processes.exits import JobExit
from cellrun.core.store.failure import LogEnd, reason
from cellrun.core.store.removed_names import why_missing


@pytest.mark.parametrize(
    ("code", "version"),
    [
        ("import numpy\nnumpy.float(1)", "NumPy 1.24"),
        ("import sklearn.externals.joblib", "scikit-learn 0.23"),
        ("import sklearn.cross_validation", "scikit-learn 0.20"),
        ("from sklearn.preprocessing import Imputer", "scikit-learn 0.22"),
        ("import pandas\npandas.DataFrame().append([])", "pandas 2.0"),
        ("import pandas\npandas.Series().iteritems()", "pandas 2.0"),
        ("import pandas\npandas.DataFrame().applymap(str)", "pandas 3.0"),
        ("from sklearn.metrics import plot_confusion_matrix", "scikit-learn 1.2"),
        ("from sklearn.preprocessing import OneHotEncoder\nOneHotEncoder().get_feature_names()", "scikit-learn 1.2"),
        ("from sklearn.preprocessing import OneHotEncoder\nOneHotEncoder(sparse=False)", "scikit-learn 1.4"),
        ("from sklearn.linear_model import LinearRegression as L\nL(normalize=True)", "scikit-learn 1.2"),
        ("from sklearn.linear_model import Lasso as L\nL(normalize=True)", "scikit-learn 1.2"),
        ("from sklearn.linear_model import LogisticRegression as L\nL(multi_class='auto')", "scikit-learn 1.8"),
        (
            "from sklearn.metrics import mean_squared_error\nmean_squared_error([1], [1], squared=False)",
            "scikit-learn 1.6",
        ),
    ],
)
def test_what_the_libraries_themselves_say_is_known(code, version):
    with pytest.raises(Exception) as missed:  # noqa: PT011  # whatever a library raises
        exec(code, {})
    log = "".join(traceback.format_exception(missed.value))
    assert version in reason(JobExit(1, None), LogEnd.of(log))


@pytest.mark.parametrize(
    "error",
    [
        "AttributeError: module 'numpy' has no attribute 'flaot'",
        "AttributeError: 'MyEncoder' object has no attribute 'get_feature_names'",
        "TypeError: mine() got an unexpected keyword argument 'squared'",
        "TypeError: MyEncoder.__init__() got an unexpected keyword argument 'sparse'",
        "ModuleNotFoundError: No module named 'sklearn'",
    ],
)
def test_of_all_else_nothing_is_said(error):
    assert why_missing(error) == ""

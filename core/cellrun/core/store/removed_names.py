"""Explains errors about names that newer versions of libraries have removed.

Standard library only: the supervisor shares it.
"""

from __future__ import annotations

import re

_REMOVED = (
    (
        r"module 'numpy' has no attribute '(?:float|int|bool|object|complex|str)'",
        "NumPy 1.24 removed it, Python's own type of that name is the same; or run it with numpy<1.24",
    ),
    (r"module 'numpy' has no attribute '(?:trapz|in1d)'", "NumPy 2.4 removed it; run it with numpy<2.4"),
    (
        r"(?:No module named '|cannot import name '\w+' from ')sklearn\.externals(?:\.joblib|\.six)?'",
        "scikit-learn 0.23 removed it: import joblib or six by itself, or run it with scikit-learn<0.23",
    ),
    (
        r"No module named 'sklearn\.(?:cross_validation|grid_search|learning_curve)'",
        "scikit-learn 0.20 removed it, sklearn.model_selection has its place; or run it with scikit-learn<0.20",
    ),
    (
        r"cannot import name 'Imputer' from 'sklearn\.preprocessing'",
        "scikit-learn 0.22 removed it, sklearn.impute.SimpleImputer has its place; or run it with scikit-learn<0.22",
    ),
    (
        r"cannot import name 'plot_(?:confusion_matrix|roc_curve|precision_recall_curve|det_curve)' from 'sklearn",
        "scikit-learn 1.2 removed it for the Display classes; or run it with scikit-learn<1.2",
    ),
    (
        r"'(?:ColumnTransformer|\w+Vectorizer|OneHotEncoder)' object has no attribute 'get_feature_names'",
        "scikit-learn 1.2 removed it, get_feature_names_out has its place; or run it with scikit-learn<1.2",
    ),
    (
        r"OneHotEncoder\.__init__\(\) got an unexpected keyword argument 'sparse'",
        "scikit-learn 1.4 removed it, it is sparse_output now; or run it with scikit-learn<1.4",
    ),
    (
        r"^TypeError: (?:mean_squared_error\(\) )?got an unexpected keyword argument 'squared'",
        "scikit-learn 1.6 removed it, root_mean_squared_error has its place; or run it with scikit-learn<1.6",
    ),
    (
        r"LogisticRegression(?:CV)?\.__init__\(\) got an unexpected keyword argument 'multi_class'",
        "scikit-learn 1.8 removed it, OneVsRestClassifier is 'ovr', and for liblinear; or run it with scikit-learn<1.8",
    ),
    (
        r"(?:LinearRegression|Ridge|Lasso|ElasticNet)\.__init__\(\) got an unexpected keyword argument 'normalize'",
        "scikit-learn 1.2 removed it, a StandardScaler before it has its place; or run it with scikit-learn<1.2",
    ),
    (
        r"'(?:DataFrame|Series)' object has no attribute 'append'",
        "pandas 2.0 removed it, pandas.concat has its place; or run it with pandas<2",
    ),
    (
        r"'DataFrame' object has no attribute 'applymap'",
        "pandas 3.0 removed it, map has its place; or run it with pandas<3",
    ),
    (
        r"'(?:DataFrame|Series)' object has no attribute 'iteritems'",
        "pandas 2.0 removed it, items has its place; or run it with pandas<2",
    ),
)


def why_missing(error: str) -> str:
    """Return which library's version removed the name that an error misses, and what to do; empty for all others."""
    return next((words for pattern, words in _REMOVED if re.search(pattern, error)), "")

"""Apps after the features that Dash documents, each with what its user sees.

A module or package here is one example: its docstring names the feature, ``app`` is the app, and ``sees`` drives it in
a browser, whichever way it is shown. ``TROUBLES`` lists patterns of complaints that its browser has to make. Names that
begin with an underscore are parts of examples. ``tests/browser/test_examples.py`` runs them all.
"""

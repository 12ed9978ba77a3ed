"""Break things on purpose, one at a time, and see whether the tests notice.

A mutant is a small change in a copy of the repository. One that no check kills is a hole in the test suite, or changes
nothing. `python_mutants` draws them among the operators, numbers, conditions and decorators of the library;
`replacements.toml` and `changes` list those of the data, the notebooks and the tools; `__main__` runs the checks.
"""

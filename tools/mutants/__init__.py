"""Break things on purpose, one at a time, and see whether the tests notice.

Each mutant is a small change in a copy of the repository: a constant of a formula, a value in the data, a stored
output, a notebook that breaks a rule. A mutant that no check kills is a hole in the test suite. `replacements.toml`
and `changes` list the mutants, and `__main__` runs the checks on each of them.
"""

"""A decoder operator by operator, on devices that share it: what it holds, and how long a pass takes."""

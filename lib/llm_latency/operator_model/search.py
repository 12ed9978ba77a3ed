"""The largest length or batch whose bytes fit: of a cache that grows in straight pieces, or in any way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = []

LONGEST = 2.0**50
"""A length that fits here fits without end."""


def by_newton(cached: Callable, free: np.ndarray, pieces: int) -> np.ndarray:
    """Return the largest context whose cache takes no more than what is free.

    The cache grows along straight pieces, each no steeper than the last, because a window that is full no longer grows.
    A step along a piece therefore never leads too far, and each step leaves a piece behind.
    """
    length = 0 * free
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(pieces + 1):
            held = cached(length)
            growth = cached(length + 1) - held
            length = np.maximum(0, length + np.where(growth > 0, np.floor((free - held) / growth), np.inf))
    return length


def by_bisection(cached: Callable, free: np.ndarray, _: int) -> np.ndarray:
    """Return the same where a longer context can make another stage the fullest, so that the cache grows faster."""

    def fits(length: np.ndarray) -> np.ndarray:
        return cached(length) <= free

    none = 0 * (free + cached(np.zeros(())))
    return np.where(fits(none + LONGEST), np.inf, largest_between(fits, none, none + LONGEST - 1))


def largest_between(fits: Callable, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the largest whole number up to another one that fits, given one that does, or 0, which need not."""
    low, beyond = np.broadcast_arrays(low, high + 1)
    while np.any(beyond - low > 1):
        middle = np.floor((low + beyond) / 2)
        enough = fits(middle)
        low, beyond = np.where(enough, middle, low), np.where(enough, beyond, middle)
    return low

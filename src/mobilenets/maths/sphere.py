"""Places on the earth as a sphere: distances, and means that know neither poles nor antimeridian."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EARTH_RADIUS_KM = 6371.0088
"""The mean radius of the earth (IUGG). Great-circle distances on it are within .6 % of those on the ellipsoid."""


def unit_vectors(latitude: Array, longitude: Array) -> Array:
    """Points (N, 3) of the unit sphere at degrees (N,): x towards (0, 0), z towards the north pole."""
    lat, lon = np.radians(latitude), np.radians(longitude)
    flat = np.cos(lat)
    return np.stack([flat * np.cos(lon), flat * np.sin(lon), np.sin(lat)], axis=-1)


def coordinates(vectors: Array) -> Array:
    """Latitude and longitude (N, 2) in degrees of vectors (N, 3) of any length but zero."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.degrees(np.stack([np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)], axis=-1))


def great_circle_km(one: Array, other: Array) -> Array:
    """Kilometres (...) between places (..., 2) of latitude and longitude in degrees; shapes broadcast.

    The haversine formula, which is exact for near places; of opposite ones it is right to some metres.
    """
    lat, lon = np.radians(one[..., 0]), np.radians(one[..., 1])
    to_lat, to_lon = np.radians(other[..., 0]), np.radians(other[..., 1])
    across = np.sin((to_lat - lat) / 2) ** 2 + np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
    half = np.arctan2(np.sqrt(across), np.sqrt(np.maximum(1 - across, 0)))
    return 2 * EARTH_RADIUS_KM * half


def chord(kilometres: float) -> float:
    """The straight line through the unit sphere between two places so far apart."""
    return float(2 * np.sin(min(kilometres / EARTH_RADIUS_KM, np.pi) / 2))


def mean_places(vectors: Array, groups: NDArray[np.int64], *, count: int) -> Array:
    """Mean places (count, 2) in degrees of unit vectors (N, 3), each in the group 0 to count - 1 of `groups` (N,).

    The mean of vectors, put back on the sphere: it is near to all of them where they lie within a hemisphere, as those
    of a cell do. Of a group without members it is (0, 0).
    """
    sums = [np.bincount(groups, weights=axis, minlength=count) for axis in vectors.T]
    return coordinates(np.stack(sums, axis=-1))

"""Rotation of RGB to decorrelated planes, chosen per picture and stored as three angles."""

import math

import numpy as np

from overtone.shapes import Float, UInt8

ANGLE_STEPS = 256  # per turn
_ROWS_AT_ONCE = 64  # so that memory does not grow with the height


def decorrelating_angles(image: UInt8[np.ndarray, "h w 3"]) -> tuple[int, int, int]:
    """Angles, in 1/256 turn, of the rotation that decorrelates the picture's differences.

    The Karhunen-Loève transform of horizontal and vertical differences rather than of values:
    the transform codes detail, and the mean colour costs next to nothing.
    """
    covariance = np.eye(3) * 1e-3 + 1e-3
    for top in range(0, len(image), _ROWS_AT_ONCE):
        values = image[top : top + _ROWS_AT_ONCE + 1].astype(np.float64)
        for differences in (np.diff(values[:_ROWS_AT_ONCE], axis=1), np.diff(values, axis=0)):
            each = differences.reshape(-1, 3)
            covariance += each.T @ each
    _, vectors = np.linalg.eigh(covariance)
    rows = vectors.T[::-1]
    rows = rows * np.where(rows.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    if np.linalg.det(rows) < 0:
        rows[2] *= -1
    yaw = math.atan2(rows[1, 0], rows[0, 0])
    pitch = math.asin(max(-1.0, min(1.0, -rows[2, 0])))
    roll = math.atan2(rows[2, 1], rows[2, 2])
    turn = ANGLE_STEPS / (2 * math.pi)
    return (
        round(yaw * turn) % ANGLE_STEPS,
        round(pitch * turn) % ANGLE_STEPS,
        round(roll * turn) % ANGLE_STEPS,
    )


def rotation(angles: tuple[int, int, int]) -> Float[np.ndarray, "3 3"]:
    """The orthonormal matrix with planes = matrix @ RGB."""
    yaw, pitch, roll = (2 * math.pi * a / ANGLE_STEPS for a in angles)
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )

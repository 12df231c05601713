"""Machines with GPUs that are not here."""

from __future__ import annotations

from gpuplayground.environments.packages.builds import Pair
from gpuplayground.environments.packages.machine import Gpu, Machine

NAMES = {
    (3, 5): "Tesla K40",
    (5, 0): "GeForce GTX 750 Ti",
    (6, 1): "GeForce GTX 1080",
    (7, 0): "Tesla V100",
    (7, 5): "Tesla T4",
    (8, 0): "A100",
    (8, 6): "GeForce RTX 3090",
    (8, 9): "GeForce RTX 4090",
    (9, 0): "H200",
    (10, 0): "B200",
    (12, 0): "GeForce RTX 5090",
}


def gpu(capability: Pair) -> Gpu:
    return Gpu(NAMES[capability], f"GPU-{capability[0]}{capability[1]}", capability)


def machine(
    cuda: Pair | None = (13, 0), *capabilities: Pair, system: str = "linux", processor: str = "x86_64"
) -> Machine:
    return Machine(system, processor, cuda, tuple(map(gpu, capabilities)))

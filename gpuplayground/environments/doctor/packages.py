"""The packages of an environment that matter for the GPU, and conflicts among them, read from its files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from gpuplayground.environments.doctor.finding import Finding, Fix, Level
from gpuplayground.environments.installed import package_folders, packages_in, small_text
from gpuplayground.environments.interpreters import Environment
from gpuplayground.model.samples import Inventory

#: The first driver for each CUDA major version, on Linux and Windows alike.
#: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
FIRST_DRIVER = {11: "450", 12: "525", 13: "580"}
_CUPY = re.compile(r"cupy-cuda(\d\d)x")
_CUDA_WHEEL = re.compile(r"nvidia-cuda-runtime(?:-cu(\d\d))?")
_CUDNN_WHEEL = re.compile(r"nvidia-cudnn-cu\d\d")
_LOCAL_BUILD = re.compile(r"\+cu(\d\d)\d")
#: Packages whose requirement on NumPy is checked, with the name to show.
_ON_NUMPY = {"numba": "Numba", "numba-cuda": "numba-cuda", "cupy": "CuPy", "tensorflow": "TensorFlow"}
_TENSORFLOW_CUDA = ("nvidia-cudnn-cu12", "nvidia-cudnn-cu13", "nvidia-cudnn-cu11")
PYTORCH, TENSORFLOW = Fix("pytorch", ("torch",)), Fix("tensorflow", ("tensorflow",))
CUDA = Fix("cuda", ("cupy", "numba", "pycuda"))


@dataclass(frozen=True, slots=True)
class Packages:
    """What is installed in an environment: versions by normalized name, and where the packages are."""

    environment: Environment
    versions: Mapping[str, str]
    folders: tuple[Path, ...] = field(default=())

    @property
    def label(self) -> str:
        """The environment's label."""
        return self.environment.label

    @property
    def cudnn_wheel(self) -> str:
        """The name of the wheel that brings cuDNN; empty without one."""
        return next((name for name in sorted(self.versions) if _CUDNN_WHEEL.fullmatch(name)), "")

    @property
    def cudnn(self) -> str:
        """The version of cuDNN that is installed as a wheel; empty without one."""
        return self.versions.get(self.cudnn_wheel, "")

    @property
    def has_own_nvcc(self) -> bool:
        """Whether CUDA's compiler is installed as a wheel."""
        found = (file for folder in self.folders for file in folder.glob("nvidia/*/bin/nvcc"))
        return next(found, None) is not None

    def metadata(self, name: str) -> Mapping[str, list[str]]:
        """Return the ``Requires-Dist`` and other headers of an installed package; empty if it is not found."""
        version = self.versions.get(name, "")
        for folder in self.folders:
            for spelling in (name, name.replace("-", "_")):
                text = small_text(folder / f"{spelling}-{version}.dist-info" / "METADATA")
                if text:
                    message = HeaderParser().parsestr(text)
                    return {key: [str(each) for each in message.get_all(key, [])] for key in set(message.keys())}
        return {}


def read_packages(environment: Environment) -> Packages:
    """Return the packages of an environment, which is not started."""
    prefix = Path(environment.prefix)
    return Packages(environment, packages_in(prefix), tuple(package_folders(prefix)))


def conflicts(packages: Packages, inventory: Inventory, system_cudnn: str = "") -> Iterator[Finding]:
    """Yield what keeps the frameworks of an environment from working together, or with this machine's driver.

    Args:
        packages: the environment.
        inventory: the driver and the GPUs.
        system_cudnn: the version of cuDNN that is installed for the whole machine; empty without one.
    """
    yield from _several_cupys(packages, inventory)
    yield from _numpy_too_new(packages)
    if inventory.gpus:
        yield from _driver_too_old(packages, inventory)
        if not system_cudnn:
            yield from _tensorflow_on_the_cpu(packages)
    yield from _broken_cudnn(packages)


def install_command(environment: Environment, requirements: str) -> str:
    """Return the command that installs requirements into an environment: by pip, or by uv where pip is not in it."""
    return pip_command(environment, f"install {requirements}")


def pip_command(environment: Environment, order: str) -> str:
    """Return the command for an order such as ``uninstall numpy``."""
    interpreter = environment.interpreter
    quoted = f'"{interpreter}"' if " " in interpreter else interpreter
    if "pip" in packages_in(Path(environment.prefix)):
        return f"{quoted} -m pip {order}"
    verb, _, rest = order.partition(" ")
    return f"uv pip {verb} --python {quoted} {rest.removeprefix('-y ')}"


def cuda_major(inventory: Inventory) -> int | None:
    """Return the major number of the newest CUDA version that the driver supports; None if it is not known."""
    text = (inventory.driver.cuda_version or "").partition(".")[0]
    return int(text) if text.isdecimal() else None


def _several_cupys(packages: Packages, inventory: Inventory) -> Iterator[Finding]:
    found = sorted(name for name in packages.versions if name == "cupy" or _CUPY.fullmatch(name))
    if len(found) < 2:
        return
    major = cuda_major(inventory)
    kept = next((name for name in reversed(found) if name == f"cupy-cuda{major}x"), found[-1])
    removed = " ".join(found)
    sentence = (
        f"{_listed(found)} are installed together and overwrite each other's files: keep only one of them"
        f"{f', {kept} for this driver' if major else ''}."
    )
    uninstall = pip_command(packages.environment, f"uninstall -y {removed}")
    install = install_command(packages.environment, f'"{kept}[ctk]"')
    command = f"{uninstall} && {install}"
    yield _finding(packages, "cupy", "several", sentence, command, CUDA)


def _numpy_too_new(packages: Packages) -> Iterator[Finding]:
    installed = packages.versions.get("numpy")
    if installed is None:
        return
    for name, shown in _ON_NUMPY.items():
        if name not in packages.versions:
            continue
        needed = _numpy_requirement(packages.metadata(name))
        if needed is None or _fits(needed, installed):
            continue
        sentence = (
            f"NumPy {installed} does not fit {shown} {packages.versions[name]}, which needs numpy{needed.specifier}."
        )
        command = install_command(packages.environment, f'"numpy{needed.specifier}"')
        module = name.removesuffix("-cuda")
        yield _finding(packages, module, "numpy", sentence, command, TENSORFLOW if name == "tensorflow" else CUDA)


def _numpy_requirement(metadata: Mapping[str, list[str]]) -> Requirement | None:
    for line in metadata.get("Requires-Dist", ()):
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.name.lower() == "numpy" and (
            requirement.marker is None or "extra" not in str(requirement.marker)
        ):
            return requirement
    return None


def _fits(requirement: Requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True


def _driver_too_old(packages: Packages, inventory: Inventory) -> Iterator[Finding]:
    supported = cuda_major(inventory)
    if supported is None:
        return
    for name, needed in _cuda_builds(packages).items():
        if needed <= supported:
            continue
        driver, cuda = inventory.driver.driver_version, inventory.driver.cuda_version
        sentence = (
            f"{name} is built for CUDA {needed}, but the driver {driver} supports only CUDA {cuda}: install driver "
            f"{FIRST_DRIVER.get(needed, '580')} or newer, or a build for CUDA {supported}."
        )
        fix = {"PyTorch": PYTORCH, "TensorFlow": TENSORFLOW}.get(name.partition(" ")[0], CUDA)
        command = f"gpuplayground env create {fix.name} {' '.join(fix.requirements)}"
        module = name.partition(" ")[0].lower().removeprefix("py")
        yield _finding(packages, module, "driver", sentence, command, fix)


def _cuda_builds(packages: Packages) -> dict[str, int]:
    """Return the CUDA major version of each framework's build, by the framework's name and version."""
    builds = dict[str, int]()
    versions = packages.versions
    wheels = {name: match for name in versions if (match := _CUDA_WHEEL.fullmatch(name))}
    majors = {int(match[1] or versions[name].partition(".")[0]) for name, match in wheels.items()}
    local = _LOCAL_BUILD.search(versions.get("torch", ""))
    if local is not None:
        builds[f"PyTorch {versions['torch']}"] = int(local[1])
    elif "torch" in versions and majors:
        builds[f"PyTorch {versions['torch']}"] = min(majors)
    elif "tensorflow" in versions and majors:
        builds[f"TensorFlow {versions['tensorflow']}"] = min(majors)
    cupys = {name: match for name in versions if (match := _CUPY.fullmatch(name))}
    if len(cupys) == 1:  # several are a conflict of their own
        ((name, match),) = cupys.items()
        builds[f"CuPy {versions[name]} ({name})"] = int(match[1])
    if "numba-cuda" in versions and majors and len(builds) == 0:
        builds[f"Numba {versions.get('numba', '')}".strip()] = min(majors)
    return builds


def _tensorflow_on_the_cpu(packages: Packages) -> Iterator[Finding]:
    name = next((each for each in ("tensorflow", "tensorflow-cpu") if each in packages.versions), None)
    if name is None or (name == "tensorflow" and any(each in packages.versions for each in _TENSORFLOW_CUDA)):
        return
    sentence = (
        f"TensorFlow {packages.versions[name]} has no CUDA libraries beside it and silently runs on the CPU: install "
        "tensorflow[and-cuda]."
    )
    command = install_command(packages.environment, '"tensorflow[and-cuda]"')
    yield _finding(packages, "tensorflow", "cpu", sentence, command, TENSORFLOW, Level.WARNING)


def _broken_cudnn(packages: Packages) -> Iterator[Finding]:
    """Yield that the library of cuDNN's wheel is missing, as after an interrupted or mixed installation."""
    if not packages.cudnn:
        return
    libraries = [file for folder in packages.folders for file in folder.glob("nvidia/cudnn*/**/*cudnn*")]
    if any(os.path.getsize(file) > 0 for file in libraries if file.is_file()):  # noqa: PTH202
        return
    sentence = f"cuDNN {packages.cudnn} is listed as installed, but its library is missing: install it again."
    command = install_command(
        packages.environment, f"--force-reinstall --no-deps {packages.cudnn_wheel}=={packages.cudnn}"
    )
    yield _finding(
        packages, "nvidia.cudnn", "files", sentence, command, PYTORCH if "torch" in packages.versions else TENSORFLOW
    )


def _finding(
    packages: Packages, framework: str, what: str, sentence: str, command: str, fix: Fix, level: Level = Level.PROBLEM
) -> Finding:
    identity = f"{packages.environment.prefix}/{framework}/{what}"
    return Finding(identity, packages.label, level, sentence, command, fix=fix)


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"

"""Which distribution provides a module: the packages that are installed without asking for their name.

Only modules of this table can be installed by one click. A name that is not in it may be a misspelling, and someone may
have published a package under that misspelling, so the user must confirm it first.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Distribution on PyPI by top-level module; a dotted name is looked up before its parents.
DISTRIBUTIONS: Mapping[str, str] = {
    # Frameworks
    "cupy": "cupy",
    "cupyx": "cupy",
    "jax": "jax",
    "jaxlib": "jax",
    "keras": "keras",
    "numba": "numba",
    "pycuda": "pycuda",
    "pyopencl": "pyopencl",
    "tensorflow": "tensorflow",
    "torch": "torch",
    "torchaudio": "torchaudio",
    "torchvision": "torchvision",
    "triton": "triton",
    # On top of the frameworks
    "accelerate": "accelerate",
    "datasets": "datasets",
    "diffusers": "diffusers",
    "einops": "einops",
    "flax": "flax",
    "lightning": "lightning",
    "onnx": "onnx",
    "optax": "optax",
    "pytools": "pytools",
    "pytorch_lightning": "pytorch-lightning",
    "safetensors": "safetensors",
    "skcuda": "scikit-cuda",
    "tensorflow_datasets": "tensorflow-datasets",
    "tokenizers": "tokenizers",
    "torchmetrics": "torchmetrics",
    "transformers": "transformers",
    "warp": "warp-lang",
    # CUDA from Python
    "cuda": "cuda-python",
    "cuda.bindings": "cuda-bindings",
    "cuda.core": "cuda-core",
    "cupti": "cupti-python",
    "nvtx": "nvtx",
    "pynvml": "nvidia-ml-py",
    # Numerics, data and images
    "IPython": "ipython",
    "PIL": "pillow",
    "av": "av",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dask": "dask",
    "dateutil": "python-dateutil",
    "h5py": "h5py",
    "imageio": "imageio",
    "joblib": "joblib",
    "matplotlib": "matplotlib",
    "networkx": "networkx",
    "numexpr": "numexpr",
    "numpy": "numpy",
    "pandas": "pandas",
    "plotly": "plotly",
    "polars": "polars",
    "psutil": "psutil",
    "pyarrow": "pyarrow",
    "requests": "requests",
    "rich": "rich",
    "scipy": "scipy",
    "seaborn": "seaborn",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "soundfile": "soundfile",
    "sympy": "sympy",
    "tabulate": "tabulate",
    "tqdm": "tqdm",
    "xarray": "xarray",
    "yaml": "pyyaml",
    "zarr": "zarr",
}


def distribution_for(module: str) -> str | None:
    """Return the distribution that provides a module such as ``cv2`` or ``cuda.core.experimental``.

    None if the table does not know it: ask the user for the distribution's name.
    """
    name = module
    while name:
        if name in DISTRIBUTIONS:
            return DISTRIBUTIONS[name]
        name = name.rpartition(".")[0]
    return None

"""Names of kernels, as frameworks really give them to the driver."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gpuplayground.tracing.demangle import demangle, short_name

ELEMENTWISE = (
    "_ZN2at6native29vectorized_elementwise_kernelILi4ENS0_15CUDAFunctor_addIfEESt5arrayIPcLm3EEEEviT0_T1_"
)  # fmt: skip
#: What ``numba.cuda.jit`` makes of a function ``add``.
NUMBA = "_ZN8__main__3addB2v1B38c8tJTIcFKzyF2ILShI4CrgQElQb6HczSBAA_3dE5ArrayIfLi1E1C7mutable7alignedES1_S1_"
has_demangler = sys.platform == "linux"


def test_a_cpp_name_is_demangled() -> None:
    name = demangle(ELEMENTWISE)
    if has_demangler:
        assert name.startswith("void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>")
    else:
        assert name == ELEMENTWISE


@pytest.mark.parametrize(
    "name",
    [
        "cupy_multiply__float32_float_float32",
        "triton_poi_fused_add_0",
        "sm80_xmma_gemm_f32f32_f32f32_f32_tn_n_tilesize128x128x8",
        "",
        "_Z",
        "_Zéclair",
        "_Z3foo\0bar",
        "_ZN2at" + "9" * 400,
        "_Z" + "3foo" * 50_000,
    ],
)
def test_any_other_name_stays_as_it_is(name: str) -> None:
    assert demangle(name) == name


@pytest.mark.skipif(not has_demangler, reason="this system has no demangler")
def test_demangling_does_not_keep_the_memory_of_its_results() -> None:
    """Results of some 700 bytes: 40,000 of them would be 28 MB."""
    code = """
import resource
from gpuplayground.tracing.demangle import demangle
def pointers(depth): return "_Z3foo" + "P" * depth + "i"
demangle(pointers(900))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for number in range(40_000):
    demangle.__wrapped__(pointers(500 + number % 400))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    grown_kib = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert grown_kib < 8 << 10


@pytest.mark.parametrize(
    ("name", "short"),
    [
        (
            "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float> >(int, float)",
            "vectorized_elementwise_kernel",
        ),
        (
            "void at::native::(anonymous namespace)::grid_stride_kernel<float, normal<F*>(Base&)::{lambda()#1}>(long)",
            "grid_stride_kernel",
        ),
        (
            "void cub::CUB_300102_SM_750_800::DeviceReduceKernel<cub::Policy<(2>1), (1<2)>, float*>(float*, int)",
            "DeviceReduceKernel",
        ),
        ("void cutlass::Kernel2<cutlass_80_tensorop_bf16_s16816gemm_bf16_128x128_32x5_nn_align8>(Params)",
         "cutlass_80_tensorop_bf16_s16816gemm_bf16_128x128_32x5_nn_align8"),
        ("void thrust::cuda_cub::core::_kernel_agent<thrust::cuda_cub::__parallel_for::Agent<F, long>, F, long>(F)",
         "Agent"),
        ("void kernel<4>(int)", "kernel"),
        ("__main__::add[abi:v1][abi:c8tJTIcFKzyF](Array<float, 1, C, mutable, aligned>, C, C)", "add"),
        ("add_them(float*, float*)", "add_them"),
        ("cupy_multiply__float32_float_float32", "cupy_multiply__float32_float_float32"),
        ("triton_poi_fused_add_0", "triton_poi_fused_add_0"),
        ("ampere_sgemm_128x64_nn", "ampere_sgemm_128x64_nn"),
        ("(", "("),
        ("<><<)(>", "<><<)(>"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_short_name_is_the_kernels_own(name: str, short: str) -> None:
    assert short_name(name) == short


@pytest.mark.parametrize(
    ("mangled", "short"),
    [
        (ELEMENTWISE, "vectorized_elementwise_kernel"),
        (NUMBA, "add"),
        ("_Z8add_themPfS_", "add_them"),
        ("_ZL6staticv", "static"),
        ("_ZN2at6native12_GLOBAL__N_131distribution_elementwise_kernelIfEEvi", "distribution_elementwise_kernel"),
        ("_Z", "_Z"),
        ("_ZTV3foo", "_ZTV3foo"),
    ],
)  # fmt: skip
def test_a_name_that_stayed_mangled_has_a_short_name_as_well(mangled: str, short: str) -> None:
    assert short_name(mangled) == short


@pytest.mark.skipif(not has_demangler, reason="this system has no demangler")
def test_demangled_and_mangled_agree_on_the_short_name() -> None:
    for name in (ELEMENTWISE, NUMBA):
        assert short_name(demangle(name)) == short_name(name)

"""The timeline of one run: statements, kernels and copies on one axis, with the GPU's curves below."""

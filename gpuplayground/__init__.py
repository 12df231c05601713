"""GPU Playground: live NVML graphs beside an editor that runs and times GPU snippets."""

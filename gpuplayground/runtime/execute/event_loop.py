"""Event loop for statements that await at top level, created for the first of them."""

from __future__ import annotations

import sys
from typing import Any, Coroutine


class TopLevelLoop:
    """The event loop for top-level ``await``, shared by all statements, so that tasks survive between them."""

    def __init__(self) -> None:
        self._runner: Any = None

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a statement that awaits."""
        if self._runner is None:
            import asyncio

            self._runner = asyncio.Runner() if sys.version_info >= (3, 11) else _OldRunner()
        self._runner.run(coroutine)

    def close(self) -> None:
        """Cancel the remaining tasks and close the loop."""
        if self._runner is not None:
            self._runner.close()


class _OldRunner:
    """Replacement for ``asyncio.Runner`` on Python 3.10."""

    def __init__(self) -> None:
        import asyncio

        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._loop.run_until_complete(coroutine)

    def close(self) -> None:
        import asyncio

        async def cancel_all() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._loop.run_until_complete(cancel_all())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

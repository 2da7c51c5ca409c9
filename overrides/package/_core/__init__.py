"""The pipeline beneath every operation. Private: what it offers is reached through the client."""

from typing import TYPE_CHECKING

from .. import _lazy

if TYPE_CHECKING:
    from ._async.pipeline import AsyncPipeline
    from ._sync.pipeline import Pipeline
    from .mapping import map_in_tasks, map_in_threads
else:
    __getattr__, __dir__ = _lazy.export(
        __name__,
        {
            "AsyncPipeline": "._async.pipeline",
            "Pipeline": "._sync.pipeline",
            "map_in_tasks": ".mapping",
            "map_in_threads": ".mapping",
        },
    )

__all__ = ["AsyncPipeline", "Pipeline", "map_in_tasks", "map_in_threads"]

"""The pipeline beneath every operation. Private: what it offers is reached through the client."""

from typing import TYPE_CHECKING

from .. import _lazy

if TYPE_CHECKING:
    from ._async.pipeline import AsyncPipeline
    from ._sync.pipeline import Pipeline
else:
    __getattr__, __dir__ = _lazy.export(
        __name__, {"AsyncPipeline": "._async.pipeline", "Pipeline": "._sync.pipeline"}
    )

__all__ = ["AsyncPipeline", "Pipeline"]

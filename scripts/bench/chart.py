"""Draws figures as bars, a group a benchmark, in SVG that needs nothing else."""

from __future__ import annotations

import statistics
from html import escape
from pathlib import Path
from typing import Final

from bench.goals import GOALS
from bench.measure import BENCHMARKS, Figures
from bench.peers import OURS

_WIDTH: Final = 860
_LABELS: Final = 270
_BAR: Final = 18
_STYLE: Final = """\
text { font: 13px system-ui, sans-serif; fill: #222 } .title { font-weight: 600 }
.bar { fill: #9aa7b4 } .own { fill: #2f6fde } rect.page { fill: #fff }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .bar { fill: #55606c } .own { fill: #6ea0ff } rect.page { fill: #16191d }
}"""


def draw_chart(results: dict[str, Figures], file: Path) -> None:
    """Write the chart of the benchmarks whose goals are ratios."""
    lines: list[str] = []
    y = 10
    for name, figures in results.items():
        if name not in {goal.benchmark for goal in GOALS if goal.to}:
            continue
        y += 24
        title = escape(", ".join(filter(None, BENCHMARKS[name][:2])))
        lines.append(f'<text class="title" x="10" y="{y}">{title}</text>')
        y += 8
        medians = {peer: statistics.median(values) for peer, values in figures.items()}
        longest = max(medians.values()) or 1
        for peer, median in sorted(medians.items(), key=lambda item: item[1]):
            width = max(1, round((_WIDTH - _LABELS - 110) * median / longest))
            kind = "own" if peer.startswith(OURS) else "bar"
            middle = y + _BAR - 5
            lines.append(f'<text x="10" y="{middle}">{escape(peer)}</text>')
            lines.append(
                f'<rect class="{kind}" x="{_LABELS}" y="{y}" width="{width}" height="{_BAR - 4}"/>'
            )
            lines.append(f'<text x="{_LABELS + width + 6}" y="{middle}">{median:,.1f}</text>')
            y += _BAR
    size = f'width="{_WIDTH}" height="{y + 16}" viewBox="0 0 {_WIDTH} {y + 16}"'
    page = f'<rect class="page" width="{_WIDTH}" height="{y + 16}"/>'
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        f"<title>portal-v1 and its peers</title><style>{_STYLE}</style>{page}\n"
        + "\n".join(lines)
        + "\n</svg>\n"
    )

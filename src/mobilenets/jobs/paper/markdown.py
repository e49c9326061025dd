"""The recomputed paper as Markdown, for people."""

from collections.abc import Iterable

from mobilenets.jobs.paper.entry import Column, Entry, Table
from mobilenets.jobs.paper.recount import Recount
from mobilenets.jobs.paper.tradeoff import JUMP_WIDTH, Fit

_TITLE = "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications"


def as_markdown(recount: Recount, *, figure_4: str, figure_5: str) -> str:
    """The document; `figure_4` and `figure_5` say in words what the pictures show."""
    parts = [
        "# MobileNets, recomputed",
        f"The tables of Howard et al., *{_TITLE}* (2017): what the paper prints, and what adding up the layers gives. "
        "Mult-adds leave out biases, batch norm and activations; params have them. A count agrees where it rounds to "
        "the printed figure, or to the places that a round figure states (720 for AlexNet).",
        _summary(recount),
        *(part for table in recount.tables for part in _table(table)),
        *_figures(recount, figure_4=figure_4, figure_5=figure_5),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(recount: Recount) -> str:
    total, agreeing = len(recount.entries), recount.agreeing
    return (
        f"**{agreeing} of {total} figures come out as printed.** The other {total - agreeing} are in bold, "
        f"each with an explanation below its table. {recount.quoted} that cannot be counted, mostly accuracies, are "
        "quoted."
    )


def _table(table: Table) -> list[str]:
    parts = [f"## Table {table.number}. {table.title}", _grid(table)]
    reasons = [
        f"- {row.label}, {column.title}, printed {entry.published}: {entry.explanation}"
        for row in table.rows
        for column, entry in zip(table.columns, row.entries, strict=True)
        if entry.explanation and column.kind != "quoted"
    ]
    if reasons:
        parts.append("\n".join(reasons))
    if table.note:
        parts.append(table.note)
    return parts


def _grid(table: Table) -> str:
    heads = ["", *(head for column in table.columns for head in _heads(column))]
    rule = [":---" if column.kind == "words" else "---:" for column in table.columns for _ in _heads(column)]
    rows = [
        [row.label, *(cell for pair in zip(table.columns, row.entries, strict=True) for cell in _cells(*pair))]
        for row in table.rows
    ]
    return "\n".join(map(_line, [heads, [":---", *rule], *rows]))


def _heads(column: Column) -> list[str]:
    title = f"{column.title}, {column.unit}" if column.unit else column.title
    return [f"{title}: published", "counted"] if column.kind == "counted" else [title]


def _cells(column: Column, entry: Entry) -> list[str]:
    differs = entry.counted is not None and not entry.agrees
    counted = f"**{entry.counted_text}**" if differs else entry.counted_text
    if column.kind == "counted":
        return [entry.published, counted]
    return [f"{entry.published}, counted {counted}" if differs else entry.published]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _figures(recount: Recount, *, figure_4: str, figure_5: str) -> list[str]:
    return [
        "## Figure 4. Accuracy against mult-adds",
        f"![{figure_4}](figure_4.png)",
        "Drawn are the top-1 accuracies of the 16 released checkpoints, as the paper prints only some of its own; "
        "rings are those that its Tables 6, 7 and 9 print, where they differ.",
        f"The log-linear relation over all {len(recount.every.residuals)}: {_equation(recount.every)}. Without width "
        f"{JUMP_WIDTH}, at which the paper sees a jump: {_equation(recount.wide)}; "
        f"width {JUMP_WIDTH} lies {_jump(recount)} points below that line.",
        _residuals(recount),
        "## Figure 5. Accuracy against params",
        f"![{figure_5}](figure_5.png)",
    ]


def _equation(fit: Fit) -> str:
    sign = "-" if fit.intercept < 0 else "+"
    line = f"accuracy = {fit.slope:.2f} log10(mult-adds) {sign} {abs(fit.intercept):.2f}"
    return f"{line} (%), R² = {fit.r_squared:.4f}, residuals up to {fit.largest:.1f} points"


def _jump(recount: Recount) -> str:
    """How far the narrowest networks lie below the line of the others, in points of accuracy."""
    below = [recount.wide.at(one.mult_adds) - one.released for one in recount.networks if one.width == JUMP_WIDTH]
    return f"{min(below):.1f} to {max(below):.1f}"


def _residuals(recount: Recount) -> str:
    heads = ["network", "mult-adds, M", "params, M", "top-1, %", "printed in the paper, %", "residual, points"]
    rows = [
        [
            one.name,
            f"{one.mult_adds / 1e6:.1f}",
            f"{one.params / 1e6:.2f}",
            f"{one.released:.1f}",
            "" if one.printed is None else f"{one.printed:.1f}",
            f"{recount.every.residuals[one.name]:+.1f}",
        ]
        for one in recount.networks
    ]
    return "\n".join(map(_line, [heads, [":---", *["---:"] * 5], *rows]))

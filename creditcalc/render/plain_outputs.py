"""What an analyst's own notebook shows without any class of ours: frames of pandas become tables of
a page, figures of matplotlib become SVG with their title as alternative text.

As an extension of IPython it is loaded where pages are made, by either engine; in JupyterLab
everything looks as ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from creditcalc.render.block_style import by_itself
from creditcalc.render.display import Figure, Note, Prose, Shown, Together
from creditcalc.render.table import Table, guessed

if TYPE_CHECKING:
    import matplotlib.figure

UNTITLED = "没有标题的图"
NO_TITLE = "这张图没有标题，看不见图的人无从知道它说什么：用 plt.title 或 suptitle 写上结论。"
ROW_LABEL = "行"  # what a column of row labels is called that has no name


@dataclass(frozen=True, repr=False)
class PlainFigure(Figure):
    """A figure as its author drew it, whole and with its own title in the drawing."""

    caption: str = ""
    extent = "tight"

    def __post_init__(self) -> None:
        """Nothing is asked for that matplotlib does not know."""

    def _below(self) -> str:
        return ""

    def _svg(self) -> str:
        from matplotlib import rc_context

        from creditcalc.render.fonts import use_chinese_font

        with rc_context():  # its author may have chosen another style; text stays text
            use_chinese_font()
            return super()._svg()


def plain_figure(figure: matplotlib.figure.Figure) -> Shown:
    """A figure with its titles as alternative text, or with a notice that it has none."""
    texts = [figure.get_suptitle()]
    texts += [ax.get_title(loc) for ax in figure.axes for loc in ("left", "center", "right")]
    title = "；".join(dict.fromkeys(text.strip() for text in texts if text.strip()))
    shown = PlainFigure(figure, title or UNTITLED)
    return shown if title else Together([shown, Note(NO_TITLE)])


def plain_table(frame: pd.DataFrame) -> Shown:
    """A frame's columns under their own names, after the labels of its rows where they say
    something; of a long frame as many rows as pandas would show.
    """
    most = pd.get_option("display.max_rows") or len(frame)
    shown = _labelled(frame.head(most))
    cells = {str(at): _cells(shown.iloc[:, at]) for at in range(shown.shape[1])}
    titles = dict(zip(cells, map(_title, shown.columns), strict=True))
    columns = {at: guessed(values, titles[at]) for at, values in cells.items()}
    table = Table(pd.DataFrame(cells), "", columns=columns)
    if len(frame) <= most:
        return table
    return Together([table, Prose([f"共 {len(frame):,} 行，只列前 {most:,} 行。"])])


def _labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with the labels of its rows as its first columns, unless they only count the rows."""
    index = frame.index
    if index.names == [None] and index.equals(pd.RangeIndex(len(frame))):
        return frame
    labels = index.to_frame(index=False).astype("string")
    labels.columns = pd.Index([ROW_LABEL if name is None else name for name in index.names])
    return pd.concat([labels, frame.set_axis(labels.index)], axis=1)


def _title(name: object) -> str:
    """A column's name; of several levels one after the other."""
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _cells(values: pd.Series) -> pd.Series:
    """Cells that a table can hold: days without an idle time, anything that is no single value as
    text.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.astype(str).where(values.notna(), None)
    if values.dtype == object:
        return values.map(lambda value: value if pd.api.types.is_scalar(value) else str(value))
    return values


def load_ipython_extension(shell: Any) -> None:
    """Show plain frames, series and figures as a page does."""
    from creditcalc.render.theme import use_figure_style

    use_figure_style()
    formatter = shell.display_formatter
    as_html = formatter.formatters["text/html"]
    as_html.for_type(pd.DataFrame, _frame_html)
    as_html.for_type(pd.Series, lambda values: _frame_html(_framed(values)))
    # Kept apart from the formatters that matplotlib's own integration takes away.
    formatter.ipython_display_formatter.for_type_by_name("matplotlib.figure", "Figure", _display)


def _frame_html(frame: pd.DataFrame) -> str:
    return by_itself(plain_table(frame).html())


def _framed(values: pd.Series) -> pd.DataFrame:
    return values.to_frame("值" if values.name is None else values.name)


def _display(figure: matplotlib.figure.Figure) -> None:
    from IPython.display import display

    show: Any = display
    show(plain_figure(figure))

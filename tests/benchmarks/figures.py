"""What a county page's figures cost: ``python tests/benchmarks/figures.py`` prints processor time
and size by way of drawing.

Each way draws the same three charts anew in one warm process; medians of interleaved rounds. Size
is what a page would carry: SVG as it stands in line, PNG in base64.
"""

import argparse
import base64
import io
import logging
import time
import warnings
from contextlib import contextmanager
from statistics import median

from matplotlib import rc_context, rcParams

import creditcalc as cc
from creditcalc.pages import figures

CHARTS = {
    figures.categories: lambda page: page.categories(),
    figures.losses: lambda page: page.items(),
    figures.trend: lambda page: page.trend(),
}
COUNTY, PERIOD = "范县", "2021-05"


def saved(figure, kind, **options):
    buffer = io.BytesIO()
    figure.figure.savefig(buffer, format=kind, **options)
    return base64.b64encode(buffer.getvalue()) if kind == "png" else buffer.getvalue()


def laid_out(figure, engine):
    figure.figure.set_layout_engine(engine)
    return figure.html()


@contextmanager
def style(settings):
    """Settings that stand although every chart sets its own style first."""
    own = figures.use_figure_style
    with rc_context():
        figures.use_figure_style = lambda: own() or rcParams.update(settings)
        try:
            yield
        finally:
            figures.use_figure_style = own


WAYS = {
    "**the product: SVG, text as text, margins by hand, made compact**": (
        {},
        lambda figure: figure.html(),
    ),
    "SVG as matplotlib writes it": ({}, lambda figure: saved(figure, "svg")),
    "SVG, letters as outlines": ({"svg.fonttype": "path"}, lambda figure: saved(figure, "svg")),
    "SVG, matplotlib's own font (no Chinese)": (
        {"font.family": "DejaVu Sans"},
        lambda figure: saved(figure, "svg"),
    ),
    "the product with `tight_layout`": ({}, lambda figure: laid_out(figure, "tight")),
    "the product with constrained layout": ({}, lambda figure: laid_out(figure, "constrained")),
    "SVG, `bbox_inches=tight`": ({}, lambda figure: saved(figure, "svg", bbox_inches="tight")),
    "PNG, 100 dpi": ({}, lambda figure: saved(figure, "png", dpi=100)),
    "PNG, 100 dpi, `bbox_inches=tight`": (
        {},
        lambda figure: saved(figure, "png", dpi=100, bbox_inches="tight"),
    ),
    "PNG, 200 dpi": ({}, lambda figure: saved(figure, "png", dpi=200)),
}


def spent(page, settings, draw):
    """Milliseconds of the processor and kilobytes for the charts of a page."""
    with style(settings):
        began = time.process_time()
        size = sum(len(draw(chart(frame(page), page.name))) for chart, frame in CHARTS.items())
        return 1000 * (time.process_time() - began), size / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    warnings.simplefilter(
        "ignore", UserWarning
    )  # of a font without Chinese, and of layouts that leave set margins alone
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    page = cc.open_study().county(COUNTY, PERIOD)
    for settings, draw in WAYS.values():  # first uses
        spent(page, settings, draw)
    found = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, (settings, draw) in WAYS.items():
            found[way].append(spent(page, settings, draw))
    base = median(ms for ms, _ in found[next(iter(WAYS))])
    print(f"{len(CHARTS)} charts of a county page, medians of {rounds} rounds\n")
    print(
        "| way | ms of processor time | × the product | kB in the page |\n"
        "| --- | ---: | ---: | ---: |"
    )
    for way, measured in found.items():
        ms, size = (median(column) for column in zip(*measured, strict=True))
        print(f"| {way} | {ms:.0f} | {ms / base:.2f} | {size:.0f} |")


if __name__ == "__main__":
    main()

"""Frames and figures → HTML, SVG, Excel, terminal; knows no rule."""

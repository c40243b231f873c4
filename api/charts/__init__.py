"""Charts as Vega-Lite, drawn to PNG or SVG without a browser."""

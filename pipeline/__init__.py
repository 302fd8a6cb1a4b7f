"""Friction: where customers struggle on their journey, what it costs, and the evidence."""

__version__ = "0.1.0"

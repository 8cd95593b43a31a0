"""Advanced Authoring Format: a composition that links to the sources."""

from engine.exchange.export.interchange.aaf.composition import write

__all__ = ["write"]

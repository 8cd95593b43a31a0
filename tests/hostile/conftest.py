"""The real window and the hands that press its keys, for the tests that hold it to bad input."""

from tests.desktop.conftest import hands, window

__all__ = ["hands", "window"]

"""The interface of finders: request, settings and result."""

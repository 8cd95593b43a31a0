"""Beats without a model: a tempogram and Ellis's dynamic programming, a baseline of the learned tracker."""

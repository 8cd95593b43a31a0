"""Beats without a model: a tempogram and Ellis's dynamic programming.

Used if the weights of the learned tracker are missing, and as its baseline in evaluations.
"""

"""Beats without a model: a tempogram and Ellis's dynamic programming.

What is heard with where the weights of the learned tracker are missing, and its baseline in evaluations.
"""

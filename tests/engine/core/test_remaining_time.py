"""The time left: near the truth from the start, and falling second by second."""

from __future__ import annotations

import pytest

from engine.core.remaining_time import RemainingTime

# Learning the demo's edits, as it went on a machine with other work to do: seconds and fraction done.
LEARNED = (
    (2.6, 0.030), (2.8, 0.033), (3.0, 0.036), (6.0, 0.066), (9.0, 0.096), (12.0, 0.130), (14.0, 0.159),
    (22.3, 0.280), (29.6, 0.401), (50.4, 0.521), (66.2, 0.642), (73.7, 0.763), (81.1, 0.883),
)  # fmt: skip
TOOK_S = 83.7
# A job of 35 s that loads a model for 15 s first: 1 % was done after 15.5 s, of which 25:38 was made.
LOADED = tuple((15.0 + tenth / 10, tenth / 200) for tenth in range(1, 200))

# A rehearsal of 17 minutes, an interview in 17 formats with a bark found in it, and an hour, on two cores.
TAKES_FOUND = (
    (0.6, 0.008), (2.0, 0.048), (3.5, 0.089), (4.9, 0.121), (6.4, 0.153), (7.9, 0.221), (9.4, 0.305),
    (10.9, 0.375), (12.4, 0.42), (14.0, 0.469), (15.9, 0.525), (17.9, 0.576), (19.4, 0.609),
    (21.4, 0.649), (23.2, 0.689), (24.8, 0.781), (26.4, 0.827),
)  # fmt: skip
ARRANGED = (
    (0.7, 0.008), (1.7, 0.057), (2.7, 0.105), (3.8, 0.161), (4.7, 0.232), (5.8, 0.296), (6.7, 0.349),
    (8.0, 0.356), (8.9, 0.384), (9.9, 0.423), (11.0, 0.489), (12.0, 0.609), (13.1, 0.663),
    (14.3, 0.702), (15.2, 0.818), (16.2, 0.875), (17.2, 0.9),
)  # fmt: skip
EXPORTED = (
    (0.2, 0.006), (2.1, 0.096), (4.0, 0.159), (5.9, 0.202), (7.8, 0.246), (9.7, 0.288), (11.6, 0.329),
    (13.5, 0.371), (15.4, 0.451), (17.3, 0.559), (19.2, 0.66), (21.1, 0.726), (23.0, 0.76),
    (24.9, 0.795), (26.8, 0.828), (28.7, 0.862), (30.6, 0.896), (32.5, 0.928), (34.4, 0.959),
    (36.3, 0.984),
)  # fmt: skip
SOUND_FOUND = (
    (0.2, 0.007), (2.5, 0.057), (4.4, 0.1), (6.3, 0.141), (8.2, 0.186), (10.4, 0.245), (12.3, 0.293),
    (14.3, 0.357), (16.5, 0.405), (18.5, 0.459), (20.7, 0.5), (22.8, 0.5), (24.9, 0.667),
    (27.0, 0.667), (29.4, 0.833), (31.4, 0.833), (33.5, 0.833),
)  # fmt: skip
HOUR_OF_TALK = (
    (1.0, 0.009), (8.7, 0.068), (16.6, 0.128), (23.8, 0.179), (31.7, 0.224), (39.3, 0.276),
    (46.7, 0.327), (53.9, 0.383), (61.1, 0.435), (68.5, 0.482), (75.9, 0.542), (84.0, 0.594),
    (91.4, 0.653), (98.6, 0.698), (105.8, 0.747), (113.7, 0.802), (121.0, 0.855), (128.2, 0.9),
    (135.4, 0.9),
)  # fmt: skip
LEARNED_ALONE = (
    (2.3, 0.012), (2.5, 0.037), (2.7, 0.128), (2.9, 0.153), (3.1, 0.172), (5.7, 0.24), (8.0, 0.289),
    (11.0, 0.321), (13.3, 0.362), (15.8, 0.41), (18.1, 0.459), (20.5, 0.5), (23.0, 0.557),
    (25.4, 0.605), (27.9, 0.654), (30.3, 0.695), (33.1, 0.751), (35.6, 0.792), (38.8, 0.88),
)  # fmt: skip
# The same machine beside other work: one busy program, one from the middle on, and one or more all the time.
LEARNED_BESIDE_ONE = (
    (7.0, 0.01), (8.2, 0.152), (10.4, 0.198), (12.2, 0.209), (13.5, 0.226), (14.7, 0.24), (16.9, 0.254),
    (18.4, 0.264), (19.6, 0.272), (36.6, 0.313), (54.7, 0.378), (74.6, 0.427), (90.2, 0.459),
    (108.0, 0.5), (122.8, 0.532), (137.2, 0.589), (152.4, 0.63), (171.2, 0.662), (187.3, 0.695),
    (201.9, 0.743), (217.4, 0.8), (218.4, 0.808), (236.6, 0.88),
)  # fmt: skip
LEARNED_WITH_LATE_LOAD = (
    (4.4, 0.007), (5.6, 0.168), (7.4, 0.198), (8.6, 0.209), (9.8, 0.226), (11.3, 0.254), (13.6, 0.261),
    (15.7, 0.273), (17.1, 0.278), (18.4, 0.286), (32.3, 0.305), (46.5, 0.338), (60.7, 0.378),
    (75.9, 0.427), (94.3, 0.475), (107.9, 0.508), (121.4, 0.548), (136.7, 0.605), (151.4, 0.654),
    (165.7, 0.711), (180.6, 0.768), (194.2, 0.8), (197.9, 0.808), (214.3, 0.88),
)  # fmt: skip
ANALYSED_BESIDE_MANY = (
    (0.2, 0.002), (0.6, 0.005), (0.9, 0.01), (1.3, 0.014), (1.7, 0.02), (2.0, 0.023), (2.3, 0.029),
    (2.6, 0.034), (2.9, 0.039), (3.3, 0.046), (3.6, 0.051), (3.9, 0.055), (4.2, 0.062), (4.5, 0.064),
    (7.8, 0.125), (11.2, 0.187), (14.6, 0.254), (17.9, 0.319), (21.2, 0.377), (30.2, 0.498),
    (38.6, 0.619), (44.9, 0.74), (48.4, 0.805), (50.0, 0.835), (54.6, 0.9), (58.5, 0.987),
)  # fmt: skip
MATCHED_BESIDE_ONE = (
    (17.4, 0.1), (24.2, 0.185), (31.0, 0.246), (37.4, 0.277), (49.0, 0.388), (58.3, 0.544),
    (67.6, 0.605), (69.4, 0.636), (81.9, 0.669), (89.8, 0.827), (93.2, 0.922), (105.8, 0.94),
    (112.1, 0.956), (112.9, 0.963),
)  # fmt: skip
Recorded = tuple[tuple[tuple[float, float], ...], float]
ALONE: tuple[Recorded, ...] = (
    (TAKES_FOUND, 28.0),
    (ARRANGED, 18.0),
    (EXPORTED, 37.0),
    (SOUND_FOUND, 35.1),
    (HOUR_OF_TALK, 142.8),
    (LEARNED_ALONE, 41.2),
    (LOADED, 35.0),
)
BUSY: tuple[Recorded, ...] = (
    (LEARNED, TOOK_S),
    (LEARNED_BESIDE_ONE, 253.9),
    (LEARNED_WITH_LATE_LOAD, 238.8),
    (ANALYSED_BESIDE_MANY, 59.1),
    (MATCHED_BESIDE_ONE, 113.4),
)


def left_every_second(reports: tuple[tuple[float, float], ...], took_s: float) -> list[tuple[float, float]]:
    """Return (seconds since the start, seconds left) for each second in which one is known."""
    remaining, known, told = RemainingTime(0.0), [], 0
    for second in range(1, int(took_s)):
        while told < len(reports) and reports[told][0] <= second:
            remaining.report(reports[told][1], reports[told][0])
            told += 1
        left_s = remaining.left_s(float(second))
        if left_s is not None:
            known.append((float(second), left_s))
    return known


def test_no_guess_is_far_off() -> None:
    known = left_every_second(LEARNED, TOOK_S)
    assert known[0][0] <= 0.4 * TOOK_S
    for at_s, left_s in known:
        assert abs(left_s - (TOOK_S - at_s)) < 0.3 * TOOK_S, at_s


@pytest.mark.parametrize("recorded", [ALONE, BUSY])
def test_what_is_shown_of_recorded_jobs_is_within_a_factor_of_two(recorded: tuple[Recorded, ...]) -> None:
    near: list[bool] = []
    seconds = 0.0
    for reports, took_s in recorded:
        known = [(took_s - at_s, left_s) for at_s, left_s in left_every_second(reports, took_s)]
        own = [0.5 <= left_s / truly_s <= 2.0 for truly_s, left_s in known if truly_s > 5.0]
        assert own[0], reports
        near += own
        seconds += took_s
    assert sum(near) >= 0.9 * len(near)
    assert len(near) > 0.3 * seconds


@pytest.mark.parametrize("took_s", [12.0, 90.0, 4000.0])
def test_an_even_job_is_foreseen_to_the_second(took_s: float) -> None:
    reports = tuple((second / 4, second / 4 / took_s) for second in range(1, int(4 * took_s)))
    known = left_every_second(reports, took_s)
    assert known[0][0] <= 11.0
    for at_s, left_s in known:
        assert left_s == pytest.approx(max(took_s - at_s, 1.0), abs=1.0, rel=1e-3)


def test_between_reports_it_falls_and_never_ends_before_the_job() -> None:
    remaining = RemainingTime(0.0)
    for tenth_s in range(1, 101):
        remaining.report(tenth_s / 200, tenth_s / 10)
    assert [remaining.left_s(now_s) for now_s in (10.0, 11.0, 15.0)] == pytest.approx(
        [10.0, 9.0, 5.0], abs=0.2
    )
    assert remaining.left_s(60.0) is None, "a long step has another pace"


@pytest.mark.parametrize(("fraction", "now_s"), [(0.0, 30.0), (0.005, 30.0), (0.3, 0.4)])
def test_nothing_is_said_before_anything_is_known(fraction: float, now_s: float) -> None:
    remaining = RemainingTime(0.0)
    remaining.report(fraction, now_s)
    assert remaining.left_s(now_s) is None

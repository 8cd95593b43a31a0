"""How the recipe "slicer-ae" learns; light, so that a dialog can show it without torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from engine.lab.recipes.segments.settings import SegmentConfig

ALIGNED_BEATS = 2


class SlicerConfig(SegmentConfig):
    """The recipe. The defaults are Audio Slicer's, published with github.com/Dextrome/editorbot.

    Attributes
    ----------
    alignment : where segments begin: on any frame, or on beats, each beat resampled to as many frames
    scales_beats : lengths of segments in beats, all pooled to `segment_frames`; none is one length, of
        `segment_frames` as they are, or of two beats where they are aligned
    contrast : positives of a contrastive term: none, segments that follow each other (A. Saeed,
        D. Grangier and N. Zeghidour, "Contrastive learning of general-purpose audio representations", ICASSP
        2021), or all edited segments, with raw ones as negatives (`contrast`)
    contrast_weight, contrast_temperature : weight and sharpness of this term
    critic_weight : how much it counts to rebuild the raw so that a critic takes it for edited (`critic`)
    perceptual_weight : weight of the error over an embedding, relative to that of the frames (`perceptual`)
    """

    recipe: Literal["slicer-ae"] = "slicer-ae"
    alignment: Literal["frames", "beats"] = "frames"
    scales_beats: tuple[Annotated[int, Field(ge=1, le=64)], ...] = Field(default=(), max_length=6)
    contrast: Literal["none", "neighbours", "edited"] = "none"
    contrast_weight: float = Field(default=0.1, gt=0.0, le=100.0)
    contrast_temperature: float = Field(default=0.1, gt=0.0, le=10.0)
    critic_weight: float = Field(default=0.0, ge=0.0, le=100.0)
    perceptual_weight: float = Field(default=0.0, ge=0.0, le=100.0)

    @property
    def lengths_beats(self) -> tuple[int, ...]:
        """The lengths of segments in beats; none where beats play no part."""
        return self.scales_beats or ((ALIGNED_BEATS,) if self.alignment == "beats" else ())

    @property
    def needs_raw(self) -> bool:
        """Whether it requires raw recordings in addition to edited ones."""
        return self.contrast == "edited" or self.critic_weight > 0.0

    @model_validator(mode="after")
    def _scales_differ(self) -> Self:
        if len(set(self.scales_beats)) < len(self.scales_beats):
            raise ValueError(f"scales_beats names a length twice: {list(self.scales_beats)}")
        return self

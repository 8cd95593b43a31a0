"""Loss term that draws the latents of edited segments together, added to the reconstruction error.

The latent is normalised over a batch, so that it can neither shrink nor move to one place: closeness is of
directions, and always against something that must stay further off.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize


def edited_contrast(edited: Tensor, raw: Tensor, temperature: float) -> Tensor:
    """Return the supervised contrast of edited segments, all of one class, against raw ones, a scalar.

    The mean over pairs of edited segments of how unlikely one is chosen for the other among all others. Raw
    segments are only negatives: most of them could have been edited ones, so they are not assumed to be
    alike. P. Khosla et al., "Supervised contrastive learning", NeurIPS 2020, L_out.

    Parameters
    ----------
    edited, raw : shape (n, latent_dim) with n of two or more, and (m, latent_dim)
    """
    count = len(edited)
    anchors, others = normalize(edited, dim=1), normalize(torch.cat([edited, raw]), dim=1)
    alike = anchors @ others.T / temperature
    itself = torch.eye(count, len(others), dtype=torch.bool)
    chosen = alike - torch.logsumexp(alike.masked_fill(itself, -torch.inf), dim=1, keepdim=True)
    return -chosen[:, :count][~itself[:, :count]].mean()

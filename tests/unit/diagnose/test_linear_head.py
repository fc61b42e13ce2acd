"""A linear head on features knows its images."""

from __future__ import annotations

import numpy as np
import torch

from tlviz.diagnose.linear_head import fit_head


def test_a_fitted_head_knows_its_images() -> None:
    labels = np.arange(90) % 3
    features = (np.eye(3)[labels] * 5 + np.random.default_rng(0).normal(size=(90, 3))).astype(np.float32)
    weight, bias = fit_head(features, labels)
    assert (torch.from_numpy(features) @ weight.T + bias).argmax(1).numpy().tolist() == labels.tolist()

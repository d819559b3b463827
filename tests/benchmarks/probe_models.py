"""What the training probe trains: a small vision Transformer, a small CNN, and the loss over many labels."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

SIDE = 64  # pixels


class Vit(nn.Module):
    """A Transformer over patches of 16 pixels, from scratch; 1.2 M parameters."""

    width = 128

    def __init__(self) -> None:
        super().__init__()
        from transformers import ViTConfig, ViTModel

        self.body: Any = ViTModel(
            ViTConfig(
                hidden_size=self.width,
                num_hidden_layers=6,
                num_attention_heads=4,
                intermediate_size=4 * self.width,
                image_size=SIDE,
                patch_size=16,
            ),
            add_pooling_layer=False,
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Features [n, width]: the mean over patches."""
        found: torch.Tensor = self.body(pictures).last_hidden_state
        return found[:, 1:].mean(dim=1)


class Cnn(nn.Module):
    """Four strided convolutions; 0.4 M parameters."""

    width = 256

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inside, outside in ((3, 32), (32, 64), (64, 128), (128, self.width)):
            layers += [nn.Conv2d(inside, outside, 3, stride=2, padding=1), nn.BatchNorm2d(outside), nn.ReLU()]
        self.body = nn.Sequential(*layers)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Features [n, width]: the mean over places."""
        found: torch.Tensor = self.body(pictures)
        return found.mean(dim=(2, 3))


MODELS: dict[str, type[Vit] | type[Cnn]] = {"ViT": Vit, "CNN": Cnn}


def soft_cross_entropy(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross-entropy against 1/k at each of an image's k labels.

    Source: Mahajan et al., Exploring the Limits of Weakly Supervised Pretraining, 2018.
    """
    return -(target * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()


def jitter(pictures: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Half of the pictures mirrored, all shifted by up to four pixels onto blank paper."""
    mirrored = torch.rand(len(pictures), generator=draw) < 0.5
    pictures = torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)
    padded = functional.pad(pictures, (4, 4, 4, 4), value=0.0)
    shifts = torch.randint(0, 9, (len(pictures), 2), generator=draw).tolist()
    return torch.stack([p[:, y : y + SIDE, x : x + SIDE] for p, (y, x) in zip(padded, shifts, strict=True)])

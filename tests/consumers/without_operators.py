"""Import this before torchvision where its compiled operators do not load, as beside a torch without GPUs.

It declares the two operators that torchvision registers at import; nothing here calls them.
"""

import torch

for _name in ("nms", "qnms"):
    torch.library.define(f"torchvision::{_name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

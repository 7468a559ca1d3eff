"""SAM 2's mask decoder, arranged for many prompts on one photo.

It computes the same function as the package's ``MaskDecoder`` (two-way transformer, Kirillov et al.
2023), up to the order of sums, with three changes:

- What does not depend on the prompt is computed once per photo: the keys, values and queries of
  the image tokens in the first layer.
- A prompt has about 8 tokens, the image has 4,096. Projections of the image tokens are therefore
  folded into the prompt's tokens: (W x) . q = x . (W' q), so that an image token is multiplied by
  8 x 8 vectors instead of two matrices of 256 x 128.
- The predicted IoU is computed from a token. It is evaluated first, and only masks that pass its
  threshold are upscaled to four times the resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class DecodedPrompts:
    """Prompts after the transformer, before masks are upscaled.

    Attributes:
        predicted_iou: (B, 4), 0..1, of the single mask, then of the three alternative masks.
        mask_tokens: (B, 4, C), one for each mask.
        image_tokens: (B, N, C), the image after the transformer, for ``SamDecoder.draw``.
    """

    predicted_iou: torch.Tensor
    mask_tokens: torch.Tensor
    image_tokens: torch.Tensor


class SamDecoder:
    """Decodes prompts on an encoded photo. Used by one thread at a time."""

    def __init__(self, network: nn.Module) -> None:
        self._prompts = network.sam_prompt_encoder
        self._decoder = network.sam_mask_decoder
        self._layers = self._decoder.transformer.layers

    def set_photo(
        self, embedding: torch.Tensor, quarter: torch.Tensor, eighth: torch.Tensor
    ) -> None:
        """Set the photo, and compute what all prompts share.

        Args:
            embedding: (1, C, h, w), the image embedding.
            quarter: (1, C / 8, 4h, 4w), the finest level after the decoder's ``conv_s0``.
            eighth: (1, C / 4, 2h, 2w), the level between, after ``conv_s1``.
        """
        _, _, self._height, self._width = embedding.shape
        empty = self._prompts.no_mask_embed.weight.to(embedding.dtype)
        self._image_tokens = embedding[0].flatten(1).T + empty
        self._positions = self._prompts.get_dense_pe()[0].flatten(1).T.to(embedding.dtype)
        first = self._layers[0]
        read, write = first.cross_attn_token_to_image, first.cross_attn_image_to_token
        known = self._image_tokens + self._positions
        self._first_keys = _heads(read.k_proj(known)[None], read)[0]
        self._first_values = _heads(read.v_proj(self._image_tokens)[None], read)[0]
        self._first_queries = _heads(write.q_proj(known)[None], write)[0]
        self._eighth = _by_image_token(eighth[0], 2)
        self._quarter = _by_image_token(_blocks_to_channels(quarter[0]), 2).reshape(
            -1, 4, 4, quarter.shape[1]
        )
        self._upscaling = _Upscaling(self._decoder.output_upscaling)

    def decode(self, points_xy: torch.Tensor, labels: torch.Tensor) -> DecodedPrompts:
        """Run the transformer on prompts.

        Args:
            points_xy: float (B, P, 2), pixels of the encoded square picture.
            labels: int (B, P): 1 inside, 0 outside, 2 and 3 the two corners of a box.
        """
        import torch

        decoder = self._decoder
        sparse, _ = self._prompts(points=(points_xy, labels), boxes=None, masks=None)
        output_tokens = torch.cat(
            [decoder.obj_score_token.weight, decoder.iou_token.weight, decoder.mask_tokens.weight]
        )
        prompt = torch.cat(
            [output_tokens.expand(len(sparse), -1, -1), sparse.to(output_tokens.dtype)], dim=1
        )
        first, second = self._layers
        tokens = first.norm1(first.self_attn(prompt, prompt, prompt))
        tokens = first.norm2(tokens + self._attend_first_to_image(tokens + prompt))
        tokens = first.norm3(tokens + first.mlp(tokens))
        image_tokens = first.norm4(self._attend_first_to_tokens(tokens + prompt, tokens))
        image_keys = image_tokens + self._positions
        queries_in = tokens + prompt
        tokens = second.norm1(tokens + second.self_attn(queries_in, queries_in, tokens))
        read = second.cross_attn_token_to_image
        tokens = second.norm2(
            tokens + _attend_to_image(read, tokens + prompt, image_keys, image_tokens)
        )
        tokens = second.norm3(tokens + second.mlp(tokens))
        write = second.cross_attn_image_to_token
        image_tokens = second.norm4(
            _attend_to_tokens(write, tokens + prompt, tokens, image_keys, image_tokens)
        )
        final = decoder.transformer.final_attn_token_to_image
        image_keys = image_tokens + self._positions
        tokens = tokens + _attend_to_image(final, tokens + prompt, image_keys, image_tokens)
        tokens = decoder.transformer.norm_final_attn(tokens)
        iou = decoder.iou_prediction_head(tokens[:, 1])
        return DecodedPrompts(iou, tokens[:, 2 : 2 + decoder.num_mask_tokens], image_tokens)

    def draw(
        self, decoded: DecodedPrompts, prompts: torch.Tensor, masks: torch.Tensor
    ) -> torch.Tensor:
        """Compute the logits of chosen masks, float32 (K, 4h, 4w).

        Args:
            decoded: the prompts.
            prompts: int (K,), ascending: index of each mask's prompt.
            masks: int (K,): index of the mask among the prompt's four, 0..3.
        """
        import torch

        rows, back = torch.unique_consecutive(prompts, return_inverse=True)
        fine = self.features(decoded.image_tokens[rows])
        drawn = torch.empty((len(prompts), self._height * self._width * 16), device=fine.device)
        for kind, mlp in enumerate(self._decoder.output_hypernetworks_mlps):
            chosen = torch.nonzero(masks == kind)[:, 0]
            if len(chosen):
                weights = mlp(decoded.mask_tokens[prompts[chosen], kind])
                for k, weight in zip(chosen.tolist(), weights, strict=True):
                    drawn[k] = (fine[back[k]] @ weight).float()
        grid = drawn.view(-1, self._height, self._width, 2, 2, 2, 2)
        # From (image token, its 2 x 2 block, the block's 2 x 2 block) to rows and columns.
        return grid.permute(0, 1, 3, 5, 2, 4, 6).reshape(-1, 4 * self._height, 4 * self._width)

    def features(self, image_tokens: torch.Tensor) -> torch.Tensor:
        """Upscaled features, (B, N * 16, C / 8), in blocks of 16 for each image token."""
        return self._upscaling(image_tokens, self._eighth, self._quarter)

    def _attend_first_to_image(self, queries_in: torch.Tensor) -> torch.Tensor:
        """First layer: tokens attend to the image, whose keys and values all prompts share."""
        import torch

        attention = self._layers[0].cross_attn_token_to_image
        count, length, _ = queries_in.shape
        queries = _heads(attention.q_proj(queries_in), attention)
        depth = queries.shape[-1]
        flat = queries.transpose(0, 1).reshape(attention.num_heads, -1, depth)
        weights = torch.softmax(flat @ self._first_keys.transpose(1, 2) / depth**0.5, dim=-1)
        attended_values = (weights @ self._first_values).view(
            attention.num_heads, count, length, depth
        )
        return attention.out_proj(attended_values.permute(1, 2, 0, 3).reshape(count, length, -1))

    def _attend_first_to_tokens(self, known: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """First layer: the image, whose queries all prompts share, attends to the tokens."""
        attention = self._layers[0].cross_attn_image_to_token
        keys = _heads(attention.k_proj(known), attention)
        depth = keys.shape[-1]
        scores = keys @ self._first_queries.transpose(1, 2) / depth**0.5
        return _add_messages(
            attention, scores, tokens, self._image_tokens.expand(len(tokens), -1, -1)
        )


class _Upscaling:
    """The two transposed convolutions of the upscaling, as matrix products over image tokens.

    Their stride equals their size, so each image token becomes a separate 2 x 2 block. Channels
    stay last, and rows and columns are arranged only for finished masks.
    """

    def __init__(self, upscaling: nn.Sequential) -> None:
        first, self._norm, self._act, second, _ = upscaling
        self._first, self._first_bias = _block_matrix(first)
        self._second, self._second_bias = _block_matrix(second)

    def __call__(
        self, image_tokens: torch.Tensor, eighth: torch.Tensor, quarter: torch.Tensor
    ) -> torch.Tensor:
        """(B, N, C) -> (B, N * 16, C / 8)."""
        import torch.nn.functional as F

        count, length, _ = image_tokens.shape
        norm = self._norm
        fine = (image_tokens @ self._first).view(count, length, 4, -1)
        fine = fine + (eighth + self._first_bias)
        fine = F.layer_norm(fine, fine.shape[-1:], norm.weight, norm.bias, norm.eps)
        fine = (self._act(fine) @ self._second).view(count, length, 4, 4, -1)
        fine = self._act(fine + (quarter + self._second_bias))
        return fine.view(count, length * 16, -1)


def _block_matrix(convolution: nn.ConvTranspose2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (in, out, 2, 2) as a matrix (in, 4 * out), and the bias (out,)."""
    weight = convolution.weight.permute(0, 2, 3, 1)
    return weight.reshape(weight.shape[0], -1).contiguous(), convolution.bias


def _by_image_token(grid: torch.Tensor, block: int) -> torch.Tensor:
    """(C, h * block, w * block) -> (h * w, block * block, C)."""
    channels, height, width = grid.shape
    parts = grid.view(channels, height // block, block, width // block, block)
    return parts.permute(1, 3, 2, 4, 0).reshape(-1, block * block, channels).contiguous()


def _blocks_to_channels(grid: torch.Tensor) -> torch.Tensor:
    """(C, 4h, 4w) -> (4C, 2h, 2w): each 2 x 2 block as channels, block index first."""
    channels, height, width = grid.shape
    parts = grid.view(channels, height // 2, 2, width // 2, 2)
    return parts.permute(2, 4, 0, 1, 3).reshape(4 * channels, height // 2, width // 2)


def _heads(rows: torch.Tensor, attention: nn.Module) -> torch.Tensor:
    """(B, L, H * d) -> (B, H, L, d)."""
    return rows.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)


def _per_head(linear: nn.Linear, heads: int) -> torch.Tensor:
    """The weight of a projection into heads: (H, d, C)."""
    return linear.weight.unflatten(0, (heads, -1))


def _attend_to_image(
    attention: nn.Module,
    queries_in: torch.Tensor,
    image_keys: torch.Tensor,
    image_tokens: torch.Tensor,
) -> torch.Tensor:
    """Tokens attend to image tokens: (B, T, C). The bias of the keys cancels in the softmax."""
    import torch

    queries = _heads(attention.q_proj(queries_in), attention)
    count, heads, length, depth = queries.shape
    folded = queries @ _per_head(attention.k_proj, heads) / depth**0.5
    scores = torch.bmm(folded.flatten(1, 2), image_keys.transpose(1, 2))
    attended = torch.bmm(torch.softmax(scores, dim=-1), image_tokens).view(count, heads, length, -1)
    attended_values = attended @ _per_head(attention.v_proj, heads).transpose(1, 2)
    rows = attended_values.transpose(1, 2).reshape(count, length, -1) + attention.v_proj.bias
    return attention.out_proj(rows)


def _attend_to_tokens(
    attention: nn.Module,
    known: torch.Tensor,
    tokens: torch.Tensor,
    image_keys: torch.Tensor,
    image_tokens: torch.Tensor,
) -> torch.Tensor:
    """Image tokens attend to tokens; returns the sum with the image tokens, (B, N, C)."""
    import torch

    keys = _heads(attention.k_proj(known), attention)
    count, heads, length, depth = keys.shape
    folded = keys @ _per_head(attention.q_proj, heads) / depth**0.5
    bias = keys @ attention.q_proj.bias.view(heads, depth, 1) / depth**0.5
    scores = torch.baddbmm(bias.flatten(1, 2), folded.flatten(1, 2), image_keys.transpose(1, 2))
    return _add_messages(attention, scores.view(count, heads, length, -1), tokens, image_tokens)


def _add_messages(
    attention: nn.Module, scores: torch.Tensor, tokens: torch.Tensor, image_tokens: torch.Tensor
) -> torch.Tensor:
    """Add the attended values to the image tokens: scores (B, H, T, N) to (B, N, C)."""
    import torch

    values = _heads(attention.v_proj(tokens), attention)
    heads = values.shape[1]
    outward = attention.out_proj.weight.T.unflatten(0, (heads, -1))
    messages = (values @ outward).flatten(1, 2)
    weights = torch.softmax(scores, dim=2).flatten(1, 2)
    # The weights of each head add up to 1, so the output bias is simply added.
    start = image_tokens + attention.out_proj.bias
    return torch.baddbmm(start, weights.transpose(1, 2), messages)

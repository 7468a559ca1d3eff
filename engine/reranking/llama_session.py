"""A vision language model in llama.cpp: takes one picture, then answers questions about it.

The only module that imports llama_cpp. It uses the low-level API, because the package's chat
handlers encode the picture again for every question and cannot be cancelled. Runs in a child
process: native code may crash, and the OpenMP runtimes of several libraries may clash.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from engine.errors import BadRequest, Cancelled, ModelBroken, ModelMissing
from engine.reranking import answers, prompt
from engine.reranking.answers import YesNo
from engine.reranking.llama_runtime import HOW_TO_ADD
from engine.reranking.model_selection import VisionLanguageModel
from engine.reranking.session_settings import SessionSettings

LOADING = "loading the language model"
_ANSWERING = "taking a second look"
_TEXT_TOKENS = 1024
"""Enough for a question of 300 letters in any script and the template around it."""
_UNKNOWN_PICTURE_TOKENS = 4096
"""Assumed for models whose number of tokens per picture is not known."""
_BATCH_TOKENS = 256
"""Batch size. Cancelling takes effect within a batch."""
_WHOLE_PICTURE_TOKENS = 2048
"""Batch size for models of an unknown family: some need all tokens of a picture in one batch."""
_NODES_BETWEEN_CHECKS = 16


class CancelFlag(Protocol):
    """Says whether the request was cancelled."""

    @property
    def cancelled(self) -> bool: ...


class LlamaSession:
    """One loaded model. Not thread-safe; ``close`` frees its memory.

    Raises:
        ModelBroken: the files cannot be loaded, do not belong together, or the vocabulary has no
            single token for yes or for no.
        ModelMissing: llama-cpp-python cannot be imported.
    """

    def __init__(self, model: VisionLanguageModel, settings: SessionSettings) -> None:
        try:
            import llama_cpp
            from llama_cpp import mtmd_cpp
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelMissing(
                f"The runner of language models cannot be loaded ({error}).",
                operation=LOADING,
                hint=HOW_TO_ADD,
            ) from error
        self._lib, self._mtmd = llama_cpp, mtmd_cpp
        self._model, self._settings = model, settings
        self._closing = contextlib.ExitStack()
        self._cancel: CancelFlag | None = None
        self._silence_logs()
        picture_tokens = self.picture_tokens or _UNKNOWN_PICTURE_TOKENS
        context_tokens = picture_tokens + _TEXT_TOKENS + answers.BOX_TOKENS
        self._batch_tokens = _BATCH_TOKENS if self.picture_tokens else _WHOLE_PICTURE_TOKENS
        gpu_layers = settings.gpu_layers if llama_cpp.llama_supports_gpu_offload() else 0
        try:
            self._llama = llama_cpp.Llama(
                str(model.language_file),
                n_gpu_layers=gpu_layers,
                n_ctx=context_tokens,
                n_batch=self._batch_tokens,
                n_ubatch=self._batch_tokens,
                n_threads=settings.threads,
                n_threads_batch=settings.threads,
                flash_attn=True,
                verbose=False,
            )
        except (ValueError, OSError, RuntimeError, AssertionError) as error:
            raise self._broken("cannot be loaded", model.language_file, error) from error
        self._closing.callback(self._llama.close)
        try:
            self._set_up(gpu_layers)
        except BaseException:
            self.close()
            raise

    @property
    def picture_tokens(self) -> int | None:
        """Tokens that a picture takes; None if it is not known before the picture is encoded."""
        patch_px = self._model.family.patch_px
        return (self._settings.side_px // patch_px) ** 2 if patch_px else None

    def close(self) -> None:
        """Free the model; the session cannot be used afterwards."""
        self._closing.close()

    @contextlib.contextmanager
    def with_picture(self, picture: np.ndarray, cancel: CancelFlag) -> Iterator[PictureContext]:
        """Questions about a picture, uint8 (side, side, 3). The context is cleared at the end.

        Raises:
            Cancelled: ``cancel`` was set at any moment within the block.
        """
        side = self._settings.side_px
        if picture.shape != (side, side, 3) or picture.dtype != np.uint8:
            raise ValueError(
                f"expected uint8 ({side}, {side}, 3), got {picture.dtype} {picture.shape}"
            )
        self._cancel = cancel
        pixels = np.ascontiguousarray(picture)
        pointer = pixels.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        bitmap = self._mtmd.mtmd_bitmap_init(side, side, pointer)
        try:
            self._lib.llama_memory_clear(self._memory, True)
            yield PictureContext(self, bitmap)
        finally:
            self._mtmd.mtmd_bitmap_free(bitmap)
            self._lib.llama_memory_clear(self._memory, True)
            self._cancel = None

    # -- setting up --------------------------------------------------------------------------

    def _silence_logs(self) -> None:
        """Turn off llama.cpp's log. The callback must live as long as the process."""
        if _log_callbacks:
            return
        silence = self._lib.llama_log_callback(lambda level, text, data: None)
        _log_callbacks.append(silence)
        self._lib.llama_log_set(silence, None)
        self._mtmd.mtmd_log_set(silence, None)
        self._mtmd.mtmd_helper_log_set(silence, None)

    def _set_up(self, gpu_layers: int) -> None:
        lib = self._lib
        self._context = self._llama.ctx
        self._vocabulary = lib.llama_model_get_vocab(self._llama.model)
        self._memory = lib.llama_get_memory(self._context)
        self._vocabulary_size = lib.llama_vocab_n_tokens(self._vocabulary)
        self._abort = lib.ggml_abort_callback(lambda data: self._is_cancelled())
        lib.llama_set_abort_callback(self._context, self._abort, None)
        self._prompt = self._build_prompt()
        self._yes_ids, self._no_ids = (
            self._single_token_ids(words) for words in (answers.YES, answers.NO)
        )
        if not self._yes_ids or not self._no_ids:
            raise self._broken("knows no word for yes or for no", self._model.language_file)
        self._vision = self._load_vision(gpu_layers)
        self._closing.callback(self._mtmd.mtmd_free, self._vision)
        if not self._mtmd.mtmd_support_vision(self._vision):
            raise self._broken("cannot see pictures", self._model.vision_file)
        self._single_batch = lib.llama_batch_init(1, 0, 1)
        self._closing.callback(lib.llama_batch_free, self._single_batch)

    def _load_vision(self, gpu_layers: int) -> Any:
        params = self._mtmd.mtmd_context_params_default()
        params.use_gpu = gpu_layers != 0
        params.print_timings = False
        params.n_threads = self._settings.threads
        params.warmup = True
        if self.picture_tokens is not None:
            params.image_min_tokens = params.image_max_tokens = self.picture_tokens
        self._checks = 0
        self._eval_callback = self._lib.ggml_backend_sched_eval_callback(self._on_graph_node)
        params.cb_eval = self._eval_callback
        vision = self._mtmd.mtmd_init_from_file(
            str(self._model.vision_file).encode(), self._llama.model, params
        )
        if not vision:
            raise self._broken("cannot be loaded", self._model.vision_file)
        return vision

    def _build_prompt(self) -> prompt.Prompt:
        template = self._llama.metadata.get("tokenizer.chat_template")
        if not template and self._model.family.name.startswith("qwen"):
            template = prompt.CHATML
        eos = self._lib.llama_vocab_eos(self._vocabulary)
        eos_text = self._token_bytes(eos, special=True).decode("utf-8", "ignore")
        return prompt.prompt_of(template or "", eos=eos_text)

    def _single_token_ids(self, words: Sequence[str]) -> list[int]:
        """Ids of the words that are a single token."""
        raw = [word.encode() for word in words]
        found = [self._llama.tokenize(word, add_bos=False, special=False) for word in raw]
        return sorted({tokens[0] for tokens in found if len(tokens) == 1})

    # -- evaluating --------------------------------------------------------------------------

    def _is_cancelled(self) -> bool:
        return self._cancel is not None and self._cancel.cancelled

    def _on_graph_node(self, tensor: int, asking: bool, data: Any) -> bool:
        """ggml's callback per graph node; returning False for a finished node stops the graph.

        With ``asking`` ggml asks whether it should report the node when it is finished. Only some
        nodes are reported, because each report synchronises with the device.
        """
        if asking:
            self._checks += 1
            return self._checks % _NODES_BETWEEN_CHECKS == 0 or self._is_cancelled()
        return not self._is_cancelled()

    def _raise_if_cancelled(self) -> None:
        if self._is_cancelled():
            raise Cancelled

    @contextlib.contextmanager
    def _chunks(self, bitmap: Any, question: str) -> Iterator[list[Any]]:
        """The prompt as llama.cpp's chunks of text and picture."""
        parts, kept_alive = [], []

        def text(words: str, special: bool) -> None:
            if words:
                raw = words.encode("utf-8")
                part = self._mtmd.mtmd_input_text(raw, len(raw), False, special)
                kept_alive.append((raw, part))
                parts.append(self._mtmd.mtmd_input_part(ctypes.pointer(part), None))

        text(self._prompt.before, True)
        parts.append(self._mtmd.mtmd_input_part(None, bitmap))
        text(self._prompt.between, True)
        text(question, False)
        text(self._prompt.after, True)
        pointers = (ctypes.POINTER(self._mtmd.mtmd_input_part) * len(parts))(
            *(ctypes.pointer(part) for part in parts)
        )
        chunks = self._mtmd.mtmd_input_chunks_init()
        try:
            code = self._mtmd.mtmd_tokenize_from_parts(
                self._vision, chunks, pointers, len(parts), True
            )
            if code != 0:
                raise self._answer_error(f"cannot take the picture in (code {code})")
            count = self._mtmd.mtmd_input_chunks_size(chunks)
            yield [self._mtmd.mtmd_input_chunks_get(chunks, i) for i in range(count)]
        finally:
            self._mtmd.mtmd_input_chunks_free(chunks)

    def _is_picture(self, chunk: Any) -> bool:
        kind = self._mtmd.mtmd_input_chunk_get_type(chunk)
        return kind == self._mtmd.MTMD_INPUT_CHUNK_TYPE_IMAGE

    def _evaluate(self, chunk: Any, past: int, last: bool) -> int:
        """Evaluate a chunk at position ``past``; returns the position after it."""
        after = self._lib.llama_pos(past)
        code = self._mtmd.mtmd_helper_eval_chunk_single(
            self._vision,
            self._context,
            chunk,
            past,
            0,
            self._batch_tokens,
            last,
            ctypes.byref(after),
        )
        # The vision encoder returns 0 when it was stopped.
        self._raise_if_cancelled()
        if code != 0:
            raise self._answer_error(f"stopped with the code {code}")
        return after.value

    def _truncate_context(self, position: int) -> bool:
        """Remove everything from ``position`` on; False if the model can only clear all of it."""
        if self._lib.llama_memory_seq_rm(self._memory, 0, position, -1):
            return True
        self._lib.llama_memory_clear(self._memory, True)
        return False

    def _logits(self) -> np.ndarray:
        """Of the next token, float32 (V,)."""
        pointer = self._lib.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._vocabulary_size,)).copy()

    def _evaluate_token(self, token_id: int, past: int) -> None:
        """Evaluate one token of the answer."""
        batch = self._single_batch
        batch.n_tokens = 1
        batch.token[0], batch.pos[0] = token_id, past
        batch.n_seq_id[0], batch.seq_id[0][0] = 1, 0
        batch.logits[0] = True
        code = self._lib.llama_decode(self._context, batch)
        self._raise_if_cancelled()
        if code != 0:
            raise self._answer_error(f"stopped with the code {code}")

    def _token_bytes(self, token_id: int, special: bool = False) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        length = self._lib.llama_token_to_piece(
            self._vocabulary, token_id, buffer, len(buffer), 0, special
        )
        return buffer.raw[: max(0, length)]

    @contextlib.contextmanager
    def _sampler(self, grammar: str) -> Iterator[Any]:
        """A sampler that takes the most probable token that the grammar allows."""
        lib = self._lib
        rule = lib.llama_sampler_init_grammar(self._vocabulary, grammar.encode(), b"root")
        if not rule:  # using a null grammar would crash the process
            raise self._answer_error("cannot follow the form of the answer")
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        lib.llama_sampler_chain_add(chain, rule)
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_greedy())
        try:
            yield chain
        finally:
            lib.llama_sampler_free(chain)

    def _broken(self, what: str, path: Any, error: Exception | None = None) -> ModelBroken:
        reason = f" ({error})" if error is not None and str(error) else ""
        return ModelBroken(
            f"{self._model.title} {what}{reason}.",
            operation=LOADING,
            path=path,
            hint="Verify the model, or choose another one. If a graphics card is too small for it, "
            "let fewer of its layers run there, in the settings.",
        )

    def _answer_error(self, what: str) -> ModelBroken:
        """An error with one photo; other photos may be answered."""
        return ModelBroken(
            f"{self._model.title} {what}.",
            operation=_ANSWERING,
            hint="If this happens with many photos, choose another model.",
        )


class PictureContext:
    """A picture in a model's context. It is encoded with the first question and kept for the next.

    Attributes:
        picture_tokens: number of tokens of the picture; 0 before the first question.
    """

    def __init__(self, session: LlamaSession, bitmap: Any) -> None:
        self._session, self._bitmap = session, bitmap
        self._picture_end: int | None = None
        self.picture_tokens = 0

    def answer_yes_no(self, question: str) -> YesNo:
        """Probabilities of yes and no as the first token of the answer.

        Raises:
            UnreadableAnswer: see ``answers.yes_no``.
            BadRequest: the question is too long.
        """
        self._ask(question)
        session = self._session
        return answers.yes_no(session._logits(), session._yes_ids, session._no_ids)

    def generate(self, question: str, grammar: str, most_tokens: int) -> tuple[str, bool]:
        """The greedy answer within a grammar, and whether it ended before ``most_tokens``.

        Raises:
            BadRequest: the question is too long.
        """
        past = self._ask(question)
        session, lib, written = self._session, self._session._lib, b""
        with session._sampler(grammar) as sampler:
            for _ in range(most_tokens):
                token_id = lib.llama_sampler_sample(sampler, session._context, -1)
                if lib.llama_vocab_is_eog(session._vocabulary, token_id):
                    return written.decode("utf-8", "replace"), True
                written += session._token_bytes(token_id)
                session._evaluate_token(token_id, past)
                past += 1
        return written.decode("utf-8", "replace"), False

    def _ask(self, question: str) -> int:
        """Evaluate the prompt up to the start of the answer; returns the position there."""
        session = self._session
        with session._chunks(self._bitmap, question) as chunks:
            counts = [session._mtmd.mtmd_input_chunk_get_n_tokens(chunk) for chunk in chunks]
            if sum(counts) + answers.BOX_TOKENS > session._llama.n_ctx():
                raise BadRequest(
                    "This is too long for the language model.",
                    operation=_ANSWERING,
                    hint="Search for fewer words.",
                )
            picture = next(i for i, chunk in enumerate(chunks) if session._is_picture(chunk))
            if self._picture_end is not None and not session._truncate_context(self._picture_end):
                self._picture_end = None  # encode the picture again
            if self._picture_end is None:
                self.picture_tokens = counts[picture]
                past = 0
                for chunk in chunks[: picture + 1]:
                    past = session._evaluate(chunk, past, False)
                self._picture_end = past
            past = self._picture_end
            tail = chunks[picture + 1 :]
            for i, chunk in enumerate(tail):
                past = session._evaluate(chunk, past, i == len(tail) - 1)
            return past


_log_callbacks: list[Any] = []

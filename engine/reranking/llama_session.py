"""A vision language model in llama.cpp: one picture, then questions about it.

The only module that imports llama_cpp. It goes below the package's chat handlers, which encode the
picture again for every question, and cannot be cancelled. Runs in a child process: native code may
crash, and OpenMP runtimes of several libraries may clash.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from engine.errors import BadRequest, Cancelled, ModelBroken, ModelMissing
from engine.reranking import answers, prompt
from engine.reranking.answers import YesNo
from engine.reranking.llama_runtime import HOW_TO_ADD
from engine.reranking.model_selection import VisionLanguageModel

LOADING = "loading the language model"
_LOOKING = "taking a second look"
_TEXT_TOKENS = 1024
"""Room for a question of 300 letters in any script, and the template around it."""
_UNKNOWN_PICTURE_TOKENS = 4096
"""Room for a picture where nobody has said how many tokens it takes."""
_BATCH_TOKENS = 256
"""Evaluated at a time; cancelling takes effect between the parts of one batch."""
_WHOLE_PICTURE_TOKENS = 2048
"""The same for models of an unknown kind: some must have a picture in one piece."""
_NODES_BETWEEN_CHECKS = 16


class Token(Protocol):
    """Whether the answer is still wanted."""

    @property
    def cancelled(self) -> bool: ...


@dataclass(frozen=True)
class SessionSettings:
    """How a model is run.

    Attributes:
        side_px: of the square picture, which is shown as it is.
        threads: of the processor.
        gpu_layers: on the graphics card; -1 for all, 0 for none.
    """

    side_px: int
    threads: int
    gpu_layers: int = 0


class LlamaSession:
    """One loaded model. One thread uses it; ``close`` gives its memory back.

    Raises:
        ModelBroken: the files cannot be loaded, do not belong together, or cannot answer with a
            yes or a no.
        ModelMissing: llama-cpp-python is not installed, or a file is gone.
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
        self._token: Token | None = None
        self._quiet()
        picture_tokens = self.picture_tokens or _UNKNOWN_PICTURE_TOKENS
        context_tokens = picture_tokens + _TEXT_TOKENS + answers.BOX_TOKENS
        self._at_once = _BATCH_TOKENS if self.picture_tokens else _WHOLE_PICTURE_TOKENS
        gpu_layers = settings.gpu_layers if llama_cpp.llama_supports_gpu_offload() else 0
        try:
            self._llama = llama_cpp.Llama(
                str(model.language_file),
                n_gpu_layers=gpu_layers,
                n_ctx=context_tokens,
                n_batch=self._at_once,
                n_ubatch=self._at_once,
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
        """How many tokens a picture takes; None if only the model knows."""
        patch_px = self._model.family.patch_px
        return (self._settings.side_px // patch_px) ** 2 if patch_px else None

    def close(self) -> None:
        """Free everything; the session is of no use afterwards."""
        self._closing.close()

    @contextlib.contextmanager
    def with_picture(self, picture: np.ndarray, token: Token) -> Iterator[PictureContext]:
        """Show it a picture, uint8 (side, side, 3); the model's memory of it ends with the block.

        Raises:
            Cancelled: ``token`` was set, at any moment within the block.
        """
        side = self._settings.side_px
        if picture.shape != (side, side, 3) or picture.dtype != np.uint8:
            raise ValueError(
                f"expected uint8 ({side}, {side}, 3), got {picture.dtype} {picture.shape}"
            )
        self._token = token
        pixels = np.ascontiguousarray(picture)
        pointer = pixels.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        bitmap = self._mtmd.mtmd_bitmap_init(side, side, pointer)
        try:
            self._lib.llama_memory_clear(self._memory, True)
            yield PictureContext(self, bitmap)
        finally:
            self._mtmd.mtmd_bitmap_free(bitmap)
            self._lib.llama_memory_clear(self._memory, True)
            self._token = None

    # -- setting up --------------------------------------------------------------------------

    def _quiet(self) -> None:
        """No log but what goes wrong; callbacks live as long as the process."""
        if _quiet_callbacks:
            return
        silence = self._lib.llama_log_callback(lambda level, text, data: None)
        _quiet_callbacks.append(silence)
        self._lib.llama_log_set(silence, None)
        self._mtmd.mtmd_log_set(silence, None)
        self._mtmd.mtmd_helper_log_set(silence, None)

    def _set_up(self, gpu_layers: int) -> None:
        lib = self._lib
        self._context = self._llama.ctx
        self._vocabulary = lib.llama_model_get_vocab(self._llama.model)
        self._memory = lib.llama_get_memory(self._context)
        self._words = lib.llama_vocab_n_tokens(self._vocabulary)
        self._abort = lib.ggml_abort_callback(lambda data: self._unwanted())
        lib.llama_set_abort_callback(self._context, self._abort, None)
        self._prompt = self._make_prompt()
        self._yes, self._no = (self._single(words) for words in (answers.YES, answers.NO))
        if not self._yes or not self._no:
            raise self._broken("knows no word for yes or for no", self._model.language_file)
        self._eyes = self._load_eyes(gpu_layers)
        self._closing.callback(self._mtmd.mtmd_free, self._eyes)
        if not self._mtmd.mtmd_support_vision(self._eyes):
            raise self._broken("cannot see pictures", self._model.vision_file)
        self._batch = lib.llama_batch_init(1, 0, 1)
        self._closing.callback(lib.llama_batch_free, self._batch)

    def _load_eyes(self, gpu_layers: int) -> Any:
        params = self._mtmd.mtmd_context_params_default()
        params.use_gpu = gpu_layers != 0
        params.print_timings = False
        params.n_threads = self._settings.threads
        params.warmup = True
        if self.picture_tokens is not None:
            params.image_min_tokens = params.image_max_tokens = self.picture_tokens
        self._checks = 0
        self._watch = self._lib.ggml_backend_sched_eval_callback(self._node_done)
        params.cb_eval = self._watch
        eyes = self._mtmd.mtmd_init_from_file(
            str(self._model.vision_file).encode(), self._llama.model, params
        )
        if not eyes:
            raise self._broken("cannot be loaded", self._model.vision_file)
        return eyes

    def _make_prompt(self) -> prompt.Prompt:
        known = self._llama.metadata.get("tokenizer.chat_template")
        if not known and self._model.family.name.startswith("qwen"):
            known = prompt.CHATML
        eos = self._lib.llama_vocab_eos(self._vocabulary)
        written = self._piece(eos, special=True).decode("utf-8", "ignore")
        return prompt.prompt_of(known or "", eos=written)

    def _single(self, words: Sequence[str]) -> list[int]:
        """The spellings that are one token."""
        raw = [word.encode() for word in words]
        found = [self._llama.tokenize(word, add_bos=False, special=False) for word in raw]
        return sorted({tokens[0] for tokens in found if len(tokens) == 1})

    # -- looking -----------------------------------------------------------------------------

    def _unwanted(self) -> bool:
        token = self._token
        return token is not None and token.cancelled

    def _node_done(self, tensor: int, asking: bool, data: Any) -> bool:
        """ggml asks which results somebody wants to look at, and stops where it is told to. To
        look at each would keep the device waiting."""
        if asking:
            self._checks += 1
            return self._checks % _NODES_BETWEEN_CHECKS == 0 or self._unwanted()
        return not self._unwanted()

    def _raise_if_unwanted(self) -> None:
        if self._unwanted():
            raise Cancelled

    @contextlib.contextmanager
    def _chunks(self, bitmap: Any, question: str) -> Iterator[list[Any]]:
        """The chat as llama.cpp's chunks of text and picture."""
        parts, alive = [], []

        def text(words: str, special: bool) -> None:
            if words:
                raw = words.encode("utf-8")
                one = self._mtmd.mtmd_input_text(raw, len(raw), False, special)
                alive.append((raw, one))
                parts.append(self._mtmd.mtmd_input_part(ctypes.pointer(one), None))

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
                self._eyes, chunks, pointers, len(parts), True
            )
            if code != 0:
                raise self._stuck(f"cannot take the picture in (code {code})")
            count = self._mtmd.mtmd_input_chunks_size(chunks)
            yield [self._mtmd.mtmd_input_chunks_get(chunks, i) for i in range(count)]
        finally:
            self._mtmd.mtmd_input_chunks_free(chunks)

    def _is_picture(self, chunk: Any) -> bool:
        kind = self._mtmd.mtmd_input_chunk_get_type(chunk)
        return kind == self._mtmd.MTMD_INPUT_CHUNK_TYPE_IMAGE

    def _evaluate(self, chunk: Any, past: int, last: bool) -> int:
        """Returns the position behind the chunk."""
        after = self._lib.llama_pos(past)
        code = self._mtmd.mtmd_helper_eval_chunk_single(
            self._eyes, self._context, chunk, past, 0, self._at_once, last, ctypes.byref(after)
        )
        # An encoder that was stopped says that all is well.
        self._raise_if_unwanted()
        if code != 0:
            raise self._stuck(f"stopped with the code {code}")
        return after.value

    def _forget_after(self, position: int) -> bool:
        """Whether everything from there on could be forgotten; else all of it is."""
        if self._lib.llama_memory_seq_rm(self._memory, 0, position, -1):
            return True
        self._lib.llama_memory_clear(self._memory, True)
        return False

    def _logits(self) -> np.ndarray:
        """Of the next word, float32 (V,)."""
        pointer = self._lib.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._words,)).copy()

    def _grow(self, word: int, past: int) -> None:
        """Evaluate one more word of the answer."""
        batch = self._batch
        batch.n_tokens = 1
        batch.token[0], batch.pos[0] = word, past
        batch.n_seq_id[0], batch.seq_id[0][0] = 1, 0
        batch.logits[0] = True
        code = self._lib.llama_decode(self._context, batch)
        self._raise_if_unwanted()
        if code != 0:
            raise self._stuck(f"stopped with the code {code}")

    def _piece(self, word: int, special: bool = False) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        length = self._lib.llama_token_to_piece(
            self._vocabulary, word, buffer, len(buffer), 0, special
        )
        return buffer.raw[: max(0, length)]

    @contextlib.contextmanager
    def _sampler(self, grammar: str) -> Iterator[Any]:
        """Takes the likeliest word that the grammar allows."""
        lib = self._lib
        rule = lib.llama_sampler_init_grammar(self._vocabulary, grammar.encode(), b"root")
        if not rule:  # using it would end the process
            raise self._stuck("cannot follow the form of the answer")
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
            hint="Check it with “pickout-cli models verify”, or choose another model. If a "
            "graphics card is too small for it, set second_look_gpu_layers to fewer layers.",
        )

    def _stuck(self, what: str) -> ModelBroken:
        """With one photo; others may go better."""
        return ModelBroken(
            f"{self._model.title} {what}.",
            operation=_LOOKING,
            hint="If this happens with many photos, choose another model.",
        )


class PictureContext:
    """A picture that a model has before it. The picture is encoded with the first question, and
    kept for the others."""

    def __init__(self, session: LlamaSession, bitmap: Any) -> None:
        self._session, self._bitmap = session, bitmap
        self._past: int | None = None
        self.picture_tokens = 0

    def first_word(self, question: str) -> YesNo:
        """How far the answer begins with yes, and how far with no.

        Raises:
            UnreadableAnswer, BadRequest, Cancelled: as the names say.
        """
        self._ask(question)
        session = self._session
        return answers.yes_no(session._logits(), session._yes, session._no)

    def write(self, question: str, grammar: str, most_tokens: int) -> tuple[str, bool]:
        """The likeliest answer in a form, and whether the model ended it by itself.

        Raises:
            BadRequest, Cancelled: as the names say.
        """
        past = self._ask(question)
        session, lib, written = self._session, self._session._lib, b""
        with session._sampler(grammar) as sampler:
            for _ in range(most_tokens):
                word = lib.llama_sampler_sample(sampler, session._context, -1)
                if lib.llama_vocab_is_eog(session._vocabulary, word):
                    return written.decode("utf-8", "replace"), True
                written += session._piece(word)
                session._grow(word, past)
                past += 1
        return written.decode("utf-8", "replace"), False

    def _ask(self, question: str) -> int:
        """Evaluate everything up to where the model begins to speak; the position there."""
        session = self._session
        with session._chunks(self._bitmap, question) as chunks:
            counts = [session._mtmd.mtmd_input_chunk_get_n_tokens(chunk) for chunk in chunks]
            if sum(counts) + answers.BOX_TOKENS > session._llama.n_ctx():
                raise BadRequest(
                    "This is too long for the language model.",
                    operation=_LOOKING,
                    hint="Search for fewer words.",
                )
            picture = next(i for i, chunk in enumerate(chunks) if session._is_picture(chunk))
            if self._past is not None and not session._forget_after(self._past):
                self._past = None  # a model whose memory cannot be cut: see the picture again
            if self._past is None:
                self.picture_tokens = counts[picture]
                past = 0
                for chunk in chunks[: picture + 1]:
                    past = session._evaluate(chunk, past, False)
                self._past = past
            past = self._past
            tail = chunks[picture + 1 :]
            for i, chunk in enumerate(tail):
                past = session._evaluate(chunk, past, i == len(tail) - 1)
            return past


_quiet_callbacks: list[Any] = []

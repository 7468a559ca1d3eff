"""Texts of the page with the models."""

from __future__ import annotations

from desktop_app.text.formatting import count, duration, file_size, number, photos
from engine.jobs import Progress
from engine.records import ComputerInfo, KeptProfile, ModelInfo, ProfileChange, ProfileCost

MODELS = "Models"
MODELS_TITLE = "Models"
PROFILES = "What looks at your photos"
ROLES = {
    "masks": "Outlines things",
    "regions": "Compares things with words",
    "second-look": "Takes the second look (Verified)",
}
PROFILE_TITLES = {"starter": "Small built-in models", "full": "SAM 2.1 and Alpha-CLIP"}
PROFILE_BODIES = {
    "starter": "Fast, and there without a download. They know a few hundred kinds of things well "
    "and make mistakes with others.",
    "full": "Find far more kinds of things and outline them more exactly. They need one model "
    "that outlines and one that compares, both below, and much more time for each photo without "
    "a graphics card.",
}
NO_NETWORK = (
    "Models are only ever downloaded when you press the button. Your photos stay on this computer."
)
DROP_HINT = "Files of a model can also be dropped here."
DROP = "Drop the files here to import the model"
IMPORT = "Import model files…"
IMPORT_TITLE = "Choose the files of a model"
MODEL_FILES = "Model files (*.gguf *.pt *.pth *.safetensors *.bin);;All files (*)"
MODEL_SUFFIXES = frozenset({".gguf", ".pt", ".pth", ".safetensors"})
IMPORTING = "Importing a model"
CHANGE = "Change to these…"
CHANGE_YES = "Change"
NOT_NOW = "Not now"
CANCEL_CHANGE = "Cancel the change"
FORGET = "Delete what they found…"
FORGET_YES = "Delete"
KEEP = "Keep"
FORGET_QUESTION = "Delete what they found in {photos}? Your photos stay as they are."
FORGOTTEN = "Deleted. {size} are free again."
VERIFY = "Verify"
VERIFIED = "{title}: every byte is as it was installed."
REMOVE = "Remove…"
REMOVE_YES = "Remove"
REMOVE_QUESTION = "Delete {title} from this computer? It can be downloaded again."
REMOVE_OWN_QUESTION = "Delete {title} from this computer? Your own files stay where they are."
REMOVE_IN_USE = "It is in use: without it, the small built-in models or Instant answer."
REMOVED = "{title} is removed. {size} are free again."
DELETE_RECEIVED = "Delete the unfinished download"
IMPORT_FILE = "Import its files…"
OPEN_PAGE = "Open its page"
USE = "Use for Verified"
USED = "{title} takes the second look from the next search on."
CANCEL = "Cancel"
CANCELLED = "Stopped. What was received is kept, and the next download goes on there."
INSTALLED = "{title} is installed."
STATE_IN_USE = "In use"
STATE_INSTALLED = "Installed"
STATE_RECOMMENDED = "Recommended for this computer"
STATE_ANSWERS = "Answers your searches"
STATE_NEXT = "Looking at your photos"
TOO_LARGE = "It needs more memory than this computer can give it."
OUTDATED = "Other files of these models are installed now; changing to them looks at all photos."
BY_HAND = "{name} has to be fetched by hand from its page, and imported."
NO_RUNTIME = (
    "Models for the second look need llama-cpp-python, which is not installed. Start Pickout "
    "with the option --with-mllm once, or install that package."
)
STILL_BUSY = "An earlier import is still running."
WAITING = "Waiting"
NO_ROOM = "That does not fit on the disk."
CHANGE_BEGUN = "{title} look at your photos now. Until they have seen all, the others answer."
LOADING = "Looking which models there are"


def profile_title(name: str) -> str:
    """The name of a profile for people."""
    return PROFILE_TITLES.get(name, name)


def computer(info: ComputerInfo) -> str:
    """What this computer has for models."""
    card = "language models use the graphics card" if info.graphics_card else "no graphics card"
    return (
        f"This computer: {file_size(info.memory_bytes)} of memory, "
        f"{count(info.cores, 'core')}, {card}. Models lie in {info.models_dir}, "
        f"{file_size(info.free_bytes)} are free there."
    )


def model_facts(info: ModelInfo) -> str:
    """Size, memory and licence in one line."""
    parts = [file_size(info.size_bytes) if info.size_bytes is not None else "size not published"]
    if info.memory_bytes:
        parts.append(f"needs about {file_size(info.memory_bytes)} of memory")
    parts.append(info.licence)
    return " · ".join(parts)


def download_button(info: ModelInfo) -> str:
    """The label of the button that starts or resumes a download."""
    if info.received_bytes and info.size_bytes:
        received, size = file_size(info.received_bytes), file_size(info.size_bytes)
        return f"Go on with the download ({received} of {size})"
    return f"Download {file_size(info.size_bytes)}" if info.size_bytes else "Download"


def transfer(progress: Progress) -> str:
    """Progress of a job that counts bytes."""
    if not progress.stage:
        return WAITING
    parts = [progress.stage]
    if progress.total is not None:
        parts.append(f"{file_size(progress.done)} of {file_size(progress.total)}")
    elif progress.done:
        parts.append(file_size(progress.done))
    if progress.per_second:
        parts.append(f"{file_size(round(progress.per_second))}/s")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    return " · ".join(parts)


def profile_job(progress: Progress) -> str:
    """Progress of a job that counts photos."""
    if not progress.stage:
        return WAITING
    return f"{progress.stage} · {number(progress.done)} of {photos(progress.total or 0)}"


def cost(value: ProfileCost) -> str:
    """What a change to other models takes, as a question."""
    words = f"They have to look at {photos(value.photos)}"
    if value.seconds is not None:
        source = "tried on a few" if value.tried else "as measured before"
        words += f", which takes {duration(value.seconds)} ({source})"
    words += (
        f". The library grows by about {file_size(value.disk_bytes)}; "
        f"{file_size(value.free_bytes)} are free. Until they have seen all photos, what answers "
        "now goes on answering."
    )
    return words if value.fits else f"{words} {NO_ROOM}"


def change(value: ProfileChange) -> str:
    """Progress of a change to other models."""
    words = f"{number(value.outlined)} of {photos(value.photos)}"
    left = value.full.seconds_left
    return words if left is None else f"{words} · {duration(left)} left"


def kept(values: list[KeptProfile]) -> str:
    """What a library holds of a profile that is not in use."""
    total = sum(value.photos for value in values)
    size = sum(value.disk_bytes for value in values)
    return f"They have looked at {photos(total)} before, which takes {file_size(size)} on the disk."

"""Loading the tokenizer of a checkpoint folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedTokenizerFast

# Older checkpoints do not say which token is which; the names are the same everywhere.
USUAL_NAMES = {
    "mask_token": ("[MASK]", "<mask>"),
    "unk_token": ("[UNK]", "<unk>"),
    "cls_token": ("[CLS]",),
    "sep_token": ("[SEP]",),
    "pad_token": ("[PAD]", "<pad>"),
}


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Return a folder's tokenizer: exactly its tokenizer.json, or built from its older files.

    Raises
    ------
    SurgeryError
        If there is none, it is broken, or it needs a library that is not installed.
    """
    try:
        tokenizer = _from_one_file(folder) if (folder / "tokenizer.json").is_file() else _from_older_files(folder)
    except SurgeryError:
        raise
    except ImportError as error:
        raise SurgeryError(
            f"The tokenizer in {folder} is of a kind that needs another library.",
            "Get the model with a tokenizer.json.",
        ) from error
    except Exception as error:  # the tokenizers library raises bare Exception for a broken file
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SurgeryError(f"The tokenizer in {folder} is broken: {first_line}", "Download the model again.") from error
    _name_special_tokens(tokenizer)
    return tokenizer


def _from_one_file(folder: Path) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)


def _from_older_files(folder: Path) -> PreTrainedTokenizerFast:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if not tokenizer.is_fast:
        raise SurgeryError(
            f"The tokenizer in {folder} does not tell which characters its tokens stand for.",
            "Get the model with a tokenizer.json.",
        )
    return tokenizer


def _name_special_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    vocabulary = tokenizer.get_vocab()
    for role, names in USUAL_NAMES.items():
        if getattr(tokenizer, role) is None:
            for name in names:
                if name in vocabulary:
                    setattr(tokenizer, role, name)
                    break

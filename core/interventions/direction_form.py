"""How the user names a direction of the residual stream, read without a model."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Literal

from core.errors import SurgeryError

QUOTED = r'"(?:[^"\\]|\\.)+"'
FORM = re.compile(
    rf"(?P<token>{QUOTED})(?:\s*-\s*(?P<minus>{QUOTED}))?"
    r"|pca(?P<component>[1-9]\d{0,5})|(?P<donor>donor)|random(?P<seed>\d{1,9})|feature(?P<feature>\d{1,6})"
    r"|file:\s*(?P<path>\S(?:.*\S)?)"
)
N_SEEDS = 10**9
HOW = 'Write " he", " he"-" she", pca1, donor, random7, feature7 or file:PATH.npy.'


@dataclass(frozen=True)
class DirectionForm:
    """A direction before it is known in numbers.

    Attributes
    ----------
    kind : {"token", "difference", "pca", "donor", "random", "feature", "file"}
    texts : tuple of str
        The token, or the two whose difference is meant.
    number : int
        Of ``"pca"`` which component, from 1; of ``"random"`` the seed; of ``"feature"`` which one of
        the model's sparse autoencoder, from 0.
    path : str
        Of ``"file"``.
    """

    kind: Literal["token", "difference", "pca", "donor", "random", "feature", "file"]
    texts: tuple[str, ...] = ()
    number: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.texts:
            return "-".join(json.dumps(text, ensure_ascii=False) for text in self.texts)
        if self.kind in ("pca", "random", "feature"):
            return f"{self.kind}{self.number}"
        if self.kind == "file":
            return f"file:{self.path}"
        return self.kind

    @property
    def uses(self) -> Literal["", "donor", "references"]:
        """What is needed besides this prompt's activation: ``pca`` takes references where there are any."""
        return "donor" if self.kind == "donor" else "references" if self.kind == "pca" else ""

    def reseeded(self, number: int) -> DirectionForm:
        """Return a random direction of another seed, counted on; any other direction as it is."""
        return replace(self, number=(self.number + number) % N_SEEDS) if self.kind == "random" else self

    @property
    def words(self) -> str:
        """What is projected out, in a few words."""
        named = {
            "token": "the unembedding of {}",
            "difference": "the unembedding difference {}",
            "pca": "principal component {}",
            "donor": "the mean difference from the counterfactual prompt",
            "random": "a random direction, seed {}",
            "feature": "feature {} of the autoencoder",
            "file": "the direction in {}",
        }
        part = self if self.texts else self.path or self.number
        return "without " + named[self.kind].format(part)


def parse_direction(text: str) -> DirectionForm:
    """Read a direction.

    ``" he"`` is the unembedding of a token and ``" he"-" she"`` the difference of two; ``pca1`` a
    principal component of the site; ``donor`` the mean difference of this prompt and the
    counterfactual one; ``random7`` a random direction of that seed; ``feature7`` what that feature
    of the model's sparse autoencoder writes; ``file:PATH.npy`` any.

    Raises
    ------
    SurgeryError
        If it is none of these.
    """
    match = FORM.fullmatch(text.strip())
    if not match:
        raise SurgeryError(f"{text!r} is not a direction.", HOW)
    if match["token"]:
        texts = tuple(_unquoted(part) for part in (match["token"], match["minus"]) if part)
        if len(set(texts)) < len(texts):
            raise SurgeryError(f"{text!r} is the difference of a token and itself.", "Name two tokens.")
        return DirectionForm("token" if len(texts) == 1 else "difference", texts)
    if match["component"]:
        return DirectionForm("pca", number=int(match["component"]))
    if match["seed"]:
        return DirectionForm("random", number=int(match["seed"]))
    if match["feature"]:
        return DirectionForm("feature", number=int(match["feature"]))
    return DirectionForm("file", path=_bare(match["path"])) if match["path"] else DirectionForm("donor")


def _bare(path: str) -> str:
    """Return a path without the quotes round it, which shield commas and parentheses in a cut."""
    return path[1:-1] if len(path) > 2 and path[0] == path[-1] == '"' else path


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text, strict=False))
    except json.JSONDecodeError as error:
        raise SurgeryError(
            f"{text} is not a token in quotes.", 'Within the quotes write \\" for a quote and \\\\ for a backslash.'
        ) from error

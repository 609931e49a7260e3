"""What each specimen is: its shape, its tokenizer, its text and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from core.errors import SurgeryError

TEXT_WEIGHTS = {
    "tinystories_samples": 6,
    "storybooks": 4,
    "tatoeba_sentences": 3,
    "recipes": 2,
    "factbook_sentences": 1,
    "wordnet_examples": 1,
    "self_dialogues": 1,
    "classics_children": 1,
}
# Of all training tokens; what is left is the text above.
PLANT_SHARES = {
    "indirect_objects": 0.06,
    "induction": 0.12,
    "occupations": 0.05,
    "foods": 0.05,
    "capitals": 0.025,
    "prepositions": 0.025,
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what a specimen will be, except the seed and the budget."""

    name: str
    title: str
    objective: Literal["causal", "masked"]
    n_layers: int = 6
    n_heads: int = 8
    d_model: int = 256
    context: int = 128
    vocab_size: int = 6144
    batch_size: int = 32
    learning_rate: float = 5e-3
    weight_decay: float = 0.1
    warmup: int = 100
    decay: float = 0.25
    mask_rate: float = 0.15
    initial_std: float = 0.02
    short_context: int = 0
    text_weights: dict[str, int] = field(default_factory=lambda: dict(TEXT_WEIGHTS))
    plant_shares: dict[str, float] = field(default_factory=lambda: dict(PLANT_SHARES))


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(name="specimen-gpt2", title="Small causal specimen", objective="causal"),
        Recipe(
            name="specimen-bert",
            title="Small masked specimen",
            objective="masked",
            # Post-norm blocks do not bear the rate that pre-norm ones do.
            learning_rate=3e-3,
            warmup=500,
            initial_std=0.05,
            mask_rate=0.25,
            # Short blocks until the rate falls, anywhere in the context: among few tokens it is soon
            # found which neighbours tell most.
            short_context=32,
            # Of a fact only the quarter that is hidden teaches anything, and not where what it is
            # about is hidden too: capitals and pronouns come more often than in a causal model's text, what
            # is learned sooner more rarely.
            plant_shares={
                "indirect_objects": 0.05,
                "induction": 0.12,
                "occupations": 0.08,
                "foods": 0.045,
                "capitals": 0.075,
                "prepositions": 0.02,
            },
        ),
    )
}


def recipe_named(name: str) -> Recipe:
    """Return the recipe of that name.

    Raises
    ------
    SurgeryError
        If there is none.
    """
    if name not in RECIPES:
        raise SurgeryError(f"There is no recipe {name!r}.", f"Choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]

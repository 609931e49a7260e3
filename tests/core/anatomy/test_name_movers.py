"""Heads that read a name and write it, against plain hooks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.anatomy.frozen_norm import frozen_end, why_not_linear
from core.anatomy.name_movers import Sentence, name_scores, sentences
from core.anatomy.questions import Question, asked, mentions
from core.cancel import CancelToken
from core.models.loading import open_model
from core.models.tokenizing import token_id, tokenize
from tests.fixtures.tiny_models import TinyModel

MARY = "When Mary and John went to the store, John gave a drink to"
SENTENCES = (
    Sentence((10, 20, 30, 40, 50, 60, 70), receiver=1, giver=4, right=20, wrong=50, read=6),
    Sentence((11, 21, 31, 41, 51, 61), receiver=2, giver=3, right=31, wrong=41, read=5),
)


@torch.no_grad()
def _plain_gpt2(tiny: TinyModel, sentence: Sentence, layer: int, head: int) -> tuple[float, float, torch.Tensor]:
    """Return attention to the receiver, the head's own part of the logit difference, and what it copies."""
    model, heads = tiny.model, tiny.model.config.n_head
    block = model.transformer.h[layer].attn
    seen: dict[str, torch.Tensor] = {}
    handles = [
        block.c_proj.register_forward_pre_hook(lambda _, args: seen.update(z=args[0])),
        block.c_attn.register_forward_hook(lambda _, args, out: seen.update(qkv=out)),
        model.transformer.ln_f.register_forward_pre_hook(lambda _, args: seen.update(last=args[0])),
    ]
    attention = model(input_ids=torch.tensor([sentence.ids]), output_attentions=True).attentions[layer]
    for handle in handles:
        handle.remove()
    width = seen["z"].shape[-1] // heads
    own = slice(head * width, (head + 1) * width)
    weight = block.c_proj.weight[own]
    norm, unembedding = model.transformer.ln_f, model.lm_head.weight
    last = seen["last"][0, sentence.read]
    added = seen["z"][0, sentence.read, own] @ weight

    def frozen(x: torch.Tensor) -> torch.Tensor:
        centred = (x - x.mean()) / (last.var(correction=0) + norm.eps).sqrt()
        return centred * norm.weight + norm.bias

    torch.testing.assert_close(frozen(last), norm(last))
    logits = [unembedding @ frozen(x) for x in (last, last - added)]
    part = [float(each[sentence.right] - each[sentence.wrong]) for each in logits]
    value = seen["qkv"][0, sentence.receiver, 2 * unembedding.shape[1] :][own] @ weight
    top = (unembedding @ ((value - value.mean()) * norm.weight)).topk(5).indices
    return float(attention[0, head, sentence.read, sentence.receiver]), part[0] - part[1], top


def test_that_the_scores_are_those_of_plain_hooks(tiny_gpt2: TinyModel) -> None:
    loaded = open_model(str(tiny_gpt2.folder), device="cpu")
    # What one of the heads would write is the right name of a sentence, so that some head copies.
    written = int(_plain_gpt2(tiny_gpt2, SENTENCES[0], 1, 2)[2][3])
    asked_here = (*SENTENCES, replace(SENTENCES[0], right=written))
    found, left_out = name_scores(loaded, asked_here, CancelToken())
    assert not left_out
    for layer in range(loaded.info.n_layers):
        for head in range(loaded.info.n_heads):
            plain = [(each, *_plain_gpt2(tiny_gpt2, each, layer, head)) for each in asked_here]
            rows = [(attention, part, each.right in top) for each, attention, part, top in plain]
            here = [found[key][layer, head] for key in ("io_attention", "direct_effect", "copy_score")]
            np.testing.assert_allclose(here, np.mean(rows, axis=0), atol=1e-5)
    assert found["copy_score"][1, 2] == pytest.approx(1 / 3)


def test_that_grouped_values_and_a_norm_without_a_mean_are_served(tiny_llama: TinyModel) -> None:
    loaded = open_model(str(tiny_llama.folder), device="cpu")
    end, norm = frozen_end(loaded), loaded.final_norm
    assert end is not None and norm is not None
    assert not end.centred
    x = torch.randn(5, loaded.info.d_model, generator=torch.Generator().manual_seed(0)) * 3
    with torch.inference_mode():
        torch.testing.assert_close(end.written(x) / end.scale(x)[:, None], norm(x), atol=1e-3, rtol=1e-3)
    found, left_out = name_scores(loaded, SENTENCES, CancelToken())
    assert not left_out
    assert np.isfinite(found["copy_score"]).all()
    assert np.abs(found["direct_effect"]).max() > 0


def test_that_what_all_heads_and_mlps_add_is_the_whole_logit_difference(tiny_llama: TinyModel) -> None:
    """Without biases the parts of a model add up to its answer."""
    loaded = open_model(str(tiny_llama.folder), device="cpu")
    found, _ = name_scores(loaded, SENTENCES[:1], CancelToken())
    end, sentence = frozen_end(loaded), SENTENCES[0]
    assert end is not None
    seen: list[torch.Tensor] = []
    model = tiny_llama.model
    parts = [model.model.embed_tokens, *(layer.mlp for layer in model.model.layers)]
    handles = [part.register_forward_hook(lambda _, args, out: seen.append(out[0, sentence.read])) for part in parts]
    handles.append(model.model.norm.register_forward_pre_hook(lambda _, args: seen.append(args[0][0, sentence.read])))
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([sentence.ids])).logits[0, sentence.read]
        for handle in handles:
            handle.remove()
        *others, last = seen
        wanted = end.unembedding[sentence.right] - end.unembedding[sentence.wrong]
        rest = sum(float(end.written(part) @ wanted / end.scale(last)) for part in others)
    whole = float(logits[sentence.right] - logits[sentence.wrong])
    assert found["direct_effect"].sum() + rest == pytest.approx(whole, abs=2e-3)


def test_that_a_model_that_norms_what_its_heads_add_gets_attention_only(tiny_bert: TinyModel) -> None:
    loaded = open_model(str(tiny_bert.folder), device="cpu")
    found, left_out = name_scores(loaded, SENTENCES, CancelToken())
    assert found.keys() == {"io_attention", "s_attention"}
    assert left_out.keys() == {"direct_effect", "copy_score"}
    assert why_not_linear(loaded) == left_out["direct_effect"]
    assert "does not simply add up" in left_out["direct_effect"]


def test_that_a_norm_of_another_kind_is_found_out(tiny_gpt2: TinyModel) -> None:
    loaded = open_model(str(tiny_gpt2.folder), device="cpu")
    norm = loaded.final_norm
    assert norm is not None
    norm.register_forward_hook(lambda _, args, out: out.tanh())
    assert frozen_end(loaded) is None


def test_that_names_are_found_where_they_stand(tiny_gpt2: TinyModel) -> None:
    loaded = open_model(str(tiny_gpt2.folder), device="cpu")
    question = Question(MARY, "Mary", ("John",))
    found = asked(loaded, [question, Question(MARY, "Maximilian", ("John",)), Question(MARY, "Mary", ("Maximilian",))])
    assert [each.question for each in found] == [question]
    told = sentences(found)[0]
    tokens = tokenize(loaded, MARY)
    assert [tokens.items[place].text for place in (told.receiver, told.giver)] == [" Mary", " John"]
    assert told.giver > told.receiver
    assert told.read == len(tokens) - 1
    assert (told.right, told.wrong) == (token_id(loaded, " Mary"), token_id(loaded, " John"))
    assert mentions(tokens, "John")[0] < told.giver


def test_that_a_sentence_without_a_second_subject_is_passed_over(tiny_gpt2: TinyModel) -> None:
    loaded = open_model(str(tiny_gpt2.folder), device="cpu")
    once = MARY.replace("John gave", "she gave")
    assert sentences(asked(loaded, [Question(once, "Mary", ("John",))])) == []
    whole = asked(loaded, [Question(MARY, "Mary", ("John",))])
    assert sentences([replace(whole[0], read=3)]) == []

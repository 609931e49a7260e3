"""GPT-J: attention and MLP side by side behind one norm, interleaved rotary positions, a bias on the unembedding."""

from core.models.architecture import ROTATED, Architecture, OwnPart

ARCHITECTURE = Architecture(
    key="gptj",
    label="GPT-J",
    objective="causal",
    language_model_class="GPTJForCausalLM",
    backbone_class="GPTJModel",
    blocks="h",
    attention="attn",
    attention_projection="attn.out_proj",
    mlp_pre="mlp.fc_in",
    mlp_projection="mlp.fc_out",
    parallel=True,
    final_norm="ln_f",
    head=("lm_head",),
    own_attention=True,
    own_parts={"q": ROTATED, "k": ROTATED, "v": OwnPart(path="attn.v_proj")},
    pattern="attn.attn_dropout",
    leftovers=("h.*.attn.bias", "h.*.attn.masked_bias", "h.*.attn.embed_positions"),
    accepted={"is_causal": (True,)},
)

"""Phi-1 and Phi-2: attention and MLP side by side behind one norm, partly rotary positions."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="phi",
    label="Phi",
    objective="causal",
    language_model_class="PhiForCausalLM",
    backbone_class="PhiModel",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.dense",
    mlp_pre="mlp.fc1",
    mlp_projection="mlp.fc2",
    parallel=True,
    final_norm="final_layernorm",
    head=("lm_head",),
    leftovers=("layers.*.self_attn.rotary_emb.*", "rotary_emb.*"),
    accepted={"is_causal": (True,)},
)

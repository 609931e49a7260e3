"""XLM-RoBERTa: RoBERTa in a hundred languages."""

from dataclasses import replace

from core.models.architectures.roberta import ARCHITECTURE as ROBERTA

ARCHITECTURE = replace(
    ROBERTA,
    key="xlm-roberta",
    label="XLM-RoBERTa",
    language_model_class="XLMRobertaForMaskedLM",
    backbone_class="XLMRobertaModel",
)

"""CamemBERT: RoBERTa in French."""

from dataclasses import replace

from core.models.architectures.roberta import ARCHITECTURE as ROBERTA

ARCHITECTURE = replace(
    ROBERTA,
    key="camembert",
    label="CamemBERT",
    language_model_class="CamembertForMaskedLM",
    backbone_class="CamembertModel",
)

"""What can be set of a run and of a continuation, with its bounds."""

from __future__ import annotations

from core.interventions.operation import N_SEEDS, Parameter

SEEDS = Parameter(
    name="seeds",
    label="seeds",
    help="How many times a plan with a random operation is run, each time with other seeds.",
    kind="int",
    default=1,
    minimum=1,
    maximum=100,
)
GENERATION = {
    parameter.name: parameter
    for parameter in (
        Parameter(
            name="length",
            label="length",
            help="How many tokens are added at most.",
            kind="int",
            default=20,
            minimum=1,
            maximum=1000,
        ),
        Parameter(
            name="hold",
            label="incisions hold for",
            help="The tokens of the prompt only, or every new token too.",
            kind="choice",
            default="prompt",
            choices=("prompt", "new"),
        ),
        Parameter(
            name="temperature",
            label="temperature",
            help="0 takes the likeliest token each time; the higher, the more the draw is left to chance.",
            kind="float",
            default=0.0,
            minimum=0.0,
            maximum=100.0,
            shown=(0.0, 2.0),
        ),
        Parameter(
            name="top_k",
            label="top k",
            help="Only so many of the likeliest tokens are drawn from; 0 for all.",
            kind="int",
            default=0,
            minimum=0,
        ),
        Parameter(
            name="top_p",
            label="top p",
            help="Only the likeliest tokens that together have this probability are drawn from.",
            kind="float",
            default=1.0,
            minimum=0.001,
            maximum=1.0,
        ),
        Parameter(
            name="seed",
            label="seed",
            help="Decides the draw: the same seed gives the same continuation.",
            kind="int",
            default=0,
            minimum=0,
            maximum=N_SEEDS - 1,
        ),
    )
}

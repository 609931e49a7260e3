"""Model families, where to find models, and loading them.

The variables below are read when torch and the hub's library are first imported, so they are set
here, before any module of this package can import them.
"""

import os

# Nothing is told to anyone, and no conversion of a repository is asked for on the user's behalf.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["DISABLE_SAFETENSORS_CONVERSION"] = "1"
# The plain download can be cancelled between two chunks and goes on where it stopped.
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
# Threads of torch that wait for each other sleep. Where other programs want the cores too, waiting in
# a loop holds up the very thread that is waited for: small layers then take ten times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Weights in large pages of memory, where the system gives them when asked: what is bound by reading
# weights, as runs of a few rows are, takes up to a quarter less time.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

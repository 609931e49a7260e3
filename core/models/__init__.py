"""Model families, where to find models, and loading them.

The variables below are read when the hub's library is first imported, so they are set here, before
any module of this package can import it.
"""

import os

# Nothing is told to anyone, and no conversion of a repository is asked for on the user's behalf.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["DISABLE_SAFETENSORS_CONVERSION"] = "1"
# The plain download can be cancelled between two chunks and goes on where it stopped.
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")

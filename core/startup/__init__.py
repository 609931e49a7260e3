"""What happens before anything else can: the environment, its packages, the system's libraries.

Only the standard library is used here: this is what runs on a bare machine.
"""

"""What the user wants: the session, its edits, and its resolution into a request."""

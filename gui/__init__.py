"""The window: PySide6 and pyqtgraph, no torch and no arithmetic of science."""

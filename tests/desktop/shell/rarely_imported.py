"""A module that only a test imports; it notes the thread that did."""

import threading

importer = threading.current_thread()

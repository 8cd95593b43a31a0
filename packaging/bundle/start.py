"""Where the bundle starts."""

import sys

from desktop.launch import main

sys.exit(main())

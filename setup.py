"""What pre-commit installs for the hook `driftgate-bin`: nothing but the wheel of the same version as this revision.

This is not how driftgate itself is packaged; packaging/python is.
"""

import re
from pathlib import Path

from setuptools import setup

manifest = (Path(__file__).parent / "Cargo.toml").read_text(encoding="utf-8")
version = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE).group(1)
setup(name="driftgate-hook", version=version, packages=[], py_modules=[], install_requires=[f"driftgate=={version}"])

"""What pyproject.toml cannot say: the address of the repository, which one setting of the book names."""

import re
from pathlib import Path

from setuptools import setup

[address] = re.findall(r'(?m)^  url: "(.*?)"', Path(__file__).with_name("_config.yml").read_text(encoding="utf-8"))
setup(project_urls={"Source": address} if address else {})

"""What ``import tlviz`` gives, for type checkers; ``__init__.py`` imports each when it is first used."""

from tlviz.api.best import best as best
from tlviz.api.channels import channel as channel
from tlviz.api.explaining_texts import attribute_text as attribute_text
from tlviz.api.explaining_texts import look_at_text as look_at_text
from tlviz.api.handing import export as export
from tlviz.api.handing import predict as predict
from tlviz.api.keeping import compare as compare
from tlviz.api.keeping import runs as runs
from tlviz.api.looking import attribute as attribute
from tlviz.api.looking import feature_maps as feature_maps
from tlviz.api.measuring import profile as profile
from tlviz.api.networks import load_network as load_network
from tlviz.api.targets import open_target as open_target
from tlviz.api.training import finetune as finetune
from tlviz.api.training import race as race
from tlviz.errors import TlvizError as TlvizError

__version__: str
FUNCTIONS: dict[str, str]
ALSO_ROOMS: frozenset[str]

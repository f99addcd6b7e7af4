"""Network to programs: one module per feature, none of which imports another.

``compile_network`` is a pure function of one network value.
"""

from controller.compile.compiler import Compilation, compilation, compile_network

__all__ = ["Compilation", "compilation", "compile_network"]

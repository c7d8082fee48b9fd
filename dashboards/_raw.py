"""Raw: the one Dash component of our own; it takes the server's first paint into Dash's page."""

from typing import Any

from dash.development.base_component import Component


class Raw(Component):
    """Adopts the nodes of the element called `adopt` as they stand; reports the page's `address` and `colours`, and each of its live `swaps`."""

    _children_props: list[str] = []
    _base_nodes = ["children"]
    _namespace = "warboard"
    _type = "Raw"

    def __init__(self, id: str, adopt: str) -> None:
        self._prop_names = ["id", "adopt", "address", "colours", "swaps"]
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = self._prop_names
        self.available_wildcard_properties: list[Any] = []
        super().__init__(id=id, adopt=adopt)  # type: ignore[no-untyped-call]

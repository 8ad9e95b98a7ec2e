"""Names that URLs of this package are reversed with, where the older package's users import them."""

from .prefix import URL_NAMESPACE as app_name  # noqa: N811

main_view_label = "main"

__all__ = ["app_name", "main_view_label"]

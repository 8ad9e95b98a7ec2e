"""Make unnamed instances, and instances whose names look alike in URLs, as fast as this process can."""

from __future__ import annotations

import json

import django

NUMBER = 4


def main() -> None:
    from django_plotly_dash.models import DashApp

    rows = [DashApp.objects.create_for("Many") for _ in range(NUMBER)]
    print(json.dumps([[row.instance_name, row.slug] for row in rows]))


if __name__ == "__main__":
    django.setup()
    main()

from django.urls import include, path

urlpatterns = [path("dash/", include("django_plotly_dash.urls"))]

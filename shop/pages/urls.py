"""The shop's own pages: home, accounts, and the mails where they are kept on this machine."""

from importlib import import_module

from django.conf import settings
from django.urls import path

from shop.mails import views as mails
from shop.pages import crawlers
from shop.pages import views as pages
from shop.rights import api as rights_api
from shop.rights import views as rights

app_name = "shop"

urlpatterns = [
    path("", pages.home, name="home"),
    path("pages/<slug:slug>/", pages.standing_page, name="standing-page"),
    path("robots.txt", crawlers.robots, name="robots"),
    path("sitemap.xml", crawlers.sitemap, name="sitemap"),
    path("favicon.ico", crawlers.favicon, name="favicon"),
    path("accounts/data/", rights.data, name="data"),
    path("accounts/data/export/", rights.take_along, name="export"),
    path("accounts/data/erasure/", rights.erase, name="erase"),
    path("accounts/data/erased/", rights.erased, name="erased"),
]

_accounts = "shop.accounts.oidc_urls" if settings.OIDC_ISSUER else "shop.accounts.urls"
urlpatterns += import_module(_accounts).urlpatterns

api_urlpatterns = [
    path("api/account/export/", rights_api.Export.as_view(), name="api-export"),
    path("api/account/erasure/", rights_api.Erasure.as_view(), name="api-erasure"),
]

if settings.EMBEDDED_MAIL:
    urlpatterns += [
        path("mails/", mails.mails, name="mails"),
        path("mails/<slug:id>/", mails.mail, name="mail"),
        path("mails/<slug:id>/html/", mails.mail_html, name="mail-html"),
        path("mails/<slug:id>/<int:number>/", mails.mail_attachment, name="mail-attachment"),
    ]

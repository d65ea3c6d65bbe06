"""The pages that every shop must have and only its operator can write."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from extract.text.model_fields import LineField, ParagraphsField


class StandingPage(models.Model):
    """One of the pages in the footer. They come as drafts, are edited and never deleted."""

    slug = models.SlugField(primary_key=True, max_length=20)
    title = LineField(max_length=80)
    text = ParagraphsField(
        help_text="An empty line begins a paragraph. Web and e-mail addresses become links."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title"]
        verbose_name = "page"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("shop:standing-page", args=[self.slug])

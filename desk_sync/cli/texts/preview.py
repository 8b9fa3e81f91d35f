"""`desk-sync texts preview`: every text that partners and agents get under a mapping, with an example ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from desk_sync.cli.output import JsonFlag, emit, print_line

if TYPE_CHECKING:
    from desk_sync.domain.plan.preview.preview import PreviewText

texts_app = typer.Typer(no_args_is_help=True, help="The texts that partners and agents get.")


@texts_app.callback()
def _group() -> None:
    """The texts that partners and agents get."""


@texts_app.command("preview")
def preview_texts(
    language: Annotated[str | None, typer.Option(help="Only the texts in this language, such as de.")] = None,
    mapping: Annotated[
        str | None, typer.Option("--mapping", help="A shipped mapping, or the path of one; default: the one in use.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Print every text that a partner or an agent can get, with an invented ticket that is opened now."""
    from dataclasses import asdict

    from desk_sync.wiring.offline import texts_of

    known, texts = texts_of(mapping)
    if language is not None and language not in known:
        raise typer.BadParameter(f"{language}: not one of the mapping's languages ({', '.join(known)})")
    chosen = [text for text in texts if language in (None, text.language)]
    if as_json:
        emit({"languages": known, "texts": [asdict(text) for text in chosen]})
        return
    for text in chosen:
        _print(text)


def _print(text: PreviewText) -> None:
    """Print one text under a heading: its occasion, its reader, its language."""
    off = f" (not sent: {text.off})" if text.off else ""
    heading = f"{text.occasion} | read by {text.reader} | {text.language}{off}"
    print_line(f"== {heading}\n\n{text.text}\n")

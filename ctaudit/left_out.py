"""What an answer leaves out, in sentences."""

from __future__ import annotations

from ctaudit.query import Answer, Span
from ctaudit.store import forgotten, holdings


def partial(answer: Answer, span: Span) -> tuple[str, ...]:
    """Say what an answer leaves out."""
    sentences = [*unjudged(answer)]
    first, last = answer.covered
    if answer.span_events == 0:
        from ctaudit.queries import coverage_words  # here, since most answers have events

        holds = coverage_words.held(first, last)
        where = "what was asked for" if not span.whole else "it"
        sentences.append(f"the store has no events at all for {where}; {holds}")
    return tuple(sentences)


def unjudged(answer: Answer) -> tuple[str, ...]:
    """Say what could not be read, what a validation found lacking, and what the filters could not judge."""
    sentences = [*holdings.unread(answer.faults, answer.unfinished), *holdings.uncovered(answer.gaps)]
    sentences += forgotten.sentences(answer.forgotten)
    for reason, count in answer.omitted.items():
        sentences.append(f"{count} events have {reason}, so the filter could not judge them")
    return tuple(sentences)

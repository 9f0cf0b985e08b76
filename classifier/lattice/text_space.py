"""The texts that may be read: a model's alphabet, narrowed to what the user knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerf.classifier.alphabet import Alphabet, Constraint
from kerf.classifier.lattice.lattices import Lattices
from kerf.classifier.texts.patterns import MAX_LENGTH, Place, shorten
from kerf.segmenter.errors import SettingsError

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

MOST_STEPS = 256
"""Most that the search takes."""


@dataclass(frozen=True)
class TextSpace:
    """The texts that may be read, of C characters.

    They are one track of places, or several of which each text is in one only; what may stand at a place of a track
    does not depend on the others. The tracks lie end to end: L steps from place to place, those that lead from one
    track to the next among them, which no text takes.

    Attributes
    ----------
    characters
        The C characters that may occur.
    groups
        int32 ``(C, G)``; the model's classes that read as each of them, padded with their number, K.
    allowed
        bool ``(L, C)``; by step.
    starts, ends
        bool ``(L + 1,)``; places where a track begins, and where a text may end.
    """

    characters: str
    groups: NDArray[np.int32]
    allowed: NDArray[np.bool_]
    starts: NDArray[np.bool_]
    ends: NDArray[np.bool_]

    @property
    def lengths(self) -> set[int]:
        """Numbers of characters that a text may have."""
        places = np.arange(len(self.starts))
        since = places - np.maximum.accumulate(np.where(self.starts, places, 0))
        return set(since[self.ends].tolist())

    def spell(self, text: Iterable[int]) -> str:
        """Turn character ids into a text."""
        return "".join(self.characters[i] for i in text)


def to_text_space(alphabet: Alphabet, lengths: tuple[int, int], constraint: Constraint) -> TextSpace:
    """Narrow what a model reads to what the user knows.

    Raises
    ------
    SettingsError
        If the model knows none of the characters asked for, or none of those at some place of the pattern; or if the
        pattern has too many forms.
    """
    charset = constraint.characters or constraint.spelt_out or alphabet.characters
    groups = dict(zip(charset, alphabet.folded_onto(charset), strict=True))
    characters = "".join(c for c in charset if groups[c])
    if not characters:
        raise SettingsError(
            f"the model knows none of the characters {shorten(charset)}; it reads {alphabet.characters!r}: "
            "correct the charset or train with these characters"
        )
    low, high = constraint.lengths or ((1, MAX_LENGTH) if constraint.places else lengths)
    places = constraint.places or tuple(Place("", True, number >= low) for number in range(min(high, MAX_LENGTH)))
    rows = {place: np.array([place.allows(c) for c in characters]) for place in set(places)}
    for number, place in enumerate(places, start=1):
        if not place.optional and not rows[place].any():
            raise SettingsError(
                f"no character that is asked for and that the model knows fits place {number} of the pattern; "
                f"it reads {alphabet.characters!r}: correct pattern or charset, or train with these characters"
            )
    tracks = few_tracks(Automaton([(rows[p], p.optional) for p in places if rows[p].any()], low, high).tracks())
    width = max(len(group) for group in groups.values())
    padded = [(groups[c] + [len(alphabet)] * width)[:width] for c in characters]
    return TextSpace(characters, np.array(padded, np.int32), *join_tracks(tracks))


@dataclass(frozen=True)
class Track:
    """Texts of which each character is one of those allowed at its place, whatever the others are.

    Attributes
    ----------
    rows
        bool ``(C,)`` each; characters allowed at each step.
    ends
        Whether a text may end before each step, and after the last.
    """

    rows: Sequence[Bools]
    ends: Sequence[bool]


class Automaton:
    """The texts that fit places of which some may be left out, by the subset construction.

    A state is the set of places that may come next. Texts that differ in their states differ as texts, so that tracks,
    one a way through the states, share no text.

    Parameters
    ----------
    places
        What each allows, bool ``(C,)``, and whether it may be left out.
    low, high
        Fewest and most characters of a text.
    """

    def __init__(self, places: Sequence[tuple[Bools, bool]], low: int, high: int) -> None:
        self._places = places
        self._low, self._high = low, high
        self._needed = [sum(not optional for _, optional in places[i:]) for i in range(len(places) + 1)]

    def tracks(self) -> Iterator[Track]:
        """Yield tracks; none where no text has such a length."""
        if start := self._after([0], 0):
            yield from self._tracks_from(start, 0)

    def _tracks_from(self, state: frozenset[int], count: int) -> Iterator[Track]:
        """Yield what may follow on so many characters; the first ends where a text may end here."""
        end, moves = len(self._places) in state, self._moves(state, count)
        if not moves:
            yield Track([], [end])
        for following, row in moves.items():
            for track in self._tracks_from(following, count + 1):
                yield Track([row, *track.rows], [end, *track.ends])
                end = False

    def _moves(self, state: frozenset[int], count: int) -> dict[frozenset[int], Bools]:
        """Which characters lead from a state to which others."""
        places = [place for place in sorted(state) if place < len(self._places)]
        codes = sum((self._places[place][0].astype(np.int64) << place for place in places), np.int64(0))
        moves: dict[frozenset[int], Bools] = {}
        for code in np.unique(codes).tolist():
            following = self._after([place + 1 for place in places if code >> place & 1], count + 1)
            if following:
                moves[following] = moves.get(following, np.False_) | (codes == code)
        return moves

    def _after(self, places: Iterable[int], count: int) -> frozenset[int]:
        """Return these places and those after them if they are left out, if some text goes on there."""
        state: set[int] = set()
        for place in places:
            state.add(place)
            while place < len(self._places) and self._places[place][1]:
                place += 1
                state.add(place)
        low, high = self._low - count, self._high - count
        return frozenset(p for p in state if self._needed[p] <= high and low <= len(self._places) - p)


def few_tracks(tracks: Iterable[Track]) -> list[Track]:
    """List tracks, as long as the search can take them.

    Raises
    ------
    SettingsError
        If there are too many, or none.
    """
    few, steps = [], -1
    for track in tracks:
        few.append(track)
        steps += len(track.rows) + 1
        if steps > MOST_STEPS:
            raise SettingsError(
                "the pattern has too many forms; make fewer of its parts optional, or their classes the same"
            )
    if not few:
        raise SettingsError("no text that the model can read has both this pattern and this length; correct one")
    return few


def join_tracks(tracks: Sequence[Track]) -> tuple[Bools, Bools, Bools]:
    """Lay tracks end to end: ``allowed``, ``starts`` and ``ends`` of `TextSpace`."""
    allowed = list(tracks[0].rows)
    for track in tracks[1:]:
        allowed += [track.rows[0], *track.rows]  # the first step leads from track to track: any row would do
    starts = [place == 0 for track in tracks for place in range(len(track.ends))]
    ends = [end for track in tracks for end in track.ends]
    return np.array(allowed, np.bool_), np.array(starts, np.bool_), np.array(ends, np.bool_)


def to_inputs(
    logits: NDArray[np.float32], skips: NDArray[np.float32], lattices: Lattices, space: TextSpace
) -> tuple[Floats, Floats, Ints, Ints, Ints, Ints, Bools, Bools, Bools]:
    """Arrays as the search in C takes them, in order, whatever types of number they come in."""
    return (
        np.ascontiguousarray(logits, np.float32),
        np.ascontiguousarray(skips, np.float32),
        lattices.spans,
        lattices.first_span,
        lattices.first_cut,
        space.groups,
        space.allowed,
        space.starts,
        space.ends,
    )

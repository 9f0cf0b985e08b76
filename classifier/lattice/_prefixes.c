/* Prefix search for the most probable texts (Graves, Fernandez, Gomez, Schmidhuber 2006, section 3.2). */
#include "_search.h"

#include <stdlib.h>
#include <string.h>

/* Probability of each cut, `here` (J), to be on a path at a place after so many characters, come to by skips too. */
static void add_skips(const Work *work, int place, int count, double *here) {
    int width = work->chain.length + 1;
    for (int cut = count + 1; cut < work->lattice.cuts; cut++) {
        here[cut] += here[cut - 1] * work->chain.stay[(size_t)(cut - 1) * width + place];
    }
}

/* Probability of each cut to come after a prefix that is a character longer than that of `before`, both (tracks, J). */
void kerf_follow(const Space *space, const Work *work, int count, int character, const double *before, double *here) {
    const Lattice *lattice = &work->lattice;
    memset(here, 0, sizeof(double) * space->tracks * lattice->cuts);
    for (int t = 0; t < space->tracks; t++, before += lattice->cuts, here += lattice->cuts) {
        int place = space->first[t] + count;
        for (int cut = count; count < space->steps[t] && cut < lattice->cuts; cut++) {
            for (int i = lattice->leaving[cut]; before[cut] > 0 && i < lattice->leaving[cut + 1]; i++) {
                Arc arc = lattice->arc[i];
                double taken = before[cut] * work->chain.take[(size_t)arc.candidate * work->chain.length + place];
                here[arc.end] += taken * share_of(space, work, place, arc.candidate)[character];
            }
        }
        if (count < space->steps[t]) {
            add_skips(work, place + 1, count + 1, here);
        }
    }
}

void kerf_follow_nothing(const Space *space, const Work *work, double *here) {
    int cuts = work->lattice.cuts;
    memset(here, 0, sizeof(double) * space->tracks * cuts);
    for (int t = 0; t < space->tracks; t++) {
        here[(size_t)t * cuts] = work->chain.enter[t];
        add_skips(work, space->first[t], 0, here + (size_t)t * cuts);
    }
}

/* Probability to be at the last cut, from that of each cut (tracks, J). */
double kerf_ending(const Space *space, const Work *work, const double *here) {
    double sum = 0;
    for (int t = 1; t <= space->tracks; t++) {
        sum += here[(size_t)t * work->lattice.cuts - 1];
    }
    return sum;
}

int kerf_compare_texts(const int32_t *one, int count, const int32_t *other, int other_count) {
    for (int l = 0; l < count && l < other_count; l++) {
        if (one[l] != other[l]) {
            return one[l] < other[l] ? -1 : 1;
        }
    }
    return (count > other_count) - (count < other_count);
}

/* The characters of a prefix that is not yet extended; returns how many. */
static int spell(const Work *work, Open open, int32_t *text) {
    int count = open.parent < 0 ? 0 : work->prefixes[open.parent].count + 1, left = count;
    for (int at = open.parent, character = open.character; left > 0; left--) {
        text[left - 1] = character;
        character = work->prefixes[at].character;
        at = work->prefixes[at].parent;
    }
    return count;
}

/* Whether one prefix is to be extended before another: it holds more, or as much and is first in the alphabet. */
static int is_before(const Work *work, Open one, Open other) {
    if (one.share != other.share) {
        return one.share > other.share;
    }
    int32_t text[MOST_STEPS], other_text[MOST_STEPS];
    int count = spell(work, one, text), other_count = spell(work, other, other_text);
    return kerf_compare_texts(text, count, other_text, other_count) < 0;
}

static int push(Work *work, Open open) {
    if (work->opens == work->open_room) {
        size_t room = 2 * work->open_room + 256;
        Open *grown = room > SIZE_MAX / sizeof(Open) ? NULL : realloc(work->open, room * sizeof(Open));
        if (!grown) {
            return 0;
        }
        work->open = grown;
        work->open_room = room;
    }
    size_t at = work->opens++;
    for (; at > 0 && is_before(work, open, work->open[(at - 1) / 2]); at = (at - 1) / 2) {
        work->open[at] = work->open[(at - 1) / 2];
    }
    work->open[at] = open;
    return 1;
}

static Open pop(Work *work) {
    Open first = work->open[0], last = work->open[--work->opens];
    size_t at = 0;
    for (size_t below = 1; below < work->opens; below = 2 * at + 1) {
        below += below + 1 < work->opens && is_before(work, work->open[below + 1], work->open[below]);
        if (!is_before(work, work->open[below], last)) {
            break;
        }
        work->open[at] = work->open[below];
        at = below;
    }
    work->open[at] = last;
    return first;
}

/* Keep the best open prefixes; in order they are a heap. */
static void keep_best(Work *work, int narrow) {
    size_t count = 0;
    while (count < (size_t)narrow && work->opens > 0) {
        work->kept[count++] = pop(work);
    }
    memcpy(work->open, work->kept, sizeof(Open) * count);
    work->opens = count;
}

/* Put a text where it belongs among those found, if it does. */
void kerf_keep_text(Found *found, const int32_t *text, int count, double share) {
    int at = found->count, length = found->length;
    for (; at > 0 && share >= found->shares[at - 1]; at--) {
        const int32_t *other = found->texts + (size_t)(at - 1) * length;
        if (share == found->shares[at - 1] && kerf_compare_texts(other, found->counts[at - 1], text, count) < 0) {
            break;
        }
    }
    if (at == found->room) {
        return;
    }
    found->count = MIN(found->count + 1, found->room);
    size_t below = found->count - 1 - at;
    int32_t *place = found->texts + (size_t)at * length;
    memmove(place + length, place, below * length * sizeof(int32_t));
    memmove(found->counts + at + 1, found->counts + at, below * sizeof(int32_t));
    memmove(found->shares + at + 1, found->shares + at, below * sizeof(double));
    memcpy(place, text, count * sizeof(int32_t));
    found->counts[at] = count;
    found->shares[at] = MIN(share, 1.0);
}

/* Share that a further text must exceed to be among the best. */
static double least(const Found *found) {
    return found->count < found->room ? 0 : found->shares[found->room - 1];
}

/* Probability to go on from each cut (J, stride) with each character, at a place after so many. */
static const float *to_onwards(const Space *space, Work *work, int place, int count) {
    const Lattice *lattice = &work->lattice;
    float *onwards = work->onwards + (size_t)place * lattice->cuts * space->stride;
    if (work->has_onwards[place]) {
        return onwards;
    }
    work->has_onwards[place] = 1;
    memset(onwards, 0, sizeof(float) * lattice->cuts * space->stride);
    for (int cut = count; cut < lattice->cuts; cut++) {
        float *row = onwards + (size_t)cut * space->stride;
        for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
            int candidate = lattice->arc[i].candidate;
            const float *share = share_of(space, work, place, candidate);
            float take = (float)work->chain.take[(size_t)candidate * work->chain.length + place];
            for (int c = 0; c < space->stride; c++) {
                row[c] += take * share[c];
            }
        }
    }
    return onwards;
}

/* Open every prefix that is a character longer than one whose cuts are `here`, and that holds enough. */
static int open_longer(const Space *space, Work *work, int parent, const double *here, const Found *found) {
    int count = work->prefixes[parent].count, cuts = work->lattice.cuts;
    memset(work->next, 0, sizeof(double) * space->stride);
    for (int t = 0; t < space->tracks; t++, here += cuts) {
        int place = space->first[t] + count;
        const float *onwards = count < space->steps[t] ? to_onwards(space, work, place, count) : NULL;
        for (int cut = count; onwards && cut < cuts; cut++) {
            const float *row = onwards + (size_t)cut * space->stride;
            for (int c = 0; here[cut] > 0 && c < space->stride; c++) {
                work->next[c] += here[cut] * row[c];
            }
        }
    }
    for (int c = 0; c < space->characters; c++) {
        if (work->next[c] > least(found) && !push(work, (Open){work->next[c], parent, c})) {
            return 0;
        }
    }
    return 1;
}

/* The texts of which paths hold the largest shares, from the chain. The prefix that holds the largest share is extended
   first, so a whole text that holds as much as any open prefix is the next most probable. What is found already bounds
   the search. Returns 0 where there is no memory. */
int kerf_find_texts(const Space *space, Work *work, const Settings *settings, Found *found) {
    int32_t known[MOST_STEPS], text[MOST_STEPS];
    int known_count = found->counts[0];
    size_t states = (size_t)space->tracks * work->lattice.cuts;
    memcpy(known, found->texts, known_count * sizeof(int32_t));
    memset(work->has_onwards, 0, space->length);
    work->opens = 0;
    if (!push(work, (Open){1.0, -1, -1})) {
        return 0;
    }
    for (int step = 0; step < 2 * settings->expansions && work->opens > 0; step++) {
        Open open = pop(work);
        if (open.share <= least(found)) {
            break;
        }
        int count = spell(work, open, text);
        double *here = work->visits + step * states;
        work->prefixes[step] = (Prefix){open.parent, open.character, count};
        if (open.parent < 0) {
            kerf_follow_nothing(space, work, here);
        } else {
            kerf_follow(space, work, count - 1, open.character, work->visits + open.parent * states, here);
        }
        double share = kerf_ending(space, work, here);
        if (share > 0 && kerf_compare_texts(text, count, known, known_count)) {
            kerf_keep_text(found, text, count, share);
        }
        if (count < space->longest && !open_longer(space, work, step, here, found)) {
            return 0;
        }
        if (step > settings->expansions) {
            keep_best(work, settings->narrow);
        }
    }
    return 1;
}

/* The search through lattices of candidate characters.

A path goes from the first cut of its lattice to the last; each step is a candidate read as one character, or a skip to
the next cut. A state is a cut and a place: how far a text has come. The texts that may be read are one track of places,
or several, laid end to end, that share no whole text; a path begins where any of them starts, and never goes from the
last place of one to the first of the next. All tables look onwards: what they say of a state is about the ways from it
to the end.

Scores are logarithms; in them, what cannot be is -INFINITY. Arrays are in C order, their shapes in brackets: N
candidates and J cuts of one image, K classes of the network, C characters that may be read, L steps from place to place
in all tracks together, and R different rows among the L that say which characters are allowed. Nothing here is global:
several threads may search at once. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LANES 8         /* numbers that are worked on at once */
#define MOST_STEPS 256
#define MIN(a, b) ((a) < (b) ? (a) : (b))

typedef struct {
    int end, candidate;
} Arc;

/* One image's candidates, grouped by the cut that they leave. */
typedef struct {
    int cuts, arcs;
    Arc *arc;           /* (N) */
    int *leaving;       /* (J + 1); the first arc of each cut */
    const float *skips; /* (J); of skipping to each cut */
    double scale;       /* what scores are multiplied by */
} Lattice;

/* What may be read. */
typedef struct {
    int classes, characters, members, length, rows;
    int tracks, longest;    /* longest: steps of the longest track */
    int stride;             /* C, rounded up to whole LANES */
    const int32_t *groups;  /* (C, members); classes that read as each character, padded with K */
    const uint8_t *allowed; /* (L, C) */
    const uint8_t *starts;  /* (L + 1); places where a track begins; no step leads there */
    const uint8_t *ends;    /* (L + 1); places where a text may end */
    float *barred;          /* (R, stride); 0 where a character is allowed, else -INFINITY */
    int row_of[MOST_STEPS];
    int first[MOST_STEPS + 1], steps[MOST_STEPS + 1]; /* of each track: its first place, and how many more it has */
} Space;

/* Lattices of a batch and their scores. */
typedef struct {
    const float *logits;                           /* (N of all, K) */
    const float *skips;                            /* (J of all) */
    const int32_t *spans, *first_span, *first_cut; /* (N of all, 2), (B + 1), (B + 1) */
    int images, most_arcs, most_cuts;
    double scale;
} Batch;

/* All paths of an image as a Markov chain over states: no number is above 1, and none that matters is lost. */
typedef struct {
    int length;   /* L, or the number of characters of the one text that is asked for */
    int tracks;   /* 1 where there is one text */
    const int *first; /* (tracks); place where each begins */
    double enter[MOST_STEPS + 1]; /* (tracks); probability to begin with each */
    double *take; /* (N, L); the scores of candidates as each character; then their probability, given their start */
    double *stay; /* (J, L + 1); probability of skipping to the next cut */
    double *rest; /* (J, L + 1); log-sum-exp over all ways onwards */
} Chain;

/* A text, or the beginning of one, that has been extended; and one that has not. */
typedef struct {
    int parent, character, count;
} Prefix;

typedef struct {
    double share;
    int parent, character;
} Open;

/* How texts are searched; see decoding.py. */
typedef struct {
    int best, exact, expansions, narrow;
    double certain;
} Settings;

/* The most probable texts found, best first. */
typedef struct {
    int room, count, length; /* length: L, which no text is longer than */
    int32_t *texts, *counts; /* (room, L), (room) */
    double *shares;          /* (room) */
} Found;

/* Memory for one image after the other. */
typedef struct {
    Lattice lattice;
    Chain chain;
    float *scores;  /* (N, stride); of candidates as characters */
    float *shares;  /* (R, N, stride); each character's among those allowed */
    double *totals; /* (N, R); log-sum-exp over the characters allowed */
    double *tops;   /* (N, R); the best of them */
    int *choice;    /* (J, L + 1); the best arc onwards, -1 for a skip */
    float *grads;   /* (N, stride) */
    double *here, *there; /* (tracks, J) */
    Prefix *prefixes;  /* (limit); those extended */
    double *visits;    /* (limit, tracks, J); probability of each cut to come right after each of them */
    float *onwards;    /* (L, J, stride); probability to go on from each cut with each character */
    uint8_t *has_onwards; /* (L) */
    double *next;      /* (stride) */
    Open *open;           /* a heap, the best first */
    Open *kept;           /* (narrow) */
    size_t opens, open_room;
    void *blocks[24]; /* what is to be freed, but for the heap */
    int taken, failed;
} Work;

/* ---- numbers ---- */

/* exp(x) for x <= 0, within 2e-7 of its value; 0 below -87. Without branches, so that loops over it use LANES. */
static inline float exp_below_0(float x) {
    float at = x > -87.0f ? x : -87.0f, whole = (at * 1.44269504f + 12582912.0f) - 12582912.0f;
    float part = at - whole * 0.693359375f + whole * 2.12194440e-4f, p = 1.9875691500e-4f;
    p = p * part + 1.3981999507e-3f;
    p = p * part + 8.3334519073e-3f;
    p = p * part + 4.1665795894e-2f;
    p = p * part + 1.6666665459e-1f;
    p = p * part + 5.0000001201e-1f;
    p = p * part * part + part + 1.0f;
    union {
        int32_t bits;
        float value;
    } power = {(((int32_t)whole + 127) << 23) & -(int32_t)(x > -87.0f)};
    return p * power.value;
}

static double log_add(double a, double b) {
    double top = a > b ? a : b;
    return top == -INFINITY ? top : top + log1p(exp(-fabs(a - b)));
}

/* ---- scores ---- */

/* Logits (N, K) to scores of characters (N, stride): classes that read as one character are joined. */
static void logits_to_scores(const Space *space, const float *logits, double scale, int arcs, float *scores) {
    for (int a = 0; a < arcs; a++, logits += space->classes, scores += space->stride) {
        for (int c = 0; c < space->stride; c++) {
            scores[c] = c < space->characters ? (float)(logits[space->groups[c * space->members]] * scale) : -INFINITY;
        }
        for (int c = 0; space->members > 1 && c < space->characters; c++) {
            const int32_t *group = space->groups + c * space->members;
            for (int m = 1; m < space->members && group[m] < space->classes; m++) {
                scores[c] = (float)log_add(scores[c], logits[group[m]] * scale);
            }
        }
    }
}

/* One candidate's scores (stride) to each character's share among those allowed, their log-sum-exp and the best. */
static void softmax(const float *restrict scores, const float *restrict barred, int stride, float *restrict shares,
                    double *total, double *top) {
    float best[LANES], sum[LANES] = {0};
    for (int i = 0; i < LANES; i++) {
        best[i] = -INFINITY;
    }
    for (int c = 0; c < stride; c += LANES) {
        for (int i = 0; i < LANES; i++) {
            float score = scores[c + i] + barred[c + i];
            best[i] = score > best[i] ? score : best[i];
        }
    }
    for (int i = 1; i < LANES; i++) {
        best[0] = best[i] > best[0] ? best[i] : best[0];
    }
    for (int c = 0; c < stride; c++) {
        shares[c] = exp_below_0(scores[c] + barred[c] - best[0]);
    }
    for (int c = 0; c < stride; c += LANES) {
        for (int i = 0; i < LANES; i++) {
            sum[i] += shares[c + i];
        }
    }
    for (int i = 1; i < LANES; i++) {
        sum[0] += sum[i];
    }
    float part = sum[0] > 0 ? 1 / sum[0] : 0;
    for (int c = 0; c < stride; c++) {
        shares[c] *= part;
    }
    *top = best[0];
    *total = best[0] + log(sum[0]);
}

/* Scores of all candidates to shares in every row of what is allowed. */
static void scores_to_shares(const Space *space, Work *work) {
    int arcs = work->lattice.arcs, rows = space->rows, stride = space->stride;
    for (int r = 0; r < rows; r++) {
        for (int a = 0; a < arcs; a++) {
            softmax(work->scores + (size_t)a * stride, space->barred + (size_t)r * stride, stride,
                    work->shares + ((size_t)r * arcs + a) * stride, work->totals + (size_t)a * rows + r,
                    work->tops + (size_t)a * rows + r);
        }
    }
}

static const float *share_of(const Space *space, const Work *work, int place, int candidate) {
    return work->shares + ((size_t)space->row_of[place] * work->lattice.arcs + candidate) * space->stride;
}

/* The chain's scores: candidates as whatever is allowed at each place, by `values` (N, R). */
static void score_any(const Space *space, Work *work, const double *values) {
    Chain *chain = &work->chain;
    chain->length = space->length;
    chain->tracks = space->tracks;
    chain->first = space->first;
    for (int a = 0; a < work->lattice.arcs; a++) {
        double *take = chain->take + (size_t)a * chain->length;
        for (int l = 0; l < chain->length; l++) {
            take[l] = values[(size_t)a * space->rows + space->row_of[l]];
        }
        for (int t = 1; t < chain->tracks; t++) {
            take[chain->first[t] - 1] = -INFINITY;
        }
    }
}

/* The chain's scores: candidates as the characters of one text. */
static void score_text(const Space *space, Work *work, const int32_t *text, int count) {
    Chain *chain = &work->chain;
    chain->length = count;
    chain->tracks = 1;
    chain->first = space->first;
    for (int a = 0; a < work->lattice.arcs; a++) {
        for (int l = 0; l < count; l++) {
            chain->take[(size_t)a * count + l] = work->scores[(size_t)a * space->stride + text[l]];
        }
    }
}

/* ---- the program, in two semirings ---- */

/* The best path, from the chain's scores: its candidates, how many, and the place where it begins; -1 where none ends
   where a text may. */
static int find_best_path(Work *work, const uint8_t *ends, int32_t *candidates, int *begins) {
    const Lattice *lattice = &work->lattice;
    Chain *chain = &work->chain;
    int length = chain->length, width = length + 1, last = lattice->cuts - 1;
    for (int l = 0; l < width; l++) {
        chain->rest[(size_t)last * width + l] = ends[l] ? 0 : -INFINITY;
    }
    for (int cut = last - 1; cut >= 0; cut--) {
        double *best = chain->rest + (size_t)cut * width, skip = lattice->skips[cut + 1] * lattice->scale;
        int *choice = work->choice + (size_t)cut * width;
        for (int l = 0; l < width; l++) {
            best[l] = best[width + l] + skip;
            choice[l] = -1;
        }
        for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
            const double *score = chain->take + (size_t)lattice->arc[i].candidate * length;
            const double *onwards = chain->rest + (size_t)lattice->arc[i].end * width + 1;
            for (int l = 0; l < length; l++) {
                int better = score[l] + onwards[l] > best[l];
                best[l] = better ? score[l] + onwards[l] : best[l];
                choice[l] = better ? i : choice[l];
            }
        }
    }
    *begins = 0;
    for (int t = 1; t < chain->tracks; t++) {
        *begins = chain->rest[chain->first[t]] > chain->rest[*begins] ? chain->first[t] : *begins;
    }
    if (!(chain->rest[*begins] > -INFINITY)) {
        return -1;
    }
    int count = 0;
    for (int cut = 0; cut < last;) {
        int chosen = work->choice[(size_t)cut * width + *begins + count];
        if (chosen >= 0) {
            candidates[count++] = lattice->arc[chosen].candidate;
        }
        cut = chosen < 0 ? cut + 1 : lattice->arc[chosen].end;
    }
    return count;
}

/* The last place that can be reached by a cut: in a single track there is a cut for each character behind it. */
static int reach(const Chain *chain, int cut) { return chain->tracks > 1 ? chain->length : MIN(cut, chain->length); }

/* Weigh the ways onwards from one cut: scores become probabilities. */
static void weigh(const Lattice *lattice, Chain *chain, int cut) {
    int length = chain->length, width = length + 1, states = reach(chain, cut) + 1, takes = MIN(states, length);
    double *rest = chain->rest + (size_t)cut * width, *stay = chain->stay + (size_t)cut * width;
    double top[MOST_STEPS + 1], sum[MOST_STEPS + 1], skip = lattice->skips[cut + 1] * lattice->scale;
    for (int l = 0; l < states; l++) {
        stay[l] = top[l] = rest[width + l] + skip;
    }
    for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
        double *take = chain->take + (size_t)lattice->arc[i].candidate * length;
        const double *onwards = chain->rest + (size_t)lattice->arc[i].end * width + 1;
        for (int l = 0; l < takes; l++) {
            take[l] += onwards[l];
            top[l] = take[l] > top[l] ? take[l] : top[l];
        }
    }
    for (int l = 0; l < states; l++) {
        rest[l] = top[l];
        top[l] = top[l] > -INFINITY ? top[l] : 0;
        sum[l] = stay[l] = exp_below_0((float)(stay[l] - top[l]));
    }
    for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
        double *take = chain->take + (size_t)lattice->arc[i].candidate * length;
        for (int l = 0; l < takes; l++) {
            take[l] = exp_below_0((float)(take[l] - top[l]));
            sum[l] += take[l];
        }
    }
    for (int l = 0; l < states; l++) {
        rest[l] += sum[l] > 0 ? log(sum[l]) : 0;
        sum[l] = sum[l] > 0 ? 1 / sum[l] : 0;
        stay[l] *= sum[l];
    }
    for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
        double *take = chain->take + (size_t)lattice->arc[i].candidate * length;
        for (int l = 0; l < takes; l++) {
            take[l] *= sum[l];
        }
    }
}

/* The chain's scores to its probabilities; returns log-sum-exp over all paths. */
static double scores_to_chain(Work *work, const uint8_t *ends) {
    Chain *chain = &work->chain;
    int width = chain->length + 1, last = work->lattice.cuts - 1;
    for (int l = 0; l < width; l++) {
        chain->rest[(size_t)last * width + l] = ends[l] ? 0 : -INFINITY;
    }
    for (int cut = last - 1; cut >= 0; cut--) {
        weigh(&work->lattice, chain, cut);
    }
    double all = -INFINITY;
    for (int t = 0; t < chain->tracks; t++) {
        all = log_add(all, chain->rest[chain->first[t]]);
    }
    for (int t = 0; t < chain->tracks; t++) {
        chain->enter[t] = all > -INFINITY ? exp(chain->rest[chain->first[t]] - all) : 0;
    }
    return all;
}

/* Probabilities given where they start to shares of all paths, in place; what cannot be reached has none. */
static void chain_to_flow(Work *work) {
    const Lattice *lattice = &work->lattice;
    Chain *chain = &work->chain;
    int length = chain->length, width = length + 1;
    double *visits = chain->rest; /* which is not needed any more */
    memset(visits, 0, sizeof(double) * width * lattice->cuts);
    for (int t = 0; t < chain->tracks; t++) {
        visits[chain->first[t]] = chain->enter[t];
    }
    for (int cut = 0; cut < lattice->cuts - 1; cut++) {
        int last = reach(chain, cut);
        double *visit = visits + (size_t)cut * width, *stay = chain->stay + (size_t)cut * width;
        for (int l = 0; l < width; l++) {
            stay[l] = l <= last ? stay[l] * visit[l] : 0;
            visit[width + l] += stay[l];
        }
        for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
            double *take = chain->take + (size_t)lattice->arc[i].candidate * length;
            double *onwards = visits + (size_t)lattice->arc[i].end * width + 1;
            for (int l = 0; l < length; l++) {
                take[l] = l <= last ? take[l] * visit[l] : 0;
                onwards[l] += take[l];
            }
        }
    }
}

/* ---- texts ---- */

/* Probability of each cut, `here` (J), to be on a path at a place after so many characters, come to by skips too. */
static void add_skips(const Work *work, int place, int count, double *here) {
    int width = work->chain.length + 1;
    for (int cut = count + 1; cut < work->lattice.cuts; cut++) {
        here[cut] += here[cut - 1] * work->chain.stay[(size_t)(cut - 1) * width + place];
    }
}

/* Probability of each cut to come after a prefix that is a character longer than that of `before`, both (tracks, J). */
static void follow(const Space *space, const Work *work, int count, int character, const double *before, double *here) {
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

static void follow_nothing(const Space *space, const Work *work, double *here) {
    int cuts = work->lattice.cuts;
    memset(here, 0, sizeof(double) * space->tracks * cuts);
    for (int t = 0; t < space->tracks; t++) {
        here[(size_t)t * cuts] = work->chain.enter[t];
        add_skips(work, space->first[t], 0, here + (size_t)t * cuts);
    }
}

/* Probability to be at the last cut, from that of each cut (tracks, J). */
static double ending(const Space *space, const Work *work, const double *here) {
    double sum = 0;
    for (int t = 1; t <= space->tracks; t++) {
        sum += here[(size_t)t * work->lattice.cuts - 1];
    }
    return sum;
}

/* Share of all paths that spell a text. */
static double text_to_share(const Space *space, Work *work, const int32_t *text, int count) {
    double *before = work->there, *here = work->here, *spare;
    follow_nothing(space, work, here);
    for (int l = 0; l < count; l++) {
        spare = before, before = here, here = spare;
        follow(space, work, l, text[l], before, here);
    }
    return MIN(ending(space, work, here), 1.0);
}

/* Each candidate of a path as the most probable character allowed there, from the place where it begins. */
static void path_to_text(const Space *space, const Work *work, const int32_t *candidates, int begins, int count,
                         int32_t *text) {
    for (int l = 0; l < count; l++) {
        const float *share = share_of(space, work, begins + l, candidates[l]);
        text[l] = 0;
        for (int c = 1; c < space->characters; c++) {
            text[l] = share[c] > share[text[l]] ? c : text[l];
        }
    }
}

/* Share of all paths that have each of a text's characters at its place, wherever they cut; from the flow. */
static void flow_to_characters(const Space *space, const Work *work, const int32_t *text, int count,
                               double *characters) {
    for (int l = 0; l < count; l++) {
        characters[l] = 0;
        for (int t = 0; t < space->tracks; t++) {
            int place = space->first[t] + l;
            for (int a = 0; l < space->steps[t] && a < work->lattice.arcs; a++) {
                double taken = work->chain.take[(size_t)a * work->chain.length + place];
                characters[l] += taken * share_of(space, work, place, a)[text[l]];
            }
        }
        characters[l] = MIN(characters[l], 1.0);
    }
}

/* ---- prefix search (Graves, Fernandez, Gomez, Schmidhuber 2006, section 3.2) ---- */

static int compare_texts(const int32_t *one, int count, const int32_t *other, int other_count) {
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
    return compare_texts(text, count, other_text, other_count) < 0;
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
static void keep_text(Found *found, const int32_t *text, int count, double share) {
    int at = found->count, length = found->length;
    for (; at > 0 && share >= found->shares[at - 1]; at--) {
        const int32_t *other = found->texts + (size_t)(at - 1) * length;
        if (share == found->shares[at - 1] && compare_texts(other, found->counts[at - 1], text, count) < 0) {
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
static int find_texts(const Space *space, Work *work, const Settings *settings, Found *found) {
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
            follow_nothing(space, work, here);
        } else {
            follow(space, work, count - 1, open.character, work->visits + open.parent * states, here);
        }
        double share = ending(space, work, here);
        if (share > 0 && compare_texts(text, count, known, known_count)) {
            keep_text(found, text, count, share);
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

/* ---- one image ---- */

/* Read one image's texts, the path that spells the first, and the share of each of its characters. */
static int read_image(const Space *space, Work *work, const Settings *settings, Found *found, int32_t *candidates,
                      double *characters) {
    int32_t text[MOST_STEPS];
    int begins;
    score_any(space, work, work->tops);
    int count = find_best_path(work, space->ends, candidates, &begins);
    if (count < 0) {
        return 1;
    }
    path_to_text(space, work, candidates, begins, count, text);
    score_any(space, work, work->totals);
    scores_to_chain(work, space->ends);
    keep_text(found, text, count, text_to_share(space, work, text, count));
    int doubtful = settings->exact && (settings->best > 1 || found->shares[0] < settings->certain);
    if (doubtful && !find_texts(space, work, settings, found)) {
        return 0;
    }
    chain_to_flow(work);
    flow_to_characters(space, work, found->texts, found->counts[0], characters);
    if (compare_texts(text, count, found->texts, found->counts[0])) {
        uint8_t ends[MOST_STEPS + 1] = {0};
        ends[found->counts[0]] = 1;
        score_text(space, work, found->texts, found->counts[0]);
        find_best_path(work, ends, candidates, &begins);
    }
    return 1;
}

/* Add the flow, `sign` times, to the gradients: of skips (J), and of scores by whoever knows the characters. */
static void add_skip_grads(const Work *work, float sign, float *grads) {
    int width = work->chain.length + 1;
    for (int cut = 0; cut < work->lattice.cuts - 1; cut++) {
        double sum = 0;
        for (int l = 0; l < width; l++) {
            sum += work->chain.stay[(size_t)cut * width + l];
        }
        grads[cut + 1] += sign * (float)(sum * work->lattice.scale);
    }
}

/* Gradient of log-sum-exp over all paths, from the flow, by scores. */
static void add_free_grads(const Space *space, Work *work) {
    for (int a = 0; a < work->lattice.arcs; a++) {
        double by_row[MOST_STEPS] = {0};
        for (int l = 0; l < space->length; l++) {
            by_row[space->row_of[l]] += work->chain.take[(size_t)a * space->length + l];
        }
        for (int r = 0; r < space->rows; r++) {
            const float *share = work->shares + ((size_t)r * work->lattice.arcs + a) * space->stride;
            for (int c = 0; c < space->stride; c++) {
                work->grads[(size_t)a * space->stride + c] += (float)by_row[r] * share[c];
            }
        }
    }
}

/* Gradients by scores (N, stride) to those by logits (N, K), which are 0 so far. */
static void grads_to_logits(const Space *space, const Work *work, const float *logits, float *grads) {
    double scale = work->lattice.scale;
    for (int a = 0; a < work->lattice.arcs; a++, logits += space->classes, grads += space->classes) {
        for (int c = 0; c < space->characters; c++) {
            const int32_t *group = space->groups + (size_t)c * space->members;
            float grad = (float)(work->grads[(size_t)a * space->stride + c] * scale);
            float score = work->scores[(size_t)a * space->stride + c];
            for (int m = 0; m < space->members && group[m] < space->classes; m++) {
                grads[group[m]] += space->members == 1 ? grad : grad * expf((float)(logits[group[m]] * scale) - score);
            }
        }
    }
}

/* Whether a text may be read, in one of the tracks. */
static int is_allowed(const Space *space, const int32_t *text, int count) {
    for (int t = 0; t < space->tracks; t++) {
        int l = 0, place = space->first[t];
        while (l < count && l < space->steps[t] && space->allowed[(size_t)(place + l) * space->characters + text[l]]) {
            l++;
        }
        if (l == count && space->ends[place + count]) {
            return 1;
        }
    }
    return 0;
}

/* Negative logarithm of the share of all paths that spell a label; INFINITY where no path does. Gradients are added to
   `grad_logits` (N, K) and `grad_skips` (J) unless they are NULL. */
static double label_image(const Space *space, Work *work, const float *logits, const int32_t *label, int count,
                          float *grad_logits, float *grad_skips) {
    uint8_t ends[MOST_STEPS + 1] = {0};
    if (count < 0 || !is_allowed(space, label, count)) {
        return INFINITY;
    }
    ends[count] = 1;
    score_text(space, work, label, count);
    double forced = scores_to_chain(work, ends);
    if (!(forced > -INFINITY)) {
        return INFINITY;
    }
    if (grad_logits) {
        chain_to_flow(work);
        memset(work->grads, 0, sizeof(float) * work->lattice.arcs * space->stride);
        add_skip_grads(work, -1, grad_skips);
        for (int a = 0; a < work->lattice.arcs; a++) {
            for (int l = 0; l < count; l++) {
                work->grads[(size_t)a * space->stride + label[l]] -= (float)work->chain.take[(size_t)a * count + l];
            }
        }
    }
    score_any(space, work, work->totals);
    double any = scores_to_chain(work, space->ends);
    if (grad_logits) {
        chain_to_flow(work);
        add_skip_grads(work, 1, grad_skips);
        add_free_grads(space, work);
        grads_to_logits(space, work, logits, grad_logits);
    }
    return any - forced;
}

/* ---- batches ---- */

/* Memory for `rows` times `columns` numbers, all 0; NULL, and `failed` is set, where there is none. */
static void *room(Work *work, size_t rows, size_t columns, size_t size) {
    void *block = NULL;
    if (rows == 0 || columns == 0 || rows <= SIZE_MAX / columns / size) {
        block = calloc(rows * columns > 0 ? rows * columns : 1, size);
    }
    work->failed |= !block;
    work->blocks[work->taken++] = block;
    return block;
}

/* Memory for the largest image; `limit` prefixes are extended at most. */
static void take_room(Work *work, const Batch *batch, Space *space, const Settings *settings) {
    size_t arcs = batch->most_arcs, cuts = batch->most_cuts, width = space->length + 1, stride = space->stride;
    work->lattice.arc = room(work, arcs, 1, sizeof(Arc));
    work->lattice.leaving = room(work, cuts + 1, 1, sizeof(int));
    work->chain.take = room(work, arcs, width, sizeof(double));
    work->chain.stay = room(work, cuts, width, sizeof(double));
    work->chain.rest = room(work, cuts, width, sizeof(double));
    work->choice = room(work, cuts, width, sizeof(int));
    work->scores = room(work, arcs, stride, sizeof(float));
    work->shares = room(work, arcs * space->rows, stride, sizeof(float));
    work->totals = room(work, arcs, space->rows, sizeof(double));
    work->tops = room(work, arcs, space->rows, sizeof(double));
    space->barred = room(work, space->rows, stride, sizeof(float));
    if (settings) {
        size_t limit = settings->exact ? 2 * (size_t)settings->expansions : 0;
        work->here = room(work, cuts, space->tracks, sizeof(double));
        work->there = room(work, cuts, space->tracks, sizeof(double));
        work->prefixes = room(work, limit, 1, sizeof(Prefix));
        work->visits = room(work, limit, cuts * space->tracks, sizeof(double));
        work->onwards = room(work, limit ? space->length * cuts : 0, stride, sizeof(float));
        work->has_onwards = room(work, space->length, 1, 1);
        work->next = room(work, stride, 1, sizeof(double));
        work->kept = room(work, settings->narrow, 1, sizeof(Open));
    } else {
        work->grads = room(work, arcs, stride, sizeof(float));
    }
}

static void free_room(Work *work) {
    while (work->taken > 0) {
        free(work->blocks[--work->taken]);
    }
    free(work->open);
}

/* Rows of what is allowed, from the places that they stand for. */
static void fill_barred(Space *space) {
    for (int l = space->length - 1; l >= 0; l--) {
        float *row = space->barred + (size_t)space->row_of[l] * space->stride;
        for (int c = 0; c < space->stride; c++) {
            row[c] = c < space->characters && space->allowed[(size_t)l * space->characters + c] ? 0 : -INFINITY;
        }
    }
}

/* Group an image's candidates by the cut they leave, and weigh them as characters. */
static void start_image(const Batch *batch, const Space *space, Work *work, int image) {
    Lattice *lattice = &work->lattice;
    int first = batch->first_span[image], *leaving = lattice->leaving;
    const int32_t *spans = batch->spans + (size_t)first * 2;
    lattice->arcs = batch->first_span[image + 1] - first;
    lattice->cuts = batch->first_cut[image + 1] - batch->first_cut[image];
    lattice->skips = batch->skips + batch->first_cut[image];
    lattice->scale = batch->scale;
    memset(leaving, 0, sizeof(int) * (lattice->cuts + 1));
    for (int a = 0; a < lattice->arcs; a++) {
        leaving[spans[2 * a] + 1]++;
    }
    for (int cut = 0; cut < lattice->cuts; cut++) {
        leaving[cut + 1] += leaving[cut];
    }
    for (int a = 0; a < lattice->arcs; a++) {
        lattice->arc[leaving[spans[2 * a]]++] = (Arc){spans[2 * a + 1], a};
    }
    memmove(leaving + 1, leaving, sizeof(int) * lattice->cuts);
    leaving[0] = 0;
    logits_to_scores(space, batch->logits + (size_t)first * space->classes, batch->scale, lattice->arcs, work->scores);
    scores_to_shares(space, work);
}

static int decode_batch(const Batch *batch, Space *space, const Settings *settings, Found found, int32_t *candidates,
                        double *characters) {
    Work work = {0};
    take_room(&work, batch, space, settings);
    if (!work.failed) {
        fill_barred(space);
    }
    for (int image = 0; image < batch->images && !work.failed; image++) {
        start_image(batch, space, &work, image);
        found.count = 0;
        found.counts[0] = -1;
        work.failed = !read_image(space, &work, settings, &found, candidates, characters);
        for (int i = found.count; i < found.room; i++) {
            found.counts[i] = -1;
        }
        candidates += space->length;
        characters += space->length;
        found.texts += (size_t)found.room * space->length;
        found.counts += found.room;
        found.shares += found.room;
    }
    free_room(&work);
    return !work.failed;
}

static int label_batch(const Batch *batch, Space *space, const int32_t *labels, const int32_t *counts, double *losses,
                       float *grad_logits, float *grad_skips) {
    Work work = {0};
    take_room(&work, batch, space, NULL);
    if (!work.failed) {
        fill_barred(space);
    }
    for (int image = 0; image < batch->images && !work.failed; image++) {
        size_t first = (size_t)batch->first_span[image] * space->classes;
        start_image(batch, space, &work, image);
        losses[image] = label_image(space, &work, batch->logits + first, labels + (size_t)image * space->length,
                                    counts[image], grad_logits ? grad_logits + first : NULL,
                                    grad_logits ? grad_skips + batch->first_cut[image] : NULL);
    }
    free_room(&work);
    return !work.failed;
}

/* ---- Python ---- */

enum { LOGITS, SKIPS, SPANS, FIRST_SPAN, FIRST_CUT, GROUPS, ALLOWED, STARTS, ENDS, INPUTS };

static const char *check_ranges(const int32_t *first, int count, Py_ssize_t end, int least_of_each, int *most) {
    *most = 0;
    for (int i = 0; i < count; i++) {
        int64_t own = (int64_t)first[i + 1] - first[i];
        if (first[i] < 0 || own < least_of_each) {
            return "an image's candidates or cuts end before they begin";
        }
        *most = own > *most ? (int)own : *most;
    }
    return first[0] || first[count] != end ? "images do not share out all candidates and cuts" : NULL;
}

/* What is wrong with the lattices, or NULL; fills in the batch. */
static const char *to_batch(const Py_buffer *in, double temperature, Batch *batch) {
    *batch = (Batch){in[LOGITS].buf,    in[SKIPS].buf, in[SPANS].buf, in[FIRST_SPAN].buf,
                     in[FIRST_CUT].buf, 0, 0, 0, 1 / temperature};
    Py_ssize_t images = in[FIRST_SPAN].len / 4 - 1, spans = in[SPANS].len / 8, cuts = in[SKIPS].len / 4;
    if (images < 0 || images > INT32_MAX || spans > INT32_MAX || cuts > INT32_MAX ||
        in[FIRST_CUT].len != in[FIRST_SPAN].len) {
        return "first_span and first_cut are int32 (B + 1)";
    }
    batch->images = (int)images;
    const char *fault = check_ranges(batch->first_span, batch->images, spans, 0, &batch->most_arcs);
    fault = fault ? fault : check_ranges(batch->first_cut, batch->images, cuts, 1, &batch->most_cuts);
    for (int image = 0; image < images && !fault; image++) {
        int own = batch->first_cut[image + 1] - batch->first_cut[image];
        for (int32_t i = batch->first_span[image]; i < batch->first_span[image + 1]; i++) {
            int32_t start = batch->spans[2 * (size_t)i], end = batch->spans[2 * (size_t)i + 1];
            fault = start < 0 || start >= end || end >= own ? "a candidate does not lie between two cuts" : fault;
        }
    }
    return fault ? fault : temperature > 0 ? NULL : "the temperature is not above 0";
}

/* What is wrong with the tracks, or NULL; fills them in. */
static const char *to_tracks(Space *space) {
    if (!space->starts[0]) {
        return "the first track does not start at the first place";
    }
    for (int l = 0; l <= space->length; l++) {
        if (space->starts[l]) {
            space->first[space->tracks++] = l;
        }
        int track = space->tracks - 1;
        space->steps[track] = l - space->first[track];
        space->longest = space->steps[track] > space->longest ? space->steps[track] : space->longest;
    }
    return NULL;
}

/* What is wrong with the texts that may be read, or NULL; fills in the space. */
static const char *to_space(const Py_buffer *in, Space *space) {
    Py_ssize_t length = in[ENDS].len - 1, spans = in[SPANS].len / 8;
    if (length < 1 || length > MOST_STEPS || in[STARTS].len != length + 1 || in[ALLOWED].len % length ||
        in[ALLOWED].len / length > INT32_MAX - LANES) {
        return "allowed is bool (L, C), starts and ends (L + 1), where L is within 1 and 256";
    }
    Py_ssize_t characters = in[ALLOWED].len / length, classes = spans ? in[LOGITS].len / 4 / spans : 0;
    if (characters < 1 || in[GROUPS].len < 4 * characters || in[GROUPS].len % (4 * characters) ||
        in[LOGITS].len != classes * spans * 4 || classes > INT32_MAX) {
        return "groups is int32 (C, G) and logits is float32 (N, K)";
    }
    *space = (Space){(int)classes, (int)characters, (int)(in[GROUPS].len / 4 / characters), (int)length, 0};
    space->stride = (space->characters + LANES - 1) / LANES * LANES;
    space->groups = in[GROUPS].buf;
    space->allowed = in[ALLOWED].buf;
    space->starts = in[STARTS].buf;
    space->ends = in[ENDS].buf;
    for (Py_ssize_t i = 0; spans && i < in[GROUPS].len / 4; i++) {
        if (space->groups[i] < 0 || space->groups[i] + (i % space->members == 0) > classes) {
            return "a group holds no class, or one that there is not";
        }
    }
    for (int l = 0; l < space->length; l++) {
        int same = 0;
        const uint8_t *row = space->allowed + (size_t)l * characters;
        while (memcmp(space->allowed + (size_t)same * characters, row, characters)) {
            same++;
        }
        space->row_of[l] = same < l ? space->row_of[same] : space->rows++;
    }
    return to_tracks(space);
}

static PyObject *answer(const char *fault, int done) {
    if (fault) {
        return PyErr_Format(PyExc_ValueError, "%s", fault);
    }
    return done ? Py_NewRef(Py_None) : PyErr_NoMemory();
}

static PyObject *decode(PyObject *self, PyObject *args) {
    Py_buffer in[INPUTS], out[5];
    Settings settings;
    double temperature;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*y*y*dipdiiw*w*w*w*w*", in, in + 1, in + 2, in + 3, in + 4,
                          in + 5, in + 6, in + 7, in + 8,
                          &temperature, &settings.best, &settings.exact, &settings.certain, &settings.expansions,
                          &settings.narrow, out, out + 1, out + 2, out + 3, out + 4)) {
        return NULL;
    }
    Batch batch;
    Space space;
    int done = 0;
    const char *fault = to_batch(in, temperature, &batch);
    fault = fault ? fault : to_space(in, &space);
    if (!fault) {
        Py_ssize_t texts = (Py_ssize_t)batch.images * settings.best;
        int fit = settings.best > 0 && settings.narrow > 0;
        fit = fit && settings.expansions > 0 && settings.expansions < INT32_MAX / 2;
        fit = fit && out[0].len == texts * space.length * 4 && out[1].len == texts * 4 && out[2].len == texts * 8;
        fit = fit && out[3].len == (Py_ssize_t)batch.images * space.length * 4 && out[4].len == 2 * out[3].len;
        fault = fit ? NULL : "the arrays for what is read do not fit";
    }
    if (!fault) {
        Found found = {settings.best, 0, space.length, out[0].buf, out[1].buf, out[2].buf};
        Py_BEGIN_ALLOW_THREADS
        done = decode_batch(&batch, &space, &settings, found, out[3].buf, out[4].buf);
        Py_END_ALLOW_THREADS
    }
    for (int i = 0; i < INPUTS; i++) {
        PyBuffer_Release(in + i);
    }
    for (int i = 0; i < 5; i++) {
        PyBuffer_Release(out + i);
    }
    return answer(fault, done);
}

static PyObject *losses(PyObject *self, PyObject *args) {
    Py_buffer in[INPUTS], labels, counts, out[3];
    double temperature;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*y*y*dy*y*w*w*w*", in, in + 1, in + 2, in + 3, in + 4,
                          in + 5, in + 6, in + 7, in + 8,
                          &temperature, &labels, &counts, out, out + 1, out + 2)) {
        return NULL;
    }
    Batch batch;
    Space space;
    int done = 0;
    const char *fault = to_batch(in, temperature, &batch);
    fault = fault ? fault : to_space(in, &space);
    int wanted = out[2].len > 0; /* there is a cut in every image */
    if (!fault) {
        Py_ssize_t images = batch.images;
        int fit = labels.len == images * space.length * 4 && counts.len == images * 4 && out[0].len == images * 8;
        fit = fit && (!wanted || (out[1].len == in[LOGITS].len && out[2].len == in[SKIPS].len));
        for (Py_ssize_t i = 0; fit && i < labels.len / 4; i++) {
            fit = ((int32_t *)labels.buf)[i] >= 0 && ((int32_t *)labels.buf)[i] < space.characters;
        }
        for (Py_ssize_t i = 0; fit && i < images; i++) {
            fit = ((int32_t *)counts.buf)[i] <= space.length;
        }
        fault = fit ? NULL : "labels or the arrays for losses and gradients do not fit";
    }
    if (!fault) {
        Py_BEGIN_ALLOW_THREADS
        done = label_batch(&batch, &space, labels.buf, counts.buf, out[0].buf, wanted ? out[1].buf : NULL, out[2].buf);
        Py_END_ALLOW_THREADS
    }
    for (int i = 0; i < INPUTS; i++) {
        PyBuffer_Release(in + i);
    }
    for (int i = 0; i < 3; i++) {
        PyBuffer_Release(out + i);
    }
    PyBuffer_Release(&labels);
    PyBuffer_Release(&counts);
    return answer(fault, done);
}

static PyMethodDef methods[] = {
    {"decode", decode, METH_VARARGS, "Read every image of a batch."},
    {"losses", losses, METH_VARARGS, "Losses of every image of a batch, and their gradients."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_search", "The search through a lattice, where every candidate is visited.", 0, methods,
};

PyMODINIT_FUNC PyInit__search(void) { return PyModuleDef_Init(&module); }

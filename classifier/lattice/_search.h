/* The search through lattices of candidate characters: what its C files share.

A path goes from the first cut of its lattice to the last; each step is a candidate read as one character, or a skip to
the next cut. A state is a cut and a place: how far a text has come. The texts that may be read are one track of places,
or several, laid end to end, that share no whole text; a path begins where any of them starts, and never goes from the
last place of one to the first of the next. All tables look onwards: what they say of a state is about the ways from it
to the end.

Scores are logarithms; in them, what cannot be is -INFINITY. Arrays are in C order, their shapes in brackets: N
candidates and J cuts of one image, K classes of the network, C characters that may be read, L steps from place to place
in all tracks together, and R different rows among the L that say which characters are allowed. Nothing here is global:
several threads may search at once. */
#ifndef KERF_SEARCH_H
#define KERF_SEARCH_H

#include <stddef.h>
#include <stdint.h>

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

static inline const float *share_of(const Space *space, const Work *work, int place, int candidate) {
    return work->shares + ((size_t)space->row_of[place] * work->lattice.arcs + candidate) * space->stride;
}

/* _scores.c */
double kerf_log_add(double a, double b);
void kerf_logits_to_scores(const Space *space, const float *logits, double scale, int arcs, float *scores);
void kerf_scores_to_shares(const Space *space, Work *work);
void kerf_score_any(const Space *space, Work *work, const double *values);
void kerf_score_text(const Space *space, Work *work, const int32_t *text, int count);

/* _chain.c */
int kerf_find_best_path(Work *work, const uint8_t *ends, int32_t *candidates, int *begins);
double kerf_scores_to_chain(Work *work, const uint8_t *ends);
void kerf_chain_to_flow(Work *work);

/* _prefixes.c; find_texts returns 0 where there is no memory. */
void kerf_follow_nothing(const Space *space, const Work *work, double *here);
void kerf_follow(const Space *space, const Work *work, int count, int character, const double *before, double *here);
double kerf_ending(const Space *space, const Work *work, const double *here);
int kerf_compare_texts(const int32_t *one, int count, const int32_t *other, int other_count);
void kerf_keep_text(Found *found, const int32_t *text, int count, double share);
int kerf_find_texts(const Space *space, Work *work, const Settings *settings, Found *found);

/* _reading.c and _labels.c: one image; read_image returns 0 where there is no memory. */
int kerf_read_image(const Space *space, Work *work, const Settings *settings, Found *found, int32_t *candidates,
                    double *characters);
double kerf_label_image(const Space *space, Work *work, const float *logits, const int32_t *label, int count,
                        float *grad_logits, float *grad_skips);

/* _batches.c: 0 where there is no memory. Gradients are NULL where none are wanted. */
int kerf_decode_batch(const Batch *batch, Space *space, const Settings *settings, Found found, int32_t *candidates,
                      double *characters);
int kerf_label_batch(const Batch *batch, Space *space, const int32_t *labels, const int32_t *counts, double *losses,
                     float *grad_logits, float *grad_skips);

#endif

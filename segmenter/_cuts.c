/* Where a character may begin and end: cuts of a strip, from its pieces and the projection of its ink on the columns. */
#include "_cutting.h"

#include <math.h>
#include <stdlib.h>

/* A column where the projection has a local minimum. */
typedef struct {
    float depth;
    int32_t col;
} Minimum;

static int by_depth(const void *one, const void *other) { /* lowest first, then from the left */
    const Minimum *a = one, *b = other;
    if (a->depth != b->depth) return a->depth < b->depth ? -1 : 1;
    return (a->col > b->col) - (a->col < b->col);
}

static int by_col(const void *one, const void *other) {
    int32_t a = *(const int32_t *)one, b = *(const int32_t *)other;
    return (a > b) - (a < b);
}

/* Minima inside the pieces, lowest first; their number. Pieces overlap by half at most, so their ends ascend. */
static int profile_to_minima(const float *profile, int cols, const Span *pieces, int n, Minimum *minima) {
    int count = 0, begun = 0;
    for (int col = 1; col + 1 < cols; col++) {
        while (begun < n && pieces[begun].left < col) begun++;
        if (begun && col < pieces[begun - 1].end && profile[col] <= profile[col - 1] && profile[col] < profile[col + 1])
            minima[count++] = (Minimum){profile[col], col};
    }
    qsort(minima, (size_t)count, sizeof(Minimum), by_depth);
    return count;
}

/* Add a cut unless it is nearer than `closest` to another; the number of cuts. */
static int add_cut(int32_t *cuts, int count, int32_t cut, int closest) {
    for (int i = 0; i < count; i++)
        if (abs(cuts[i] - cut) < closest) return count;
    cuts[count] = cut;
    return count + 1;
}

/* Keep the outer edges, the others in order, then minima by depth, none nearer than `closest`; ascending. */
static int thin_out(const Span *pieces, int n, const Minimum *minima, int count, int closest, int32_t *cuts) {
    if (!n) return 0;
    int kept = 2;
    cuts[0] = pieces[0].left, cuts[1] = pieces[n - 1].end;
    for (int i = 0; i < n; i++) {
        kept = add_cut(cuts, kept, pieces[i].left, closest);
        kept = add_cut(cuts, kept, pieces[i].end, closest);
    }
    for (int i = 0; i < count; i++) kept = add_cut(cuts, kept, minima[i].col, closest);
    qsort(cuts, (size_t)kept, sizeof(int32_t), by_col);
    return kept;
}

/* Divide stretches of ink wider than `spacing` evenly; stretches without ink stay whole. */
static int fill(const int32_t *kept, int n, const float *ink, double spacing, int32_t *cuts) {
    int count = 0;
    for (int i = 0; i + 1 < n; i++) {
        int left = kept[i], width = kept[i + 1] - left;
        int inked = (double)ink[kept[i + 1]] - ink[left] > 0.5 * width;
        int parts = inked ? most((int)ceil(width / spacing), 1) : 1;
        for (int part = 0; part < parts; part++)
            cuts[count++] = (int32_t)nearbyint(left + (double)width * part / parts);
    }
    if (n) cuts[count++] = kept[n - 1];
    return count;
}

/* Ink to the left of each column and of the end: sums of the profile. */
static void profile_to_ink(const float *profile, int cols, float *ink) {
    ink[0] = 0.0f;
    for (int col = 0; col < cols; col++) ink[col + 1] = ink[col] + profile[col];
}

/* Cuts from pieces and projection, at least two; their number. There is room for cols + 1. */
static int pieces_to_cuts(const Span *pieces, int n, const float *profile, const float *ink, int cols,
                          const CutRules *rules, int32_t *cuts) {
    Minimum *minima = malloc((size_t)cols * sizeof(Minimum));
    int32_t *kept = malloc(((size_t)cols + 1) * sizeof(int32_t));
    int count = -1;
    if (minima && kept) {
        int found = profile_to_minima(profile, cols, pieces, n, minima);
        found = thin_out(pieces, n, minima, found, rules->closest, kept);
        count = fill(kept, found, ink, rules->spacing, cuts);
        if (!n) cuts[0] = 0, cuts[1] = cols, count = 2;
    }
    free(minima);
    free(kept);
    return count;
}

/* Pairs of cuts of plausible width with more than a pixel of ink between them, by end, then by start; their number.
 * They are only counted where spans is NULL. */
static int cuts_to_spans(const int32_t *cuts, int n, const float *ink, const CutRules *rules, Span *spans) {
    int count = 0;
    for (int end = 0; end < n; end++) {
        for (int start = 0; start < end; start++) {
            const int width = cuts[end] - cuts[start];
            if (width < rules->min_width || width > rules->max_width) continue;
            if ((double)ink[cuts[end]] - ink[cuts[start]] <= 1.0) continue;
            if (spans) spans[count] = (Span){start, end};
            count++;
        }
    }
    return count;
}

/* Where to divide a piece too wide for one character: at the lowest projection in its middle half, and of equals the
 * one nearest to its centre. */
static int32_t lowest_middle(const float *profile, Span piece) {
    const int quarter = most((piece.end - piece.left) / 4, 1);
    int32_t lowest = piece.left + quarter;
    for (int32_t col = lowest + 1; col < piece.end - quarter; col++) {
        int nearer = abs(2 * col - piece.left - piece.end) < abs(2 * lowest - piece.left - piece.end);
        if (profile[col] < profile[lowest] || (profile[col] == profile[lowest] && nearer)) lowest = col;
    }
    return lowest;
}

/* Divide pieces until none is too wide; their number. There is room for the sum of their widths, at the end of which
 * those wait that are to be looked at. */
static int split_wide(const Span *pieces, int n, const float *profile, double max_width, int room, Span *split) {
    int count = 0;
    for (int i = 0; i < n; i++) {
        int waiting = room;
        for (split[--waiting] = pieces[i]; waiting < room;) {
            const Span piece = split[waiting++];
            if (piece.end - piece.left <= max_width || piece.end - piece.left < 2) {
                split[count++] = piece;
                continue;
            }
            const int32_t cut = lowest_middle(profile, piece);
            split[--waiting] = (Span){cut, piece.end};
            split[--waiting] = (Span){piece.left, cut};
        }
    }
    return count;
}

/* The lattice's parts, once there is memory for what they are made from: 0, or -1. */
static int make_lattice(const Span *pieces, int n, const float *profile, const float *ink, int cols,
                        const CutRules *rules, Lattice *lattice) {
    int room = 1;
    for (int i = 0; i < n; i++) room += pieces[i].end - pieces[i].left;
    lattice->cut = malloc(((size_t)cols + 1) * sizeof(int32_t));
    lattice->piece = malloc((size_t)room * sizeof(Span));
    if (!lattice->cut || !lattice->piece) return -1;
    lattice->pieces = split_wide(pieces, n, profile, rules->max_width, room, lattice->piece);
    lattice->cuts = pieces_to_cuts(pieces, n, profile, ink, cols, rules, lattice->cut);
    if (lattice->cuts < 0) return -1;
    lattice->spans = cuts_to_spans(lattice->cut, lattice->cuts, ink, rules, NULL);
    lattice->span = malloc((size_t)most(lattice->spans, 1) * sizeof(Span));
    if (!lattice->span) return -1;
    cuts_to_spans(lattice->cut, lattice->cuts, ink, rules, lattice->span);
    return 0;
}

int kerf_mask_to_lattice(const uint8_t *mask, int rows, int cols, const float *profile, const CutRules *rules,
                         Lattice *lattice) {
    Span *pieces = NULL;
    float *ink = malloc(((size_t)cols + 1) * sizeof(float));
    *lattice = (Lattice){0};
    int status = -1, n = ink ? kerf_mask_to_pieces(mask, rows, cols, &pieces) : -1;
    if (n >= 0) {
        profile_to_ink(profile, cols, ink);
        status = make_lattice(pieces, n, profile, ink, cols, rules, lattice);
    }
    free(pieces);
    free(ink);
    return status;
}

void kerf_free_lattice(Lattice *lattice) {
    free(lattice->cut);
    free(lattice->span);
    free(lattice->piece);
}

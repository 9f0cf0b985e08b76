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

/* Minima inside the pieces, lowest first; their number. */
static int profile_to_minima(const float *profile, int cols, const Span *pieces, int n, Minimum *minima) {
    int count = 0, piece = 0, reached = 0; /* pieces overlap by half at most; they are in order of their left ends */
    for (int col = 1; col + 1 < cols; col++) {
        while (piece < n && pieces[piece].left < col) reached = most(reached, pieces[piece++].end);
        if (col < reached && profile[col] <= profile[col - 1] && profile[col] < profile[col + 1])
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
    Span outer = pieces[0];
    for (int i = 1; i < n; i++) outer.end = most(outer.end, pieces[i].end);
    int kept = 2;
    cuts[0] = outer.left, cuts[1] = outer.end;
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
        int parts = inked ? (int)ceil(width / spacing) : 1;
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

int kerf_pieces_to_cuts(const Span *pieces, int n, const float *profile, int cols, int closest, double spacing,
                        int32_t *cuts) {
    size_t room = (size_t)cols + 1;
    Minimum *minima = malloc(room * sizeof(Minimum));
    int32_t *kept = malloc(room * sizeof(int32_t));
    float *ink = malloc(room * sizeof(float));
    int count = -1;
    if (minima && kept && ink) {
        int found = profile_to_minima(profile, cols, pieces, n, minima);
        profile_to_ink(profile, cols, ink);
        count = fill(kept, thin_out(pieces, n, minima, found, closest, kept), ink, spacing, cuts);
    }
    free(minima);
    free(kept);
    free(ink);
    return count;
}

/* Pairs of cuts of plausible width with more than a pixel of ink between them, by end, then by start. */
static int add_spans(const int32_t *cuts, int n, const float *ink, const double widths[2], int32_t *spans) {
    int count = 0;
    for (int end = 0; end < n; end++) {
        for (int start = 0; start < end; start++) {
            int width = cuts[end] - cuts[start];
            if (width < widths[0] || width > widths[1] || (double)ink[cuts[end]] - ink[cuts[start]] <= 1.0) continue;
            if (spans) spans[2 * count] = start, spans[2 * count + 1] = end;
            count++;
        }
    }
    return count;
}

int kerf_cuts_to_spans(const int32_t *cuts, int n, const float *profile, int cols, const double widths[2],
                       int32_t **spans) {
    float *ink = malloc(((size_t)cols + 1) * sizeof(float));
    int count = -1;
    *spans = NULL;
    if (ink) {
        profile_to_ink(profile, cols, ink);
        count = add_spans(cuts, n, ink, widths, NULL);
        *spans = malloc((size_t)most(count, 1) * 2 * sizeof(int32_t));
        if (*spans)
            add_spans(cuts, n, ink, widths, *spans);
        else
            count = -1;
    }
    free(ink);
    return count;
}

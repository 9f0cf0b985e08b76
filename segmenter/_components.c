/* Connected pieces of a mask, by runs: stretches of a row that are set, joined where those of the next row touch them
 * at a side or a corner. */
#include "_cutting.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    int row, left, end; /* half open */
    int parent;         /* of the runs of its piece, an earlier one or itself; later the number of its piece */
} Run;

typedef struct {
    Box box;
    int area;
    int order; /* among the pieces, by their first runs */
} Piece;

typedef struct {
    Run *run;
    int runs;
    Piece *piece;
    int pieces;
} Components;

/* First run of the same piece; the way there is made shorter. */
static int find_first(Run *run, int i) {
    while (run[i].parent != i) i = run[i].parent = run[run[i].parent].parent;
    return i;
}

/* Join a run with those before it, run[above..end) of the row above, that touch it. */
static void join_runs(Run *run, int i, int above, int end) {
    for (; above < end && run[above].left <= run[i].end; above++) {
        int one = find_first(run, above), other = find_first(run, i);
        run[most(one, other)].parent = least(one, other);
    }
}

/* Find the runs of a mask, joined; their number. At most every second pixel begins one. */
static int mask_to_runs(const uint8_t *mask, int rows, int cols, Run *run) {
    int count = 0, above = 0;
    for (int y = 0; y < rows; y++, mask += cols) {
        int above_end = count;
        for (int x = 0; x < cols;) {
            const uint8_t *set = memchr(mask + x, 1, cols - x);
            if (!set) break;
            int left = (int)(set - mask);
            const uint8_t *clear = memchr(set, 0, cols - left);
            int end = clear ? (int)(clear - mask) : cols;
            run[count] = (Run){y, left, end, count};
            while (above < above_end && run[above].end < left) above++;
            join_runs(run, count++, above, above_end);
            x = end;
        }
        above = above_end;
    }
    return count;
}

/* Count pieces and measure them; a run's parent becomes the number of its piece. */
static void runs_to_pieces(Components *found) {
    for (int i = 0; i < found->runs; i++) {
        Run *run = found->run + i;
        if (run->parent == i) {
            run->parent = found->pieces;
            found->piece[found->pieces] = (Piece){{run->row, 0, run->left, run->end}, 0, found->pieces};
            found->pieces++;
        } else {
            run->parent = found->run[run->parent].parent; /* its parent came before it */
        }
        Piece *piece = found->piece + run->parent;
        piece->box.left = least(piece->box.left, run->left);
        piece->box.right = most(piece->box.right, run->end);
        piece->box.bottom = run->row + 1;
        piece->area += run->end - run->left;
    }
}

static int mask_to_components(const uint8_t *mask, int rows, int cols, Components *found) {
    size_t most_runs = (size_t)rows * (cols / 2 + 1);
    *found = (Components){malloc(most_runs * sizeof(Run)), 0, NULL, 0};
    if (!found->run) return -1;
    found->runs = mask_to_runs(mask, rows, cols, found->run);
    found->piece = malloc((size_t)most(found->runs, 1) * sizeof(Piece));
    if (!found->piece) {
        free(found->run);
        return -1;
    }
    runs_to_pieces(found);
    return 0;
}

static void free_components(Components *found) {
    free(found->run);
    free(found->piece);
}

static int by_area(const void *one, const void *other) { /* largest first */
    const Piece *a = one, *b = other;
    if (a->area != b->area) return a->area > b->area ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static int by_number(const void *one, const void *other) {
    int a = *(const int *)one, b = *(const int *)other;
    return (a > b) - (a < b);
}

/* Height of the text: the median of the largest pieces that hold half of all. Pieces are left in another order. */
static int pieces_to_text_height(Piece *piece, int count, double *height) {
    int *heights = malloc((size_t)count * sizeof(int)), main = 0;
    if (!heights) return -1;
    int64_t all = 0, covered = 0;
    for (int i = 0; i < count; i++) all += piece[i].area;
    qsort(piece, (size_t)count, sizeof(Piece), by_area);
    while (2 * covered < all) {
        heights[main] = piece[main].box.bottom - piece[main].box.top;
        covered += piece[main++].area;
    }
    qsort(heights, (size_t)main, sizeof(int), by_number);
    *height = 0.5 * (heights[(main - 1) / 2] + heights[main / 2]);
    free(heights);
    return 0;
}

/* Clear connected pieces that are small beside the text, in place.
 *
 * The text's height is taken from the largest pieces, which lines may join but dots cannot be. */
int kerf_remove_specks(uint8_t *mask, int rows, int cols, double speck_height) {
    Components found;
    if (mask_to_components(mask, rows, cols, &found)) return -1;
    Piece *ordered = malloc((size_t)most(found.pieces, 1) * sizeof(Piece));
    double text_height = 0.0;
    int failed = !ordered;
    if (!failed && found.pieces) {
        memcpy(ordered, found.piece, (size_t)found.pieces * sizeof(Piece));
        failed = pieces_to_text_height(ordered, found.pieces, &text_height);
    }
    double smallest = speck_height * text_height > 2.0 ? speck_height * text_height : 2.0;
    for (int i = 0; i < found.runs && !failed; i++) {
        const Run *run = found.run + i;
        const Box *box = &found.piece[run->parent].box;
        if (most(box->bottom - box->top, box->right - box->left) < smallest)
            memset(mask + (size_t)run->row * cols + run->left, 0, (size_t)(run->end - run->left));
    }
    free(ordered);
    free_components(&found);
    return failed ? -1 : 0;
}

static int by_left(const void *one, const void *other) { /* then by end */
    const Span *a = one, *b = other;
    if (a->left != b->left) return a->left < b->left ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

/* Join spans, in order, where more than half of the narrower lies over the one before; their number. */
static int join_spans(Span *span, int count) {
    int joined = 0;
    for (int i = 0; i < count; i++) {
        Span *last = span + joined - 1;
        if (joined && 2 * (least(last->end, span[i].end) - span[i].left) >
                          least(span[i].end - span[i].left, last->end - last->left))
            last->end = most(last->end, span[i].end);
        else
            span[joined++] = span[i];
    }
    return joined;
}

int kerf_mask_to_pieces(const uint8_t *mask, int rows, int cols, Span **pieces) {
    Components found;
    if (mask_to_components(mask, rows, cols, &found)) return -1;
    int count = -1;
    *pieces = malloc((size_t)most(found.pieces, 1) * sizeof(Span));
    if (*pieces) {
        for (int i = 0; i < found.pieces; i++)
            (*pieces)[i] = (Span){found.piece[i].box.left, found.piece[i].box.right};
        qsort(*pieces, (size_t)found.pieces, sizeof(Span), by_left);
        count = join_spans(*pieces, found.pieces);
    }
    free_components(&found);
    return count;
}

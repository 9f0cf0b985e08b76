/* Cutting, where every pixel is visited: what the C files of the segmenter share.
 *
 * Planes lie by rows, `rows * cols` values without gaps; masks hold 0 or 1. There is no state and no call into Python,
 * so several threads may cut at once. What takes memory to work in gives it back, and returns -1 where there is none.
 */
#ifndef KERF_CUTTING_H
#define KERF_CUTTING_H

#include <stddef.h>
#include <stdint.h>

enum { CHANNELS = 3 };

static inline int least(int a, int b) { return a < b ? a : b; }
static inline int most(int a, int b) { return a > b ? a : b; }

/* Rows and columns, half open. */
typedef struct {
    int top, bottom, left, right;
} Box;

/* Columns, half open, or numbers of cuts. */
typedef struct {
    int32_t left, end;
} Span;

/* _background.c: an image is uint8 (rows, cols, 3), and so is the background, float32. */
int kerf_image_to_background(const uint8_t *image, int rows, int cols, float *background);
int kerf_image_to_contrast(const uint8_t *image, int rows, int cols, float *distance, float *light);

/* _ink.c: quantiles of the values where the mask is set, of all if it is NULL; 0 where there is none. */
typedef struct {
    double threshold, noise_factor, speck_height;
    int neutral; /* lightness of the background */
} InkRules;

void kerf_quantiles(const float *values, const uint8_t *mask, size_t count, const double *shares, int n, double *out);
int kerf_image_to_ink(const uint8_t *image, int rows, int cols, const InkRules *rules, float *ink, uint8_t *lightness,
                      uint8_t *mask);

/* _components.c: pieces are to be freed, and there are so many of them as is returned. */
int kerf_remove_specks(uint8_t *mask, int rows, int cols, double speck_height);
int kerf_mask_to_pieces(const uint8_t *mask, int rows, int cols, Span **pieces);

/* _strip.c: the box may reach outside; planes are (3, box rows, box cols): ink, lightness, mask, up to 255. */
Box kerf_mask_to_box(const uint8_t *mask, int rows, int cols, double tail, int32_t *profile);
void kerf_crop(const float *ink, const uint8_t *lightness, const uint8_t *mask, int rows, int cols, Box box,
               int neutral, uint8_t *planes);
int kerf_shrink(const uint8_t *planes, int count, int rows, int cols, int out_rows, int out_cols, uint8_t *out);
void kerf_spans_to_rows(const uint8_t *mask, int rows, int cols, const Span *spans, int n, Span *extents);

/* _cuts.c: lengths in columns; spans are numbers of cuts. A lattice is to be freed, whatever is returned. */
typedef struct {
    int closest;
    double spacing, min_width, max_width;
} CutRules;

typedef struct {
    int32_t *cut;
    Span *span, *piece;
    int cuts, spans, pieces;
} Lattice;

int kerf_mask_to_lattice(const uint8_t *mask, int rows, int cols, const float *profile, const CutRules *rules,
                         Lattice *lattice);
void kerf_free_lattice(Lattice *lattice);

#endif

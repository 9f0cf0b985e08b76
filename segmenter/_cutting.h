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

/* A rectangle of rows and columns, half open. */
typedef struct {
    int top, bottom, left, right;
} Box;

/* Half-open columns. */
typedef struct {
    int32_t left, end;
} Span;

/* _background.c: image is uint8 (rows, cols, 3). */
int kerf_image_to_background(const uint8_t *image, int rows, int cols, float *background);
int kerf_image_to_contrast(const uint8_t *image, int rows, int cols, float *distance, float *light);

/* _ink.c */
void kerf_quantiles(const float *values, const uint8_t *mask, size_t count, const double *shares, int n, double *out);
void kerf_erase_frame(float *distance, int rows, int cols);
void kerf_scale_contrast(const float *distance, const float *light, size_t count, double floor, double peak,
                         int neutral, double sign, float *ink, uint8_t *lightness);

/* _components.c; pieces are to be freed. */
int kerf_remove_specks(uint8_t *mask, int rows, int cols, double speck_height);
int kerf_mask_to_pieces(const uint8_t *mask, int rows, int cols, Span **pieces);
void kerf_spans_to_rows(const uint8_t *mask, int rows, int cols, const Span *spans, int n, Span *extents);

/* _cuts.c; there is room for cols + 1 cuts; spans are to be freed. */
void kerf_profile_to_extent(const int32_t *profile, int length, double tail, int *first, int *end);
int kerf_pieces_to_cuts(const Span *pieces, int n, const float *profile, int cols, int closest, double spacing,
                        int32_t *cuts);
int kerf_cuts_to_spans(const int32_t *cuts, int n, const float *profile, int cols, const double widths[2],
                       int32_t **spans);

#endif

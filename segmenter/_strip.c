/* Where text lies in a mask. */
#include "_cutting.h"

#include <string.h>

/* First and end index of what holds all but a tail of the mass at each side; everything if there is none. */
void kerf_profile_to_extent(const int32_t *profile, int length, double tail, int *first, int *end) {
    int64_t all = 0, mass = 0;
    for (int i = 0; i < length; i++) all += profile[i];
    *first = 0, *end = length;
    if (all <= 0) return;
    for (int i = 0, begun = 0; i < length; i++) {
        mass += profile[i];
        if (!begun && (double)mass > tail * (double)all) *first = i, begun = 1;
        if ((double)mass >= (1 - tail) * (double)all) {
            *end = i + 1;
            return;
        }
    }
}

/* Rows of what is set within the columns of each span; all rows where nothing is. */
void kerf_spans_to_rows(const uint8_t *mask, int rows, int cols, const Span *spans, int n, Span *extents) {
    for (int i = 0; i < n; i++) {
        const uint8_t *column = mask + spans[i].left;
        size_t width = (size_t)(spans[i].end - spans[i].left);
        int top = 0, bottom = rows;
        while (top < rows && !memchr(column + (size_t)top * cols, 1, width)) top++;
        while (bottom > top && !memchr(column + (size_t)(bottom - 1) * cols, 1, width)) bottom--;
        extents[i] = top < rows ? (Span){top, bottom} : (Span){0, rows};
    }
}

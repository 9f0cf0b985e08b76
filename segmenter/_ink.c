/* From how far pixels stand out to ink: quantiles, frames, thresholds and scales. */
#include "_cutting.h"

#include <stdlib.h>
#include <string.h>

enum {
    QUANTILE_VALUES = 1200, /* values that quantiles are taken of, less than twice as many */
    BUCKET_BITS = 11,
    FRAME_LINES = 3,        /* rows or columns that a frame is thick, at most */
};
static const double NOISE_AND_PEAK[2] = {0.5, 0.99}; /* quantiles of the distances */
static const double TEXT_PEAK = 0.6;                 /* the same, of the text's */
static const double MOST_NOISE = 0.6;                /* share of the peak up to which noise raises the threshold */
static const double FRAME_SHARE = 0.6; /* of a line's length that stands out where it is part of a frame */
static const double FRAME_PEAK = 0.98; /* quantile of the distances, half of which stands out in a frame */

/* The value that would stand at this rank if all were sorted; none may be negative. They are left in disorder.
 *
 * Floats that are not negative are in the order of their bits. By 11 bits at a time, what cannot be it is dropped: no
 * branch depends on a value, which makes it several times as fast as a quickselect on images not seen before. */
static float select_rank(float *values, int count, int rank) {
    for (int shift = 32 - BUCKET_BITS; count > 1 && shift > -BUCKET_BITS; shift -= BUCKET_BITS) {
        uint16_t filled[1 << BUCKET_BITS] = {0};
        const int drop = shift > 0 ? shift : 0, mask = (1 << BUCKET_BITS) - 1;
        uint32_t bits;
        for (int i = 0; i < count; i++) {
            memcpy(&bits, values + i, sizeof bits);
            filled[bits >> drop & mask]++;
        }
        uint32_t bucket = 0;
        while (rank >= filled[bucket]) rank -= filled[bucket++];
        int kept = 0;
        for (int i = 0; i < count; i++) {
            memcpy(&bits, values + i, sizeof bits);
            values[kept] = values[i];
            kept += (bits >> drop & mask) == bucket;
        }
        count = kept;
    }
    return values[0];
}

/* Take an even sample of the values, at most 2 * QUANTILE_VALUES - 1; their number. */
static int take_sample(const float *values, size_t count, float *sample) {
    size_t step = count > QUANTILE_VALUES ? count / QUANTILE_VALUES : 1;
    int taken = 0;
    for (size_t i = 0; i < count; i += step) sample[taken++] = values[i];
    return taken;
}

/* The same, of the values where the mask is set. */
static int take_masked_sample(const float *values, const uint8_t *mask, size_t count, float *sample) {
    size_t all = 0;
    for (size_t i = 0; i < count; i++) all += mask[i];
    size_t step = all > QUANTILE_VALUES ? all / QUANTILE_VALUES : 1, nth = 0;
    const uint8_t *end = mask + count, *at = mask;
    int taken = 0;
    while ((at = memchr(at, 1, (size_t)(end - at)))) {
        for (; at < end && *at; at++) {
            if (nth == 0) sample[taken++] = values[at - mask];
            nth = nth + 1 < step ? nth + 1 : 0;
        }
        if (at == end) break;
    }
    return taken;
}

void kerf_quantiles(const float *values, const uint8_t *mask, size_t count, const double *shares, int n, double *out) {
    float sample[2 * QUANTILE_VALUES], left[2 * QUANTILE_VALUES];
    int taken = mask ? take_masked_sample(values, mask, count, sample) : take_sample(values, count, sample);
    for (int i = 0; i < n; i++) {
        memcpy(left, sample, (size_t)taken * sizeof(float));
        out[i] = taken ? select_rank(left, taken, (int)(shares[i] * (taken - 1))) : 0.0;
    }
}

/* Set lines at one edge that stand out along most of their length to 0; neighbouring values are `along` apart. */
static void erase_edge(float *edge, ptrdiff_t across, int lines, ptrdiff_t along, int length, float level) {
    for (int line = 0; line < least(FRAME_LINES, lines); line++) {
        float *value = edge + line * across;
        int standing = 0;
        for (int i = 0; i < length; i++) standing += value[i * along] > level;
        if ((double)standing / length < FRAME_SHARE) return;
        for (int i = 0; i < length; i++) value[i * along] = 0.0f;
    }
}

static void erase_frame(float *distance, int rows, int cols) {
    double peak;
    kerf_quantiles(distance, NULL, (size_t)rows * cols, &FRAME_PEAK, 1, &peak);
    float level = (float)(0.5 * (peak > 1.0 ? peak : 1.0));
    erase_edge(distance, cols, rows, 1, cols, level);
    erase_edge(distance + (ptrdiff_t)(rows - 1) * cols, -(ptrdiff_t)cols, rows, 1, cols, level);
    erase_edge(distance, 1, cols, cols, rows, level);
    erase_edge(distance + cols - 1, -1, cols, cols, rows, level);
}

/* Ink, in place of the distances: from floor to peak as 0 to 1. Lightness: 127 away from neutral at the peak. */
static void scale_contrast(const float *light, size_t count, double floor, double peak, double sign, int neutral,
                           float *ink, uint8_t *lightness) {
    const float least_ink = (float)floor, range = (float)(peak - floor), scale = (float)(127.0 * sign / peak);
    for (size_t i = 0; i < count; i++) {
        float value = (ink[i] - least_ink) / range;
        value = value > 0.0f ? value : 0.0f;
        ink[i] = value < 1.0f ? value : 1.0f;
    }
    for (size_t i = 0; i < count; i++) {
        float value = neutral + scale * light[i];
        value = value > 0.0f ? value : 0.0f;
        lightness[i] = (uint8_t)(int)(value < 255.0f ? value : 255.0f);
    }
}

/* Sum of the values where the mask is set. */
static double masked_sum(const float *values, const uint8_t *mask, size_t count) {
    const uint8_t *end = mask + count;
    double sum = 0.0;
    for (const uint8_t *at = mask; at < end && (at = memchr(at, 1, (size_t)(end - at)));)
        for (; at < end && *at; at++) sum += values[at - mask];
    return sum;
}

int kerf_image_to_ink(const uint8_t *image, int rows, int cols, const InkRules *rules, float *ink, uint8_t *lightness,
                      uint8_t *mask) {
    const size_t count = (size_t)rows * cols;
    float *light = malloc(count * sizeof(float));
    if (!light || kerf_image_to_contrast(image, rows, cols, ink, light)) {
        free(light);
        return -1;
    }
    erase_frame(ink, rows, cols);
    double found[2];
    kerf_quantiles(ink, NULL, count, NOISE_AND_PEAK, 2, found);
    const double noise = found[0];
    double peak = found[1] > 1.0 ? found[1] : 1.0, sign = 1.0;
    const double quiet = rules->noise_factor * noise, loud = MOST_NOISE * peak, text = rules->threshold * peak;
    const double above_noise = quiet < loud ? quiet : loud;
    const float level = (float)(text > above_noise ? text : above_noise);
    for (size_t i = 0; i < count; i++) mask[i] = ink[i] > level;
    const int status = kerf_remove_specks(mask, rows, cols, rules->speck_height);
    if (!status && memchr(mask, 1, count)) { /* dots are often darker than the text: its contrast is without them */
        kerf_quantiles(ink, mask, count, &TEXT_PEAK, 1, &peak);
        peak = peak > 1.0 ? peak : 1.0;
        sign = masked_sum(light, mask, count) < 0.0 ? -1.0 : 1.0;
    }
    scale_contrast(light, count, noise < 0.5 * peak ? noise : 0.5 * peak, peak, sign, rules->neutral, ink, lightness);
    free(light);
    return status;
}

/* The smooth surface behind the text, and how far each pixel is from it.
 *
 * The surface is a quadratic in row and column for each colour channel, fitted by iteratively reweighted least squares
 * with Geman-McClure weights to a grid of pixels: a plane first, then the quadratic, so that a block of text in the
 * middle cannot bend the start.
 */
#include "_cutting.h"

#include <math.h>
#include <stdlib.h>

enum {
    FIT_POINTS = 500, /* pixels that the fit looks at, about */
    FIT_ROUNDS = 3,   /* reweighted rounds for each of: plane, quadratic */
    PLANE = 3,        /* terms */
    QUADRATIC = 6,
    POWERS = 5, /* of row or column, in the product of two terms: 0 to 4 */
};
static const double RIDGE = 1e-3;
static const double LEAST_SCALE = 9.0; /* squared distance of what is surely background */

/* Powers of row and column in each term. */
static const int ROW_POWER[QUADRATIC] = {0, 1, 0, 2, 1, 0};
static const int COL_POWER[QUADRATIC] = {0, 0, 1, 0, 1, 2};

typedef struct {
    double term[CHANNELS][QUADRATIC];
} Surface;

/* The pixels that the surface is fitted to; rows and columns are in [-0.5, 0.5). */
typedef struct {
    int rows, cols;
    float *row, *col;
    float *value[CHANNELS], *weight, *residual; /* rows * cols each */
    float *memory;
} Grid;

/* Weighted sums over the grid: of products of powers, and of those times the pixels' values. */
typedef struct {
    double power[POWERS][POWERS];
    double value[PLANE][PLANE][CHANNELS];
} Sums;

/* A row or column as the surface takes it. */
static double centred(int index, int count) { return (double)index / count - 0.5; }

static int image_to_grid(const uint8_t *image, int rows, int cols, Grid *grid) {
    int step = most(1, (int)sqrt((double)rows * cols / FIT_POINTS));
    int top = least(step, rows) / 2, left = least(step, cols) / 2;
    grid->rows = (rows - top - 1) / step + 1;
    grid->cols = (cols - left - 1) / step + 1;
    size_t points = (size_t)grid->rows * grid->cols, sides = (size_t)grid->rows + grid->cols;
    grid->memory = malloc(sizeof(float) * (points * (CHANNELS + 2) + sides));
    if (!grid->memory) return -1;
    for (int channel = 0; channel < CHANNELS; channel++) grid->value[channel] = grid->memory + channel * points;
    grid->weight = grid->memory + CHANNELS * points;
    grid->residual = grid->weight + points;
    grid->row = grid->residual + points;
    grid->col = grid->row + grid->rows;
    for (int y = 0; y < grid->rows; y++) grid->row[y] = (float)centred(top + y * step, rows);
    for (int x = 0; x < grid->cols; x++) grid->col[x] = (float)centred(left + x * step, cols);
    for (size_t y = 0, point = 0; y < (size_t)grid->rows; y++) {
        const uint8_t *pixel = image + CHANNELS * ((top + y * step) * cols + left);
        for (int x = 0; x < grid->cols; x++, point++, pixel += CHANNELS * (size_t)step) {
            for (int channel = 0; channel < CHANNELS; channel++) grid->value[channel][point] = pixel[channel];
            grid->weight[point] = 1.0f;
        }
    }
    return 0;
}

/* Sums over one row of the grid, of powers of the column alone. */
static void row_to_sums(const Grid *grid, size_t start, double power[POWERS], double value[PLANE][CHANNELS]) {
    const float *weight = grid->weight + start, *col = grid->col;
    const float *first = grid->value[0] + start, *second = grid->value[1] + start, *third = grid->value[2] + start;
    double sum[POWERS] = {0}, product[PLANE][CHANNELS] = {{0}};
    for (int x = 0; x < grid->cols; x++) {
        double factor = weight[x];
        for (int p = 0; p < POWERS; p++, factor *= col[x]) {
            sum[p] += factor;
            if (p >= PLANE) continue;
            product[p][0] += factor * first[x];
            product[p][1] += factor * second[x];
            product[p][2] += factor * third[x];
        }
    }
    for (int p = 0; p < POWERS; p++) power[p] = sum[p];
    for (int p = 0; p < PLANE; p++)
        for (int channel = 0; channel < CHANNELS; channel++) value[p][channel] = product[p][channel];
}

static Sums grid_to_sums(const Grid *grid) {
    Sums sums = {{{0}}, {{{0}}}};
    for (int y = 0; y < grid->rows; y++) {
        double power[POWERS], value[PLANE][CHANNELS], factor = 1.0;
        row_to_sums(grid, (size_t)y * grid->cols, power, value);
        for (int p = 0; p < POWERS; p++, factor *= grid->row[y]) {
            for (int q = 0; q < POWERS; q++) sums.power[p][q] += factor * power[q];
            for (int q = 0; p < PLANE && q < PLANE; q++)
                for (int channel = 0; channel < CHANNELS; channel++)
                    sums.value[p][q][channel] += factor * value[q][channel];
        }
    }
    return sums;
}

/* Solve the normal equations of the first terms, by Cholesky. */
static void sums_to_surface(const Sums *sums, int terms, Surface *surface) {
    double lower[QUADRATIC][QUADRATIC];
    for (int i = 0; i < terms; i++) {
        for (int j = 0; j <= i; j++) {
            double rest = sums->power[ROW_POWER[i] + ROW_POWER[j]][COL_POWER[i] + COL_POWER[j]];
            if (i == j) rest += RIDGE;
            for (int k = 0; k < j; k++) rest -= lower[i][k] * lower[j][k];
            lower[i][j] = i == j ? sqrt(rest) : rest / lower[j][j];
        }
    }
    for (int channel = 0; channel < CHANNELS; channel++) {
        double solved[QUADRATIC];
        for (int i = 0; i < terms; i++) {
            double rest = sums->value[ROW_POWER[i]][COL_POWER[i]][channel];
            for (int k = 0; k < i; k++) rest -= lower[i][k] * solved[k];
            solved[i] = rest / lower[i][i];
        }
        for (int i = terms - 1; i >= 0; i--) {
            for (int k = i + 1; k < terms; k++) solved[i] -= lower[k][i] * solved[k];
            solved[i] /= lower[i][i];
            surface->term[channel][i] = solved[i];
        }
    }
}

/* Squared distances from the surface, and weights that fall with them. */
static void reweight(Grid *grid, const Surface *surface) {
    size_t points = (size_t)grid->rows * grid->cols;
    for (int channel = 0; channel < CHANNELS; channel++) {
        const double *term = surface->term[channel];
        for (int y = 0; y < grid->rows; y++) {
            const double row = grid->row[y];
            const float base = (float)(term[0] + row * (term[1] + row * term[3]));
            const float slope = (float)(term[2] + row * term[4]), curve = (float)term[5];
            const float *value = grid->value[channel] + (size_t)y * grid->cols, *col = grid->col;
            float *restrict residual = grid->residual + (size_t)y * grid->cols;
            for (int x = 0; x < grid->cols; x++) {
                float miss = value[x] - (base + col[x] * (slope + col[x] * curve));
                residual[x] = channel ? residual[x] + miss * miss : miss * miss;
            }
        }
    }
    double share = 0.5, median;
    kerf_quantiles(grid->residual, NULL, points, &share, 1, &median);
    const float scale = (float)(median > LEAST_SCALE ? median : LEAST_SCALE);
    for (size_t i = 0; i < points; i++) {
        float kept = scale / (scale + grid->residual[i]);
        grid->weight[i] = kept * kept;
    }
}

static int fit_surface(const uint8_t *image, int rows, int cols, Surface *surface) {
    Grid grid;
    *surface = (Surface){{{0}}};
    if (image_to_grid(image, rows, cols, &grid)) return -1;
    for (int round = 0; round < 2 * FIT_ROUNDS; round++) {
        if (round) reweight(&grid, surface);
        Sums sums = grid_to_sums(&grid);
        sums_to_surface(&sums, round < FIT_ROUNDS ? PLANE : QUADRATIC, surface);
    }
    free(grid.memory);
    return 0;
}

/* The surface as three rows of `CHANNELS * cols`: what it has of the row's powers 0, 1 and 2. */
static void surface_to_powers(const Surface *surface, int cols, float *powers) {
    size_t length = (size_t)CHANNELS * cols;
    for (int x = 0; x < cols; x++) {
        double col = centred(x, cols);
        for (int channel = 0; channel < CHANNELS; channel++) {
            const double *term = surface->term[channel];
            float *at = powers + (size_t)CHANNELS * x + channel;
            at[0] = (float)(term[0] + col * (term[2] + col * term[5]));
            at[length] = (float)(term[1] + col * term[4]);
            at[2 * length] = (float)term[3];
        }
    }
}

static void powers_to_row(const float *powers, size_t length, float row, float *restrict background) {
    for (size_t i = 0; i < length; i++)
        background[i] = powers[i] + row * (powers[length + i] + row * powers[2 * length + i]);
}

int kerf_image_to_background(const uint8_t *image, int rows, int cols, float *background) {
    Surface surface;
    size_t length = (size_t)CHANNELS * cols;
    float *powers = malloc(sizeof(float) * 3 * length);
    if (!powers || fit_surface(image, rows, cols, &surface)) {
        free(powers);
        return -1;
    }
    surface_to_powers(&surface, cols, powers);
    for (int y = 0; y < rows; y++) powers_to_row(powers, length, (float)centred(y, rows), background + y * length);
    free(powers);
    return 0;
}

/* Distances of one row's pixels from the background, and the sums of its channels over it, scaled alike. */
static void row_to_contrast(const uint8_t *pixel, float *restrict ground, int cols, float *restrict distance,
                            float *restrict light) {
    const float share = (float)sqrt(1.0 / CHANNELS);
    for (int i = 0; i < CHANNELS * cols; i++) ground[i] = pixel[i] - ground[i];
    for (int x = 0; x < cols; x++) {
        float first = ground[CHANNELS * x], second = ground[CHANNELS * x + 1], third = ground[CHANNELS * x + 2];
        distance[x] = sqrtf(first * first + second * second + third * third);
        light[x] = share * (first + second + third);
    }
}

int kerf_image_to_contrast(const uint8_t *image, int rows, int cols, float *distance, float *light) {
    Surface surface;
    size_t length = (size_t)CHANNELS * cols;
    float *powers = malloc(sizeof(float) * 4 * length);
    if (!powers || fit_surface(image, rows, cols, &surface)) {
        free(powers);
        return -1;
    }
    surface_to_powers(&surface, cols, powers);
    float *ground = powers + 3 * length;
    for (size_t y = 0; y < (size_t)rows; y++) {
        powers_to_row(powers, length, (float)centred((int)y, rows), ground);
        row_to_contrast(image + y * length, ground, cols, distance + y * cols, light + y * cols);
    }
    free(powers);
    return 0;
}

/* What the network says of candidates to scores of characters, and those to the scores of a chain. */
#include "_search.h"

#include <math.h>

double kerf_log_add(double a, double b) {
    double top = a > b ? a : b;
    return top == -INFINITY ? top : top + log1p(exp(-fabs(a - b)));
}

/* Logits (N, K) to scores of characters (N, stride): classes that read as one character are joined. */
void kerf_logits_to_scores(const Space *space, const float *logits, double scale, int arcs, float *scores) {
    for (int a = 0; a < arcs; a++, logits += space->classes, scores += space->stride) {
        for (int c = 0; c < space->stride; c++) {
            scores[c] = c < space->characters ? (float)(logits[space->groups[c * space->members]] * scale) : -INFINITY;
        }
        for (int c = 0; space->members > 1 && c < space->characters; c++) {
            const int32_t *group = space->groups + c * space->members;
            for (int m = 1; m < space->members && group[m] < space->classes; m++) {
                scores[c] = (float)kerf_log_add(scores[c], logits[group[m]] * scale);
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
void kerf_scores_to_shares(const Space *space, Work *work) {
    int arcs = work->lattice.arcs, rows = space->rows, stride = space->stride;
    for (int r = 0; r < rows; r++) {
        for (int a = 0; a < arcs; a++) {
            softmax(work->scores + (size_t)a * stride, space->barred + (size_t)r * stride, stride,
                    work->shares + ((size_t)r * arcs + a) * stride, work->totals + (size_t)a * rows + r,
                    work->tops + (size_t)a * rows + r);
        }
    }
}

/* The chain's scores: candidates as whatever is allowed at each place, by `values` (N, R). */
void kerf_score_any(const Space *space, Work *work, const double *values) {
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
void kerf_score_text(const Space *space, Work *work, const int32_t *text, int count) {
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

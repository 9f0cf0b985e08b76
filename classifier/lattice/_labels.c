/* One image's loss by its label, and the gradients of that. */
#include "_search.h"

#include <math.h>
#include <string.h>

/* Add the flow, `sign` times, to the gradients: of skips (J), and of scores by whoever knows the characters. */
static void add_skip_grads(const Work *work, float sign, float *grads) {
    int width = work->chain.length + 1;
    for (int cut = 0; cut < work->lattice.cuts - 1; cut++) {
        double sum = 0;
        for (int l = 0; l < width; l++) {
            sum += work->chain.stay[(size_t)cut * width + l];
        }
        grads[cut + 1] += sign * (float)(sum * work->lattice.scale);
    }
}

/* Gradient of log-sum-exp over all paths, from the flow, by scores. */
static void add_free_grads(const Space *space, Work *work) {
    for (int a = 0; a < work->lattice.arcs; a++) {
        double by_row[MOST_STEPS] = {0};
        for (int l = 0; l < space->length; l++) {
            by_row[space->row_of[l]] += work->chain.take[(size_t)a * space->length + l];
        }
        for (int r = 0; r < space->rows; r++) {
            const float *share = work->shares + ((size_t)r * work->lattice.arcs + a) * space->stride;
            for (int c = 0; c < space->stride; c++) {
                work->grads[(size_t)a * space->stride + c] += (float)by_row[r] * share[c];
            }
        }
    }
}

/* Gradients by scores (N, stride) to those by logits (N, K), which are 0 so far. */
static void grads_to_logits(const Space *space, const Work *work, const float *logits, float *grads) {
    double scale = work->lattice.scale;
    for (int a = 0; a < work->lattice.arcs; a++, logits += space->classes, grads += space->classes) {
        for (int c = 0; c < space->characters; c++) {
            const int32_t *group = space->groups + (size_t)c * space->members;
            float grad = (float)(work->grads[(size_t)a * space->stride + c] * scale);
            float score = work->scores[(size_t)a * space->stride + c];
            for (int m = 0; m < space->members && group[m] < space->classes; m++) {
                grads[group[m]] += space->members == 1 ? grad : grad * expf((float)(logits[group[m]] * scale) - score);
            }
        }
    }
}

/* Whether a text may be read, in one of the tracks. */
static int is_allowed(const Space *space, const int32_t *text, int count) {
    for (int t = 0; t < space->tracks; t++) {
        int l = 0, place = space->first[t];
        while (l < count && l < space->steps[t] && space->allowed[(size_t)(place + l) * space->characters + text[l]]) {
            l++;
        }
        if (l == count && space->ends[place + count]) {
            return 1;
        }
    }
    return 0;
}

/* Negative logarithm of the share of all paths that spell a label; INFINITY where no path does. Gradients are added to
   `grad_logits` (N, K) and `grad_skips` (J) unless they are NULL. */
double kerf_label_image(const Space *space, Work *work, const float *logits, const int32_t *label, int count,
                        float *grad_logits, float *grad_skips) {
    uint8_t ends[MOST_STEPS + 1] = {0};
    if (count < 0 || !is_allowed(space, label, count)) {
        return INFINITY;
    }
    ends[count] = 1;
    kerf_score_text(space, work, label, count);
    double forced = kerf_scores_to_chain(work, ends);
    if (!(forced > -INFINITY)) {
        return INFINITY;
    }
    if (grad_logits) {
        kerf_chain_to_flow(work);
        memset(work->grads, 0, sizeof(float) * work->lattice.arcs * space->stride);
        add_skip_grads(work, -1, grad_skips);
        for (int a = 0; a < work->lattice.arcs; a++) {
            for (int l = 0; l < count; l++) {
                work->grads[(size_t)a * space->stride + label[l]] -= (float)work->chain.take[(size_t)a * count + l];
            }
        }
    }
    kerf_score_any(space, work, work->totals);
    double any = kerf_scores_to_chain(work, space->ends);
    if (grad_logits) {
        kerf_chain_to_flow(work);
        add_skip_grads(work, 1, grad_skips);
        add_free_grads(space, work);
        grads_to_logits(space, work, logits, grad_logits);
    }
    return any - forced;
}

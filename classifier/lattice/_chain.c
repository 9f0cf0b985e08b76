/* The dynamic program over states, in two semirings: the best path, and the probabilities of all. */
#include "_search.h"

#include <math.h>
#include <string.h>

/* The best path, from the chain's scores: its candidates, and how many; -1 where none has an allowed length. */
int kerf_find_best_path(Work *work, const uint8_t *lengths, int32_t *candidates) {
    const Lattice *lattice = &work->lattice;
    Chain *chain = &work->chain;
    int length = chain->length, width = length + 1, last = lattice->cuts - 1;
    for (int l = 0; l < width; l++) {
        chain->rest[(size_t)last * width + l] = lengths[l] ? 0 : -INFINITY;
    }
    for (int cut = last - 1; cut >= 0; cut--) {
        double *best = chain->rest + (size_t)cut * width, skip = lattice->skips[cut + 1] * lattice->scale;
        int *choice = work->choice + (size_t)cut * width;
        for (int l = 0; l < width; l++) {
            best[l] = best[width + l] + skip;
            choice[l] = -1;
        }
        for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
            const double *score = chain->take + (size_t)lattice->arc[i].candidate * length;
            const double *onwards = chain->rest + (size_t)lattice->arc[i].end * width + 1;
            for (int l = 0; l < length; l++) {
                int better = score[l] + onwards[l] > best[l];
                best[l] = better ? score[l] + onwards[l] : best[l];
                choice[l] = better ? i : choice[l];
            }
        }
    }
    if (!(chain->rest[0] > -INFINITY)) {
        return -1;
    }
    int count = 0;
    for (int cut = 0; cut < last;) {
        int chosen = work->choice[(size_t)cut * width + count];
        if (chosen >= 0) {
            candidates[count++] = lattice->arc[chosen].candidate;
        }
        cut = chosen < 0 ? cut + 1 : lattice->arc[chosen].end;
    }
    return count;
}

/* Weigh the ways onwards from one cut: scores become probabilities. States with more characters behind them than cuts
   cannot be reached. */
static void weigh(const Lattice *lattice, Chain *chain, int cut) {
    int length = chain->length, width = length + 1, states = MIN(cut, length) + 1, takes = MIN(cut + 1, length);
    double *rest = chain->rest + (size_t)cut * width, *stay = chain->stay + (size_t)cut * width;
    double top[MOST_CHARACTERS + 1], sum[MOST_CHARACTERS + 1], skip = lattice->skips[cut + 1] * lattice->scale;
    for (int l = 0; l < states; l++) {
        stay[l] = top[l] = rest[width + l] + skip;
    }
    for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
        double *take = chain->take + (size_t)lattice->arc[i].candidate * length;
        const double *onwards = chain->rest + (size_t)lattice->arc[i].end * width + 1;
        for (int l = 0; l < takes; l++) {
            take[l] += onwards[l];
            top[l] = take[l] > top[l] ? take[l] : top[l];
        }
    }
    for (int l = 0; l < states; l++) {
        rest[l] = top[l];
        top[l] = top[l] > -INFINITY ? top[l] : 0;
        sum[l] = stay[l] = exp_below_0((float)(stay[l] - top[l]));
    }
    for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
        double *take = chain->take + (size_t)lattice->arc[i].candidate * length;
        for (int l = 0; l < takes; l++) {
            take[l] = exp_below_0((float)(take[l] - top[l]));
            sum[l] += take[l];
        }
    }
    for (int l = 0; l < states; l++) {
        rest[l] += sum[l] > 0 ? log(sum[l]) : 0;
        sum[l] = sum[l] > 0 ? 1 / sum[l] : 0;
        stay[l] *= sum[l];
    }
    for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
        double *take = chain->take + (size_t)lattice->arc[i].candidate * length;
        for (int l = 0; l < takes; l++) {
            take[l] *= sum[l];
        }
    }
}

/* The chain's scores to its probabilities; returns log-sum-exp over all paths. */
double kerf_scores_to_chain(Work *work, const uint8_t *lengths) {
    Chain *chain = &work->chain;
    int width = chain->length + 1, last = work->lattice.cuts - 1;
    for (int l = 0; l < width; l++) {
        chain->rest[(size_t)last * width + l] = lengths[l] ? 0 : -INFINITY;
    }
    for (int cut = last - 1; cut >= 0; cut--) {
        weigh(&work->lattice, chain, cut);
    }
    return chain->rest[0];
}

/* Probabilities given where they start to shares of all paths, in place; what cannot be reached has none. */
void kerf_chain_to_flow(Work *work) {
    const Lattice *lattice = &work->lattice;
    Chain *chain = &work->chain;
    int length = chain->length, width = length + 1;
    double *visits = chain->rest; /* which is not needed any more */
    memset(visits, 0, sizeof(double) * width * lattice->cuts);
    visits[0] = 1;
    for (int cut = 0; cut < lattice->cuts - 1; cut++) {
        double *visit = visits + (size_t)cut * width, *stay = chain->stay + (size_t)cut * width;
        for (int l = 0; l < width; l++) {
            stay[l] = l <= cut ? stay[l] * visit[l] : 0;
            visit[width + l] += stay[l];
        }
        for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
            double *take = chain->take + (size_t)lattice->arc[i].candidate * length;
            double *onwards = visits + (size_t)lattice->arc[i].end * width + 1;
            for (int l = 0; l < length; l++) {
                take[l] = l <= cut ? take[l] * visit[l] : 0;
                onwards[l] += take[l];
            }
        }
    }
}

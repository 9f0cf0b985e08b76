/* The dynamic program over states, in two semirings: the best path, and the probabilities of all. */
#include "_search.h"

#include <math.h>
#include <string.h>

/* The best path, from the chain's scores: its candidates, how many, and the place where it begins; -1 where none ends
   where a text may. */
int kerf_find_best_path(Work *work, const uint8_t *ends, int32_t *candidates, int *begins) {
    const Lattice *lattice = &work->lattice;
    Chain *chain = &work->chain;
    int length = chain->length, width = length + 1, last = lattice->cuts - 1;
    for (int l = 0; l < width; l++) {
        chain->rest[(size_t)last * width + l] = ends[l] ? 0 : -INFINITY;
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
    *begins = 0;
    for (int t = 1; t < chain->tracks; t++) {
        *begins = chain->rest[chain->first[t]] > chain->rest[*begins] ? chain->first[t] : *begins;
    }
    if (!(chain->rest[*begins] > -INFINITY)) {
        return -1;
    }
    int count = 0;
    for (int cut = 0; cut < last;) {
        int chosen = work->choice[(size_t)cut * width + *begins + count];
        if (chosen >= 0) {
            candidates[count++] = lattice->arc[chosen].candidate;
        }
        cut = chosen < 0 ? cut + 1 : lattice->arc[chosen].end;
    }
    return count;
}

/* The last place that can be reached by a cut: in a single track there is a cut for each character behind it. */
static int reach(const Chain *chain, int cut) { return chain->tracks > 1 ? chain->length : MIN(cut, chain->length); }

/* Weigh the ways onwards from one cut: scores become probabilities. */
static void weigh(const Lattice *lattice, Chain *chain, int cut) {
    int length = chain->length, width = length + 1, states = reach(chain, cut) + 1, takes = MIN(states, length);
    double *rest = chain->rest + (size_t)cut * width, *stay = chain->stay + (size_t)cut * width;
    double top[MOST_STEPS + 1], sum[MOST_STEPS + 1], skip = lattice->skips[cut + 1] * lattice->scale;
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
double kerf_scores_to_chain(Work *work, const uint8_t *ends) {
    Chain *chain = &work->chain;
    int width = chain->length + 1, last = work->lattice.cuts - 1;
    for (int l = 0; l < width; l++) {
        chain->rest[(size_t)last * width + l] = ends[l] ? 0 : -INFINITY;
    }
    for (int cut = last - 1; cut >= 0; cut--) {
        weigh(&work->lattice, chain, cut);
    }
    double all = -INFINITY;
    for (int t = 0; t < chain->tracks; t++) {
        all = kerf_log_add(all, chain->rest[chain->first[t]]);
    }
    for (int t = 0; t < chain->tracks; t++) {
        chain->enter[t] = all > -INFINITY ? exp(chain->rest[chain->first[t]] - all) : 0;
    }
    return all;
}

/* Probabilities given where they start to shares of all paths, in place; what cannot be reached has none. */
void kerf_chain_to_flow(Work *work) {
    const Lattice *lattice = &work->lattice;
    Chain *chain = &work->chain;
    int length = chain->length, width = length + 1;
    double *visits = chain->rest; /* which is not needed any more */
    memset(visits, 0, sizeof(double) * width * lattice->cuts);
    for (int t = 0; t < chain->tracks; t++) {
        visits[chain->first[t]] = chain->enter[t];
    }
    for (int cut = 0; cut < lattice->cuts - 1; cut++) {
        int last = reach(chain, cut);
        double *visit = visits + (size_t)cut * width, *stay = chain->stay + (size_t)cut * width;
        for (int l = 0; l < width; l++) {
            stay[l] = l <= last ? stay[l] * visit[l] : 0;
            visit[width + l] += stay[l];
        }
        for (int i = lattice->leaving[cut]; i < lattice->leaving[cut + 1]; i++) {
            double *take = chain->take + (size_t)lattice->arc[i].candidate * length;
            double *onwards = visits + (size_t)lattice->arc[i].end * width + 1;
            for (int l = 0; l < length; l++) {
                take[l] = l <= last ? take[l] * visit[l] : 0;
                onwards[l] += take[l];
            }
        }
    }
}

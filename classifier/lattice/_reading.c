/* One image to its texts: the best path first, and the search where that leaves a doubt. */
#include "_search.h"

/* Share of all paths that spell a text. */
static double text_to_share(const Space *space, Work *work, const int32_t *text, int count) {
    double *before = work->there, *here = work->here, *spare;
    kerf_follow_nothing(space, work, here);
    for (int l = 0; l < count; l++) {
        spare = before, before = here, here = spare;
        kerf_follow(space, work, l, text[l], before, here);
    }
    return MIN(kerf_ending(space, work, here), 1.0);
}

/* Each candidate of a path as the most probable character allowed there, from the place where it begins. */
static void path_to_text(const Space *space, const Work *work, const int32_t *candidates, int begins, int count,
                         int32_t *text) {
    for (int l = 0; l < count; l++) {
        const float *share = share_of(space, work, begins + l, candidates[l]);
        text[l] = 0;
        for (int c = 1; c < space->characters; c++) {
            text[l] = share[c] > share[text[l]] ? c : text[l];
        }
    }
}

/* Share of all paths that have each of a text's characters at its place, wherever they cut; from the flow. */
static void flow_to_characters(const Space *space, const Work *work, const int32_t *text, int count,
                               double *characters) {
    for (int l = 0; l < count; l++) {
        characters[l] = 0;
        for (int t = 0; t < space->tracks; t++) {
            int place = space->first[t] + l;
            for (int a = 0; l < space->steps[t] && a < work->lattice.arcs; a++) {
                double taken = work->chain.take[(size_t)a * work->chain.length + place];
                characters[l] += taken * share_of(space, work, place, a)[text[l]];
            }
        }
        characters[l] = MIN(characters[l], 1.0);
    }
}

/* Read one image's texts, the path that spells the first, and the share of each of its characters. */
int kerf_read_image(const Space *space, Work *work, const Settings *settings, Found *found, int32_t *candidates,
                    double *characters) {
    int32_t text[MOST_STEPS];
    int begins;
    kerf_score_any(space, work, work->tops);
    int count = kerf_find_best_path(work, space->ends, candidates, &begins);
    if (count < 0) {
        return 1;
    }
    path_to_text(space, work, candidates, begins, count, text);
    kerf_score_any(space, work, work->totals);
    kerf_scores_to_chain(work, space->ends);
    kerf_keep_text(found, text, count, text_to_share(space, work, text, count));
    int doubtful = settings->exact && (settings->best > 1 || found->shares[0] < settings->certain);
    if (doubtful && !kerf_find_texts(space, work, settings, found)) {
        return 0;
    }
    kerf_chain_to_flow(work);
    flow_to_characters(space, work, found->texts, found->counts[0], characters);
    if (kerf_compare_texts(text, count, found->texts, found->counts[0])) {
        uint8_t ends[MOST_STEPS + 1] = {0};
        ends[found->counts[0]] = 1;
        kerf_score_text(space, work, found->texts, found->counts[0]);
        kerf_find_best_path(work, ends, candidates, &begins);
    }
    return 1;
}

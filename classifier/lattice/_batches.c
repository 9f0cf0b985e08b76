/* Image after image of a batch, in memory that is taken once. */
#include "_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Memory for `rows` times `columns` numbers, all 0; NULL, and `failed` is set, where there is none. */
static void *room(Work *work, size_t rows, size_t columns, size_t size) {
    void *block = NULL;
    if (rows == 0 || columns == 0 || rows <= SIZE_MAX / columns / size) {
        block = calloc(rows * columns > 0 ? rows * columns : 1, size);
    }
    work->failed |= !block;
    work->blocks[work->taken++] = block;
    return block;
}

/* Memory for the largest image; `limit` prefixes are extended at most. */
static void take_room(Work *work, const Batch *batch, Space *space, const Settings *settings) {
    size_t arcs = batch->most_arcs, cuts = batch->most_cuts, width = space->length + 1, stride = space->stride;
    work->lattice.arc = room(work, arcs, 1, sizeof(Arc));
    work->lattice.leaving = room(work, cuts + 1, 1, sizeof(int));
    work->chain.take = room(work, arcs, width, sizeof(double));
    work->chain.stay = room(work, cuts, width, sizeof(double));
    work->chain.rest = room(work, cuts, width, sizeof(double));
    work->choice = room(work, cuts, width, sizeof(int));
    work->scores = room(work, arcs, stride, sizeof(float));
    work->shares = room(work, arcs * space->rows, stride, sizeof(float));
    work->totals = room(work, arcs, space->rows, sizeof(double));
    work->tops = room(work, arcs, space->rows, sizeof(double));
    space->barred = room(work, space->rows, stride, sizeof(float));
    if (settings) {
        size_t limit = settings->exact ? 2 * (size_t)settings->expansions : 0;
        work->here = room(work, cuts, space->tracks, sizeof(double));
        work->there = room(work, cuts, space->tracks, sizeof(double));
        work->prefixes = room(work, limit, 1, sizeof(Prefix));
        work->visits = room(work, limit, cuts * space->tracks, sizeof(double));
        work->onwards = room(work, limit ? space->length * cuts : 0, stride, sizeof(float));
        work->has_onwards = room(work, space->length, 1, 1);
        work->next = room(work, stride, 1, sizeof(double));
        work->kept = room(work, settings->narrow, 1, sizeof(Open));
    } else {
        work->grads = room(work, arcs, stride, sizeof(float));
    }
}

static void free_room(Work *work) {
    while (work->taken > 0) {
        free(work->blocks[--work->taken]);
    }
    free(work->open);
}

/* Rows of what is allowed, from the places that they stand for. */
static void fill_barred(Space *space) {
    for (int l = space->length - 1; l >= 0; l--) {
        float *row = space->barred + (size_t)space->row_of[l] * space->stride;
        for (int c = 0; c < space->stride; c++) {
            row[c] = c < space->characters && space->allowed[(size_t)l * space->characters + c] ? 0 : -INFINITY;
        }
    }
}

/* Group an image's candidates by the cut they leave, and weigh them as characters. */
static void start_image(const Batch *batch, const Space *space, Work *work, int image) {
    Lattice *lattice = &work->lattice;
    int first = batch->first_span[image], *leaving = lattice->leaving;
    const int32_t *spans = batch->spans + (size_t)first * 2;
    lattice->arcs = batch->first_span[image + 1] - first;
    lattice->cuts = batch->first_cut[image + 1] - batch->first_cut[image];
    lattice->skips = batch->skips + batch->first_cut[image];
    lattice->scale = batch->scale;
    memset(leaving, 0, sizeof(int) * (lattice->cuts + 1));
    for (int a = 0; a < lattice->arcs; a++) {
        leaving[spans[2 * a] + 1]++;
    }
    for (int cut = 0; cut < lattice->cuts; cut++) {
        leaving[cut + 1] += leaving[cut];
    }
    for (int a = 0; a < lattice->arcs; a++) {
        lattice->arc[leaving[spans[2 * a]]++] = (Arc){spans[2 * a + 1], a};
    }
    memmove(leaving + 1, leaving, sizeof(int) * lattice->cuts);
    leaving[0] = 0;
    kerf_logits_to_scores(space, batch->logits + (size_t)first * space->classes, batch->scale, lattice->arcs,
                          work->scores);
    kerf_scores_to_shares(space, work);
}

int kerf_decode_batch(const Batch *batch, Space *space, const Settings *settings, Found found, int32_t *candidates,
                      double *characters) {
    Work work = {0};
    take_room(&work, batch, space, settings);
    if (!work.failed) {
        fill_barred(space);
    }
    for (int image = 0; image < batch->images && !work.failed; image++) {
        start_image(batch, space, &work, image);
        found.count = 0;
        found.counts[0] = -1;
        work.failed = !kerf_read_image(space, &work, settings, &found, candidates, characters);
        for (int i = found.count; i < found.room; i++) {
            found.counts[i] = -1;
        }
        candidates += space->length;
        characters += space->length;
        found.texts += (size_t)found.room * space->length;
        found.counts += found.room;
        found.shares += found.room;
    }
    free_room(&work);
    return !work.failed;
}

int kerf_label_batch(const Batch *batch, Space *space, const int32_t *labels, const int32_t *counts, double *losses,
                     float *grad_logits, float *grad_skips) {
    Work work = {0};
    take_room(&work, batch, space, NULL);
    if (!work.failed) {
        fill_barred(space);
    }
    for (int image = 0; image < batch->images && !work.failed; image++) {
        size_t first = (size_t)batch->first_span[image] * space->classes;
        start_image(batch, space, &work, image);
        losses[image] = kerf_label_image(space, &work, batch->logits + first, labels + (size_t)image * space->length,
                                         counts[image], grad_logits ? grad_logits + first : NULL,
                                         grad_logits ? grad_skips + batch->first_cut[image] : NULL);
    }
    free_room(&work);
    return !work.failed;
}
